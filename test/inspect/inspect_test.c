/* The real inspector behind its shut doors, asked by the real pool. */
#include "test/support/support.h"

#include "inspect/inspect.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* Tests lie in build/test, the program above them. */
static const char *program(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 64);

	assert_true(len > 0);
	while (path[len - 1] != '/')
		len--;
	memcpy(path + len, "../letterlock-inspector", sizeof "../letterlock-inspector");
	return path;
}

struct house {
	struct arena *a;
	struct inspectors *pool;
	struct fault fault;
};

static void house_open(struct house *h, unsigned workers, unsigned jobs_each)
{
	const struct inspectors_options o = { .program = program(), .workers = workers, .jobs_each = jobs_each };

	*h = (struct house){ 0 };
	assert_ok(arena_open(64 << 20, &h->a));
	assert_ok(inspectors_open(&o, &h->pool, &h->fault));
}

static void house_close(struct house *h)
{
	inspectors_done(&h->pool);
	arena_close(h->a);
}

static err measure(struct house *h, str document, str parameters, struct buf *result, str *answer,
		   enum inspect_end *end)
{
	struct source from = source_of_str(&document);
	struct sink to = sink_to_buf(result);
	const struct inspection what = { .job = INSPECT_measure,
					 .parameters = parameters,
					 .document = &from,
					 .result = result ? &to : NULL,
					 .end = end };

	return inspect(h->pool, h->a, &what, answer, &h->fault);
}

static void a_document_goes_in_and_an_answer_comes_out(void **state)
{
	struct house h;
	str answer;

	house_open(&h, 1, 0);
	assert_ok(measure(&h, STR("four"), STR_NONE, NULL, &answer, NULL));
	assert_str(answer, STR("{\"bytes\":4}"));
	assert_ok(measure(&h, STR_NONE, STR_NONE, NULL, &answer, NULL));
	assert_str(answer, STR("{\"bytes\":0}"));
	house_close(&h);
}

static void a_result_streams_back_while_the_document_goes_in(void **state)
{
	enum { LEN = 10 << 20 };
	struct house h;
	struct buf back;
	void *at;
	str answer;

	house_open(&h, 1, 0);
	assert_ok(arena_take(h.a, LEN, &at));
	for (size_t i = 0; i < LEN; i++)
		((char *)at)[i] = (char)(i * 2654435761u >> 13);
	assert_ok(buf_open(h.a, LEN, &back));
	assert_ok(measure(&h, str_bytes(at, LEN), STR("{\"echo\":true}"), &back, &answer, NULL));
	assert_str(answer, STR("{\"bytes\":10485760}"));
	assert_int_equal(back.len, LEN);
	assert_memory_equal(back.at, at, LEN);
	house_close(&h);
}

TESTS(inspect, test(a_document_goes_in_and_an_answer_comes_out), test(a_result_streams_back_while_the_document_goes_in))
