/* The pace, by a clock that stands where it is put, and then by the real one. */
#include "deliver/deliver.h"

#include "test/support/support.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct pace *with(struct pace_limits limits)
{
	struct pace *p;

	assert_ok(pace_open(&limits, &p));
	return p;
}

static int64_t slot(struct pace *p, const char *domain, unsigned recipients, int64_t now)
{
	int64_t at;

	assert_true(pace_reserve(p, str_of(domain), recipients, now, &at));
	assert_true(at >= now);
	return at;
}

static void slots_are_even_and_the_first_is_now(void **state)
{
	static const double rates[] = { 1, 2.5, 3, 40, 200, 1000 };

	for (size_t r = 0; r < COUNT(rates); r++) {
		OWNED(pace_done) struct pace *p = with((struct pace_limits){ .messages = rates[r] });
		for (int i = 0; i < 1000; i++)
			assert_true(llabs(slot(p, "a.test", 1, 5 * SECOND) - 5 * SECOND -
					  llround(i * 1e6 / rates[r])) <= 1);
	}
}

static void a_pause_saves_up_nothing(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .messages = 10 });

	assert_int_equal(slot(p, "a.test", 1, 0), 0);
	assert_int_equal(slot(p, "a.test", 1, 60 * SECOND), 60 * SECOND);
	/* The caller of a moment ago may have been 10 ms late, and no more. */
	assert_true(slot(p, "a.test", 1, 60 * SECOND) >= 60 * SECOND + 90000);
	assert_true(slot(p, "a.test", 1, 60 * SECOND) >= 60 * SECOND + 190000);
}

static void recipients_are_counted_besides_messages(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .messages = 40, .recipients = 14 });

	assert_int_equal(slot(p, "a.test", 7, 0), 0);
	assert_int_equal(slot(p, "a.test", 1, 0), 500000);
	assert_int_equal(slot(p, "a.test", 1, 0), 500000 + 71429);
}

static void a_slow_domain_does_not_hold_up_the_others(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .messages = 100, .domain_messages = 1 });
	int64_t at;

	assert_int_equal(slot(p, "a.test", 1, 0), 0);
	assert_false(pace_reserve(p, STR("A.test"), 1, 0, &at));
	assert_int_equal(at, 1000000);
	assert_int_equal(slot(p, "b.test", 1, 0), 10000);
	assert_int_equal(slot(p, "c.test", 1, 0), 20000);
	assert_false(pace_reserve(p, STR("a.test"), 1, 999999, &at));
	assert_int_equal(slot(p, "a.test", 1, 1000000), 1000000);
}

/* Near turns are a slot apart; beyond them is a line of its own, and who comes back just before a far turn finds it
 * near. */
static void who_is_refused_gets_a_turn_in_line(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .domain_messages = 2 });
	int64_t at;

	assert_int_equal(slot(p, "a.test", 1, 0), 0);
	for (int64_t i = 1; i <= 4; i++)
		assert_int_equal(pace_line_up(p, STR("a.test"), 1, 0, 2 * SECOND), i * SECOND / 2);
	for (int64_t i = 5; i <= 10000; i++)
		assert_int_equal(pace_line_up(p, STR("a.test"), 1, 0, 2 * SECOND), i * SECOND / 2);
	assert_int_equal(pace_line_up(p, STR("b.test"), 1, 0, 2 * SECOND), 0);
	for (int64_t i = 1; i <= 4; i++)
		assert_int_equal(slot(p, "a.test", 1, i * SECOND / 2), i * SECOND / 2);
	/* The fifth comes a second early, and is told when. */
	assert_false(pace_reserve(p, STR("a.test"), 1, 2 * SECOND, &at));
	assert_int_equal(pace_line_up(p, STR("a.test"), 1, 2 * SECOND, 2 * SECOND), 5 * SECOND / 2);
}

static void a_cap_slows_what_is_configured_and_never_speeds_it_up(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .recipients = 10 });
	OWNED(pace_done) struct pace *free_one = with((struct pace_limits){ 0 });

	pace_cap(p, 1000);
	assert_int_equal(slot(p, "a.test", 1, 0), 0);
	assert_int_equal(slot(p, "a.test", 1, 0), 100000);
	pace_cap(p, 2);
	assert_int_equal(slot(p, "a.test", 1, 0), 200000); /* its time was told before */
	assert_int_equal(slot(p, "a.test", 1, 0), 700000);
	pace_cap(p, 0);
	assert_int_equal(slot(p, "a.test", 1, 0), 1200000);
	assert_int_equal(slot(p, "a.test", 1, 0), 1300000);

	pace_cap(free_one, 14);
	assert_int_equal(slot(free_one, "a.test", 1, 0), 0);
	assert_int_equal(slot(free_one, "a.test", 1, 0), 71429);
	pace_cap(free_one, 1e-9); /* one a day */
	(void)slot(free_one, "a.test", 1, 0);
	assert_int_equal(slot(free_one, "a.test", 1, 0), 142858 + 86400 * SECOND);
}

static void a_hold_is_waited_for_and_then_the_pace_is_what_it_was(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .recipients = 10 });
	OWNED(pace_done) struct pace *free_one = with((struct pace_limits){ 0 });

	assert_int_equal(slot(p, "a.test", 1, 0), 0);
	pace_hold(p, 2 * SECOND);
	assert_int_equal(slot(p, "a.test", 1, 0), 2 * SECOND);
	assert_int_equal(slot(p, "a.test", 1, 0), 2 * SECOND + 100000);
	pace_hold(p, SECOND);
	assert_int_equal(slot(p, "a.test", 1, 0), 2 * SECOND + 200000);
	pace_hold(free_one, SECOND);
	assert_int_equal(slot(free_one, "a.test", 1, 0), SECOND);
	assert_int_equal(slot(free_one, "a.test", 1, 3 * SECOND), 3 * SECOND);
}

/* More domains than there are places: nobody goes faster than the limit, and memory stays what it is. */
static void a_hundred_thousand_domains_are_never_too_fast(void **state)
{
	enum { DOMAINS = 100000 };
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .domain_messages = 0.01 });
	unsigned taken = 0;
	int64_t at;

	for (int i = 0; i < DOMAINS; i++) {
		char name[32];
		snprintf(name, sizeof name, "d%d.test", i);
		taken += pace_reserve(p, str_of(name), 1, SECOND, &at);
		assert_false(pace_reserve(p, str_of(name), 1, SECOND, &at));
	}
	assert_true(taken > 4000 && taken <= 8192);
	assert_true(pace_reserve(p, STR("d5.test"), 1, 3000 * SECOND, &at));
}

static void no_limit_is_no_wait(void **state)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ 0 });

	for (int i = 0; i < 1000; i++)
		assert_int_equal(slot(p, "a.test", 100, 7), 7);
}

static void a_pace_that_makes_no_sense_is_refused(void **state)
{
	static const double bad[] = { -1, 1e-9, 1e9, NAN, INFINITY };
	struct pace *p;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, CONFIG, pace_open(&(struct pace_limits){ .domain_recipients = bad[i] }, &p));
}

struct walk {
	struct pace *pace;
	int64_t *at;
	int count, *next;
	pthread_mutex_t *lock;
};

static void *walk(void *state)
{
	struct walk *w = state;
	struct clock c = sys_clock();
	int64_t at;

	for (;;) {
		pthread_mutex_lock(w->lock);
		int i = (*w->next)++;
		pthread_mutex_unlock(w->lock);
		if (i >= w->count)
			return NULL;
		assert_true(pace_reserve(w->pace, STR("a.test"), 1, clock_ticks(&c), &at));
		while (clock_ticks(&c) < at)
			sys_sleep(at - clock_ticks(&c));
		w->at[i] = clock_ticks(&c);
	}
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* How far the farthest of count messages was off, by four threads and the real clock. */
static int64_t farthest_off(double rate, int count)
{
	OWNED(pace_done) struct pace *p = with((struct pace_limits){ .messages = rate });
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int64_t at[1000], worst = 0;
	pthread_t thread[4];
	int next = 0;
	struct walk w = { .pace = p, .at = at, .count = count, .next = &next, .lock = &lock };

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, walk, &w), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	qsort(at, (size_t)count, sizeof at[0], by_time);
	for (int i = 0; i < count; i++) {
		int64_t off = llabs(at[i] - at[0] - llround(i * 1e6 / rate));
		worst = off > worst ? off : worst;
	}
	print_message("%d messages at %g/s: at most %.1f ms off\n", count, rate, (double)worst / 1000);
	return worst;
}

/* A20: within 50 ms over 1,000 messages. DEEP runs it at 40 and at 1 a second. A busy machine wakes threads late, which
 * is not the limiter's fault and passes; what the limiter does wrong it does each time. */
static void keep_pace(double rate, int count)
{
	int64_t off = farthest_off(rate, count);

	for (int again = 0; again < 4 && off > 50000; again++)
		off = farthest_off(rate, count);
	assert_true(off <= 50000);
}

static void a_thousand_messages_keep_the_pace(void **state)
{
	keep_pace(400, 1000);
	if (getenv("DEEP")) {
		keep_pace(40, 1000);
		keep_pace(1, 60);
	}
}

TESTS(pace, test(slots_are_even_and_the_first_is_now), test(a_pause_saves_up_nothing),
      test(recipients_are_counted_besides_messages), test(a_slow_domain_does_not_hold_up_the_others),
      test(who_is_refused_gets_a_turn_in_line), test(a_hundred_thousand_domains_are_never_too_fast),
      test(no_limit_is_no_wait), test(a_cap_slows_what_is_configured_and_never_speeds_it_up),
      test(a_hold_is_waited_for_and_then_the_pace_is_what_it_was), test(a_pace_that_makes_no_sense_is_refused),
      test(a_thousand_messages_keep_the_pace))
