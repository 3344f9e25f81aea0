/* Events that ask for lists to be sent. */
#include "test/support/support.h"

#include "wire/order_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static struct order_wish *read_all(const char *event, size_t *count)
{
	struct order_wish *wishes = NULL;
	struct fault fault = { 0 };

	arena_done(&arena);
	assert_ok(arena_open(8 << 20, &arena));
	err e = order_event_read(arena, str_of(event), &wishes, count, &fault);
	if (failed(e))
		fail_msg("%s: %s", fault.what, event);
	return wishes;
}

static void refused(const char *event, const char *because)
{
	struct order_wish *wishes = NULL;
	struct fault fault = { 0 };
	size_t count = 0;

	arena_done(&arena);
	assert_ok(arena_open(8 << 20, &arena));
	err e = order_event_read(arena, str_of(event), &wishes, &count, &fault);
	if (e.fate != FATE_NEVER || !strstr(fault.what, because))
		fail_msg("%s, because %s, and not: %s", event, because, fault.what);
	arena_done(&arena);
}

#define RECORD(bucket, key, etag)                                                                                      \
	"{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-central-1\",\"eventName\":"           \
	"\"ObjectCreated:Put\",\"s3\":{\"s3SchemaVersion\":\"1.0\",\"bucket\":{\"name\":\"" bucket                     \
	"\",\"arn\":\"x\"},"                                                                                           \
	"\"object\":{\"key\":\"" key "\",\"size\":9,\"eTag\":\"" etag "\",\"sequencer\":\"00\"}}}"
#define EVENT(records) "{\"Records\":[" records "]}"

static void what_s3_tells_names_the_list_and_its_content(void **state)
{
	size_t count;
	struct order_wish *w = read_all(EVENT(RECORD("letters", "lists/M%C3%A4rz+2026%2Ba.csv",
						     "d41d8cd9") "," RECORD("other-bucket", "b.csv", "x-2")),
					&count);

	assert_int_equal(count, 2);
	assert_str(w[0].bucket, STR("letters"));
	assert_str(w[0].list, STR("lists/M\xC3\xA4rz 2026+a.csv"));
	assert_str(w[0].etag, STR("d41d8cd9"));
	assert_false(w[0].has_documents);
	assert_str(w[1].bucket, STR("other-bucket"));
	assert_str(w[1].etag, STR("x-2"));
}

static void a_message_of_sqs_holds_what_s3_told(void **state)
{
	size_t count;
	struct order_wish *w = read_all("{\"Records\":[{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\",\"body\":"
					"\"{\\\"list\\\":\\\"s3://letters/a.csv\\\"}\"}]}",
					&count);

	assert_int_equal(count, 1);
	assert_str(w[0].list, STR("a.csv"));
	refused("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"Records\\\":[{\\\"eventSource\\\":"
		"\\\"aws:sqs\\\",\\\"body\\\":\\\"{}\\\"}]}\"}]}",
		"eventSource");
	refused("{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}", "body");
}

static void the_test_of_a_trigger_asks_for_nothing(void **state)
{
	size_t count = 9;

	(void)read_all("{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"letters\"}", &count);
	assert_int_equal(count, 0);
}

static void our_own_event_says_all_that_send_can_be_told(void **state)
{
	size_t count;
	struct order_wish *w =
		read_all("{\"list\":\"s3://letters/a.csv\",\"documents\":\"s3://others/in/"
			 "\",\"template\":\"plain\",\"as\":\"zip\","
			 "\"proof\":\"details:birth\",\"link\":\"presigned\",\"expires\":\"3d\",\"hide_names\":true,"
			 "\"label\":\"n\"}",
			 &count);

	assert_int_equal(count, 1);
	assert_str(w->bucket, STR("letters"));
	assert_str(w->documents_bucket, STR("others"));
	assert_str(w->documents, STR("in/"));
	assert_str(w->template_name, STR("plain"));
	assert_str(w->as, STR("zip"));
	assert_str(w->proof, STR("details:birth"));
	assert_str(w->link, STR("presigned"));
	assert_str(w->label, STR("n"));
	assert_true(w->expires == 3 * DAY && w->hide_names && w->has_documents);
}

static void a_whole_bucket_may_hold_documents(void **state)
{
	size_t count;
	struct order_wish *w = read_all("{\"list\":\"s3://letters/a.csv\",\"documents\":\"s3://others/\"}", &count);

	assert_true(w->has_documents);
	assert_int_equal(w->documents.len, 0);
}

static void what_is_not_understood_is_refused_with_its_member(void **state)
{
	static const struct {
		const char *event, *because;
	} rows[] = {
		{ "", "not JSON" },
		{ "[]", "no object" },
		{ "{", "not JSON" },
		{ "{}", "list" },
		{ "{\"list\":\"s3://letters/a.csv\",\"list\":\"s3://letters/b.csv\"}", "not JSON" },
		{ "{\"list\":\"s3://letters/a.csv\",\"lists\":1}", "lists" },
		{ "{\"list\":\"s3://letters/a.csv\",\"\\u001b[2J\":1}", "\\x1b" },
		{ "{\"list\":7}", "list" },
		{ "{\"list\":\"https://letters/a.csv\"}", "list" },
		{ "{\"list\":\"s3://letters\"}", "list" },
		{ "{\"list\":\"s3://letters/\"}", "list" },
		{ "{\"list\":\"s3://Let_ters/a.csv\"}", "list" },
		{ "{\"list\":\"s3://le/a.csv\"}", "list" },
		{ "{\"list\":\"s3://letters/../a.csv\"}", "list" },
		{ "{\"list\":\"s3://letters//a.csv\"}", "list" },
		{ "{\"list\":\"s3://letters/a\\u0000.csv\"}", "JSON" },
		{ "{\"list\":\"s3://letters/a\\n.csv\"}", "list" },
		{ "{\"list\":\"s3://letters/a.csv\",\"documents\":\"s3://letters/in\"}", "documents" },
		{ "{\"list\":\"s3://letters/a.csv\",\"expires\":\"1s\"}", "expires" },
		{ "{\"list\":\"s3://letters/a.csv\",\"expires\":\"2000d\"}", "expires" },
		{ "{\"list\":\"s3://letters/a.csv\",\"expires\":7}", "expires" },
		{ "{\"list\":\"s3://letters/a.csv\",\"hide_names\":\"yes\"}", "hide_names" },
		{ "{\"list\":\"s3://letters/a.csv\",\"as\":\"\"}", "as" },
		{ "{\"Records\":[]}", "Records" },
		{ "{\"Records\":{}}", "Records" },
		{ "{\"Records\":[7]}", "eventSource" },
		{ "{\"Records\":[{\"eventSource\":\"aws:dynamodb\"}]}", "eventSource" },
		{ "{\"Records\":[{\"eventSource\":\"aws:s3\"}]}", "eventVersion" },
		{ "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventVersion\":\"3.0\"}]}", "eventVersion" },
		{ "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventVersion\":\"2.1\",\"eventName\":"
		  "\"ObjectRemoved:Delete\"}]}",
		  "eventName" },
		{ "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventVersion\":\"2.1\",\"eventName\":"
		  "\"ObjectCreated:Put\"}]}",
		  "s3.bucket.name" },
		{ EVENT(RECORD("letters", "a%2", "x")), "s3.object.key" },
		{ EVENT(RECORD("letters", "a%zz", "x")), "s3.object.key" },
		{ EVENT(RECORD("letters", "a%00.csv", "x")), "s3.object.key" },
		{ EVENT(RECORD("letters", "a%0D%0A.csv", "x")), "s3.object.key" },
		{ EVENT(RECORD("letters", "a%FF.csv", "x")), "s3.object.key" },
		{ EVENT(RECORD("letters", "x/%2E%2E/a.csv", "x")), "s3.object.key" },
		{ EVENT(RECORD("letters", "a.csv", "")), "s3.object.eTag" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		refused(rows[i].event, rows[i].because);
}

static void an_event_has_its_limits(void **state)
{
	size_t room = ORDER_EVENT_MAX + 100, len = 0;
	char *text = malloc(room);

	assert_non_null(text);
	len += (size_t)snprintf(text, room, "{\"Records\":[");
	for (int i = 0; i <= ORDER_WISHES_MAX; i++)
		len += (size_t)snprintf(text + len, room - len, "%s%s", i ? "," : "", RECORD("letters", "a.csv", "x"));
	snprintf(text + len, room - len, "]}");
	refused(text, "more than 100");
	memset(text, ' ', ORDER_EVENT_MAX + 1);
	text[ORDER_EVENT_MAX + 1] = 0;
	refused(text, "more than 1048576");
	memset(text, '[', ORDER_EVENT_MAX);
	text[ORDER_EVENT_MAX] = 0;
	refused(text, "not JSON");
	free(text);
}

TESTS(order_event, test(what_s3_tells_names_the_list_and_its_content), test(a_message_of_sqs_holds_what_s3_told),
      test(the_test_of_a_trigger_asks_for_nothing), test(our_own_event_says_all_that_send_can_be_told),
      test(a_whole_bucket_may_hold_documents), test(what_is_not_understood_is_refused_with_its_member),
      test(an_event_has_its_limits))
