#include "test/support/support.h"

#include "net/http_inside.h"

static struct peer of(uint8_t last)
{
	return (struct peer){ .address = { [10] = 0xFF, [11] = 0xFF, [12] = 192, [14] = 2, [15] = last } };
}

static void who_asks_faster_than_is_fair_waits_and_others_do_not(void **state)
{
	struct peer greedy = of(1), calm = of(2);
	uint64_t counter = 7;
	struct entropy chance = test_entropy(&counter);
	struct http_turns *t;
	int64_t now = 1000 * SECOND;

	assert_ok(http_turns_open(10, &chance, &t));
	for (int i = 0; i < 10; i++) /* a second's worth at once */
		assert_int_equal(http_turn(t, &greedy, now), 0);
	for (int i = 1; i < 50; i++)
		assert_int_equal(http_turn(t, &greedy, now), i * SECOND / 10);
	assert_int_equal(http_turn(t, &calm, now), 0);
	assert_int_equal(http_turn(t, &greedy, now + 2 * SECOND), 3 * SECOND);
	for (int i = 0; i < 10; i++) /* and forgotten after a pause */
		assert_int_equal(http_turn(t, &greedy, now + 20 * SECOND), 0);
	http_turns_done(&t);
}

static void without_chance_nobody_could_be_kept_apart(void **state)
{
	struct http_turns *t = NULL;
	struct entropy none = test_entropy_failing();

	assert_why(LATER, ENTROPY, http_turns_open(10, &none, &t));
	assert_null(t);
}

TESTS(http_turn, test(who_asks_faster_than_is_fair_waits_and_others_do_not),
      test(without_chance_nobody_could_be_kept_apart))
