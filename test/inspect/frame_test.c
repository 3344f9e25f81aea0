/* Frames, from both sides. */
#include "test/support/support.h"

#include "inspect/frame.h"

#include <string.h>

static struct frame read_one(str *bytes)
{
	struct frame f = { 0 };
	bool whole;

	assert_ok(frame_read(bytes, &f, &whole));
	assert_true(whole);
	return f;
}

static void frames_are_read_as_they_were_written(void **state)
{
	char room[1024];
	struct buf b = BUF_ON(room);
	const struct frame_job job = { STR("html_clean"), STR("{\"a\":1}") };
	struct frame_job j;
	struct frame_ready r;

	buf_add_frame_ready(&b, &(struct frame_ready){ STR("1.2.3"), true, 7 });
	buf_add_frame_job(&b, &job);
	buf_add_frame(&b, FRAME_DATA, STR("bytes"));
	buf_add_frame(&b, FRAME_END, STR_NONE);
	str rest = buf_str(&b);
	assert_ok(frame_ready_read(read_one(&rest).body, &r));
	assert_str(r.version, STR("1.2.3"));
	assert_int_equal(r.landlock, 7);
	assert_ok(frame_job_read(read_one(&rest).body, &j));
	assert_str(j.name, job.name);
	assert_str(j.parameters, job.parameters);
	assert_str(read_one(&rest).body, STR("bytes"));
	assert_int_equal(read_one(&rest).kind, FRAME_END);
	assert_int_equal(rest.len, 0);
}

static void the_bytes_on_the_wire_are_those_of_the_essay(void **state)
{
	char room[64];
	struct buf b = BUF_ON(room);

	buf_add_frame_job(&b, &(struct frame_job){ STR("mime"), STR("{}") });
	assert_str(buf_str(&b), STR("j\0\0\0\7\4mime{}"));
}

static void a_frame_that_has_not_come_whole_is_waited_for(void **state)
{
	const str whole = STR("d\0\0\0\3abc");

	for (size_t len = 0; len < whole.len; len++) {
		str bytes = str_upto(whole, len);
		struct frame f;
		bool is_whole = true;
		assert_ok(frame_read(&bytes, &f, &is_whole));
		assert_false(is_whole);
		assert_int_equal(bytes.len, len);
	}
}

static void kinds_and_lengths_that_do_not_exist_are_refused_before_they_are_waited_for(void **state)
{
	static const str bad[] = { STR("z\0\0\0\0"), STR("\0\0\0\0\0"), STR("d\0\4\0\1"), STR("d\377\377\377\377") };
	struct frame f;
	bool whole;

	for (size_t i = 0; i < COUNT(bad); i++) {
		str bytes = bad[i];
		assert_why(NEVER, PROTOCOL, frame_read(&bytes, &f, &whole));
	}
	str longest = STR("d\0\4\0\0");
	assert_ok(frame_read(&longest, &f, &whole));
}

static void a_fault_travels_with_its_place_and_its_words(void **state)
{
	struct fault sent = { .line = 3, .column = 4, .row = 5 }, heard = { 0 };
	char room[2048];
	struct buf b = BUF_ON(room);
	err e;

	fault_where(&sent, STR("word/document.xml"), 3, 4);
	fault_set(&sent, "a macro");
	buf_add_frame_fault(&b, NEVER(DOCUMENT, "refused"), &sent);
	str rest = buf_str(&b);
	assert_ok(frame_fault_read(read_one(&rest).body, &e, &heard));
	assert_why(NEVER, DOCUMENT, e);
	assert_memory_equal(&heard, &sent, sizeof sent);
}

static void an_inspector_can_neither_stop_the_service_nor_fail_into_success(void **state)
{
	struct fault none = { 0 };
	char room[2048];
	struct buf b = BUF_ON(room);
	err e = OK;

	buf_add_frame_fault(&b, BROKEN(IO, "stop everything"), &none);
	str rest = buf_str(&b);
	str body = read_one(&rest).body;
	assert_ok(frame_fault_read(body, &e, &none));
	assert_int_equal(e.fate, FATE_LATER);
	room[FRAME_HEAD] = FATE_OK;
	assert_why(NEVER, PROTOCOL, frame_fault_read(body, &e, &none));
	room[FRAME_HEAD] = FATE_BROKEN + 1;
	assert_why(NEVER, PROTOCOL, frame_fault_read(body, &e, &none));
	room[FRAME_HEAD] = FATE_NEVER;
	room[FRAME_HEAD + 1] = 0;
	room[FRAME_HEAD + 2] = WHY_NONE;
	assert_why(NEVER, PROTOCOL, frame_fault_read(body, &e, &none));
	room[FRAME_HEAD + 1] = 127;
	assert_why(NEVER, PROTOCOL, frame_fault_read(body, &e, &none));
}

TESTS(frame, test(frames_are_read_as_they_were_written), test(the_bytes_on_the_wire_are_those_of_the_essay),
      test(a_frame_that_has_not_come_whole_is_waited_for),
      test(kinds_and_lengths_that_do_not_exist_are_refused_before_they_are_waited_for),
      test(a_fault_travels_with_its_place_and_its_words),
      test(an_inspector_can_neither_stop_the_service_nor_fail_into_success))
