/* The real inspector behind its shut doors, asked by the real pool. */
#include "test/inspect/asking.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void open_real(struct asking *q, unsigned workers, unsigned jobs_each)
{
	const struct inspectors_options o = { .program = real_inspector(), .workers = workers, .jobs_each = jobs_each };

	asking_open(q, &o);
}

static void a_document_goes_in_and_an_answer_comes_out(void **state)
{
	struct asking q;

	open_real(&q, 1, 0);
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	assert_str(q.answer, STR("{\"bytes\":4}"));
	assert_int_equal(q.end, INSPECT_ANSWERED);
	assert_ok(ask_measure(&q, STR_NONE, STR_NONE, NULL));
	assert_str(q.answer, STR("{\"bytes\":0}"));
	asking_close(&q);
}

static str noise(struct arena *a, size_t len)
{
	void *at;

	assert_ok(arena_take(a, len, &at));
	for (size_t i = 0; i < len; i++)
		((char *)at)[i] = (char)(i * 2654435761u >> 13);
	return str_bytes(at, len);
}

/* Around the lengths at which windows, frames and buffers end, and far beyond what the socket holds. */
static void a_result_streams_back_while_the_document_goes_in(void **state)
{
	static const size_t lengths[] = { 0, 1, 4096, 65535, 65536, 65537, 131072, 262144, 327680, 10 << 20 };
	struct asking q;

	open_real(&q, 1, 0);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		SCRATCH(q.a);
		str document = noise(q.a, lengths[i] + 1);
		struct buf back;
		document.len--;
		assert_ok(buf_open(q.a, document.len + 1, &back));
		assert_ok(ask_measure(&q, document, STR("{\"echo\":true}"), &back));
		assert_str(buf_str(&back), document);
	}
	asking_close(&q);
}

static void a_job_that_fails_in_words_leaves_the_worker_fit_for_the_next(void **state)
{
	pid_t before[4], after[4];
	struct asking q;

	open_real(&q, 1, 0);
	size_t count = children(before, COUNT(before));
	assert_why(NEVER, NOT_FOUND, ask_try(&q, "nothing"));
	assert_int_equal(q.end, INSPECT_SAID_NO);
	assert_string_equal(q.fault.what, "no such attempt");
	assert_why(NEVER, PROTOCOL, ask_measure(&q, STR("x"), STR("[not an object"), NULL));
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	assert_int_equal(children(after, COUNT(after)), count);
	assert_int_equal(after[0], before[0]);
	asking_close(&q);
}

static void a_worker_is_replaced_after_its_jobs(void **state)
{
	pid_t pid[64];
	size_t seen = 0;
	struct asking q;

	open_real(&q, 1, 3);
	for (int i = 0; i < 12; i++) {
		pid_t now[8];
		size_t count = children(now, COUNT(now));
		for (size_t n = 0; n < count; n++)
			if (seen == 0 || pid[seen - 1] < now[n])
				pid[seen++] = now[n];
		assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	}
	assert_true(seen >= 4);
	asking_close(&q);
	assert_int_equal(children(pid, COUNT(pid)), 0);
}

/* ── A process for each job ──────────────────────────────────────────────────────────────────────── */

/* A long document, in the middle of which it is looked who reads it. */
struct watched {
	pid_t worker, reader;
	size_t given, others;
};
enum { WATCHED = 1000 << 10, LOOKED_AT = 800 << 10 };

static void who_reads(struct watched *w)
{
	pid_t workers[8];
	size_t count = children(workers, COUNT(workers));

	for (size_t i = 0; i < count; i++) {
		char path[96];
		int pid;
		snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)workers[i], (int)workers[i]);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		while (fscanf(f, "%d", &pid) == 1) {
			w->others += w->reader != 0;
			w->worker = workers[i];
			w->reader = (pid_t)pid;
		}
		fclose(f);
	}
}

static err watched_read(void *state, void *to, size_t max, size_t *got)
{
	struct watched *w = state;

	*got = max < WATCHED - w->given ? max : WATCHED - w->given;
	memset(to, 'x', *got);
	w->given += *got;
	if (w->reader == 0 && w->given >= LOOKED_AT)
		who_reads(w);
	return OK;
}

static err ask_key(struct asking *q, struct source *from)
{
	char room[64];
	struct buf kept = BUF_ON(room);
	struct sink to = sink_to_buf(&kept);
	const struct inspection what = { .job = INSPECT_pgp_key, .document = from, .result = &to, .end = &q->end };

	return inspect(q->pool, q->a, &what, &q->answer, &q->fault);
}

static struct watched watch_a_key(struct asking *q)
{
	static const struct source_ops ops = { .read = watched_read };
	struct watched w = { 0 };
	struct source from = { &ops, &w };

	assert_why(NEVER, KEY, ask_key(q, &from));
	assert_int_equal(q->end, INSPECT_SAID_NO);
	return w;
}

static void what_reads_a_strangers_key_is_gone_before_the_next_and_does_nothing_else(void **state)
{
	struct watched first, second;
	pid_t before[4], after[4];
	struct asking q;

	open_real(&q, 1, 0);
	assert_int_equal(children(before, COUNT(before)), 1);
	first = watch_a_key(&q);
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	second = watch_a_key(&q);
	assert_true(first.reader > 0 && first.others == 0 && second.reader > 0 && second.others == 0);
	assert_true(first.reader != second.reader && first.worker == second.worker);
	assert_int_not_equal(first.worker, before[0]); /* which measures */
	assert_int_equal(kill(first.reader, 0), -1);
	assert_int_equal(children(after, COUNT(after)), 2);
	asking_close(&q);
}

/* As one would that was taken over: it answers and stays, to see who comes next. Nobody does. */
static void who_answers_and_does_not_end_gets_no_other_key(void **state)
{
	static const char answers[] = SAYS_READY "head -c 1 >/dev/null\n"
						 "printf 'a\\000\\000\\000\\002{}o\\000\\000\\000\\000'\n"
						 "exec /bin/sleep 1000\n";
	const struct inspectors_options o = { .program = script_inspector(answers), .workers = 1 };
	str documents[] = { STR("of the first"), STR("of the second") };
	pid_t first = 0;
	struct asking q;

	asking_open(&q, &o);
	for (size_t i = 0; i < COUNT(documents); i++) {
		struct source from = source_of_str(&documents[i]);
		pid_t now[4];
		assert_ok(ask_key(&q, &from));
		assert_int_equal(children(now, COUNT(now)), 2);
		assert_true(now[1] != first && now[0] != first); /* it was ended */
		first = now[0] > now[1] ? now[0] : now[1];       /* the younger one */
	}
	asking_close(&q);
}

/* ── Both ends of the streams ────────────────────────────────────────────────────────────────────── */

static err read_nothing(void *state, void *to, size_t max, size_t *got)
{
	return NEVER(IO, "the document cannot be read");
}

static err write_nothing(void *state, const void *from, size_t len)
{
	return LATER(DISK_FULL, "the result cannot be written");
}

static void a_document_that_cannot_be_read_is_its_readers_error(void **state)
{
	static const struct source_ops ops = { .read = read_nothing };
	struct source from = { &ops, NULL };
	struct asking q;

	open_real(&q, 1, 0);
	const struct inspection what = { .job = INSPECT_measure, .document = &from, .end = &q.end };
	assert_why(NEVER, IO, inspect(q.pool, q.a, &what, &q.answer, &q.fault));
	assert_int_equal(q.end, INSPECT_NOT_ASKED);
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	asking_close(&q);
}

static void a_result_that_cannot_be_written_is_its_writers_error(void **state)
{
	static const struct sink_ops ops = { .write = write_nothing };
	struct sink to = { &ops, NULL };
	struct asking q;

	open_real(&q, 1, 0);
	str document = noise(q.a, 4 << 20);
	struct source from = source_of_str(&document);
	const struct inspection what = { .job = INSPECT_measure,
					 .parameters = STR("{\"echo\":true}"),
					 .document = &from,
					 .result = &to,
					 .end = &q.end };
	assert_why(LATER, DISK_FULL, inspect(q.pool, q.a, &what, &q.answer, &q.fault));
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	asking_close(&q);
}

static void a_document_over_the_limit_of_its_job_is_refused_in_words(void **state)
{
	struct asking q;

	open_real(&q, 1, 0);
	str document = STR("a job without a document gets one");
	struct source from = source_of_str(&document);
	const struct inspection what = { .job = INSPECT_sandbox_try, .document = &from, .end = &q.end };
	assert_why(NEVER, LIMIT, inspect(q.pool, q.a, &what, &q.answer, &q.fault));
	assert_int_equal(q.end, INSPECT_TOO_MUCH);
	assert_non_null(strstr(q.fault.what, "too large"));
	asking_close(&q);
}

static void parameters_that_are_too_long_are_refused(void **state)
{
	struct asking q;

	open_real(&q, 1, 0);
	assert_why(NEVER, LIMIT, ask_measure(&q, STR("x"), noise(q.a, 300 << 10), NULL));
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	asking_close(&q);
}

/* ── Limits; that of memory, which the address sanitizer does not stand, is tried by story/sandbox ───── */

static void computing_is_limited_from_outside(void **state)
{
	const struct inspectors_options o = { .program = plain_inspector(), .workers = 1 };
	struct asking q;

	asking_open(&q, &o);
	assert_why(NEVER, LIMIT, ask_try(&q, "cpu"));
	assert_int_equal(q.end, INSPECT_CPU);
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	asking_close(&q);
}

static void a_call_that_is_not_allowed_ends_the_worker_and_the_next_job_has_another(void **state)
{
	struct asking q;

	open_real(&q, 1, 0);
	for (int again = 0; again < 3; again++) {
		assert_why(NEVER, DOCUMENT, ask_try(&q, "open"));
		assert_int_equal(q.end, INSPECT_REFUSED_CALL);
	}
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	asking_close(&q);
}

static long resident_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static void measure_many(struct asking *q, unsigned jobs)
{
	str document = noise(q->a, 20000);

	for (unsigned i = 0; i < jobs; i++) {
		SCRATCH(q->a);
		assert_ok(ask_measure(q, document, STR_NONE, NULL));
	}
}

static void twenty_thousand_jobs_leave_the_worker_as_large_as_ten_thousand(void **state)
{
	const struct inspectors_options o = { .program = plain_inspector(), .workers = 1, .jobs_each = 100000 };
	pid_t pid[4];
	long before[4];
	struct asking q;

	asking_open(&q, &o);
	/* It keeps memory for the next job, up to a bound. */
	measure_many(&q, 10000);
	size_t count = children(pid, COUNT(pid));
	for (size_t i = 0; i < count; i++)
		before[i] = resident_kib(pid[i]);
	measure_many(&q, 10000);
	for (size_t i = 0; i < count; i++)
		assert_in_range(resident_kib(pid[i]), 1, before[i] + 512);
	asking_close(&q);
}

static void a_worker_is_the_first_to_go_when_memory_is_short(void **state)
{
	char path[64], text[16] = "";
	pid_t pid[4];
	struct asking q;

	open_real(&q, 1, 0);
	assert_int_equal(children(pid, COUNT(pid)), 1);
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid[0]);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	assert_string_equal(text, "1000\n");
	asking_close(&q);
}

/* ── Many at once ────────────────────────────────────────────────────────────────────────────────── */

enum { THREADS = 8, JOBS = 60 };

struct asker {
	pthread_t thread;
	struct asking *q;
	unsigned number, right, wrong, killed, other;
};
static atomic_uint at_work;

/* No asserts here: cmocka's live in one thread only. */
static void *ask_often(void *state)
{
	struct asker *me = state;
	struct arena *a;
	char expected[64];

	if (failed(arena_open(1 << 20, &a)))
		return NULL;
	for (unsigned i = 0; i < JOBS; i++) {
		SCRATCH(a);
		char room[3000];
		enum inspect_end end;
		str document = str_bytes(room, 1 + (me->number * 331 + i * 17) % sizeof room), answer = STR_NONE;
		snprintf(expected, sizeof expected, "{\"bytes\":%zu}", document.len);
		memset(room, (int)i, sizeof room);
		struct source from = source_of_str(&document);
		const struct inspection what = { .job = INSPECT_measure, .document = &from, .end = &end };
		err e = inspect(me->q->pool, a, &what, &answer, NULL);
		me->right += !failed(e) && str_same(answer, str_of(expected));
		me->wrong += !failed(e) && !str_same(answer, str_of(expected));
		me->killed += failed(e) && end == INSPECT_KILLED && e.fate == FATE_LATER;
		me->other += failed(e) && end != INSPECT_KILLED;
	}
	arena_close(a);
	atomic_fetch_sub(&at_work, 1);
	return NULL;
}

static void kill_some(void)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	pid_t pid[32];

	while (atomic_load(&at_work)) {
		size_t count = children(pid, COUNT(pid));
		for (size_t i = 0; i < count; i += 2)
			(void)kill(pid[i], SIGKILL);
		nanosleep(&pause, NULL);
	}
}

static struct asker ask_with_many(struct asking *q, void (*meanwhile)(void))
{
	struct asker all[THREADS] = { 0 }, sum = { 0 };

	atomic_store(&at_work, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		all[i] = (struct asker){ .q = q, .number = i };
		assert_int_equal(pthread_create(&all[i].thread, NULL, ask_often, &all[i]), 0);
	}
	if (meanwhile)
		meanwhile();
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
		sum.right += all[i].right;
		sum.wrong += all[i].wrong;
		sum.killed += all[i].killed;
		sum.other += all[i].other;
	}
	return sum;
}

static void eight_threads_share_two_workers_and_each_gets_its_own_answer(void **state)
{
	struct asking q;

	open_real(&q, 2, 50);
	assert_int_equal(ask_with_many(&q, NULL).right, THREADS * JOBS);
	asking_close(&q);
}

/* Which jobs are hit is chance; that nobody gets a wrong answer, waits for ever or fails without a reason is not. */
static void workers_killed_in_mid_job_cost_only_the_jobs_they_had(void **state)
{
	struct asking q;

	open_real(&q, 4, 0);
	struct asker sum = ask_with_many(&q, kill_some);
	assert_int_equal(sum.wrong, 0);
	assert_int_equal(sum.right + sum.killed + sum.other, THREADS * JOBS);
	assert_ok(ask_measure(&q, STR("four"), STR_NONE, NULL));
	asking_close(&q);
}

TESTS(inspect, test(a_document_goes_in_and_an_answer_comes_out), test(a_result_streams_back_while_the_document_goes_in),
      test(a_job_that_fails_in_words_leaves_the_worker_fit_for_the_next), test(a_worker_is_replaced_after_its_jobs),
      test(what_reads_a_strangers_key_is_gone_before_the_next_and_does_nothing_else),
      test(who_answers_and_does_not_end_gets_no_other_key), test(a_document_that_cannot_be_read_is_its_readers_error),
      test(a_result_that_cannot_be_written_is_its_writers_error),
      test(a_document_over_the_limit_of_its_job_is_refused_in_words), test(parameters_that_are_too_long_are_refused),
      test(computing_is_limited_from_outside),
      test(a_call_that_is_not_allowed_ends_the_worker_and_the_next_job_has_another),
      test(twenty_thousand_jobs_leave_the_worker_as_large_as_ten_thousand),
      test(a_worker_is_the_first_to_go_when_memory_is_short),
      test(eight_threads_share_two_workers_and_each_gets_its_own_answer),
      test(workers_killed_in_mid_job_cost_only_the_jobs_they_had))
