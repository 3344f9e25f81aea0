/* Messages of SNS: what is signed, as the developer guide of SNS shows it, and where we may be led. What is refused of
 * whole messages is told in story/sns, by messages that are signed. */
#include "test/support/support.h"

#include "wire/json.h"
#include "wire/ses_event.h"
#include "wire/sns.h"

#define ARN "arn:aws:sns:us-west-2:123456789012:MyTopic"

static const char notification[] =
	"{\"Type\":\"Notification\",\"MessageId\":\"22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\",\"TopicArn\":\"" ARN "\","
	"\"Subject\":\"My First Message\",\"Message\":\"Hello world!\",\"Timestamp\":\"2012-05-02T00:54:06.655Z\","
	"\"SignatureVersion\":\"1\",\"Signature\":\"AAECAw==\",\"SigningCertURL\":\"https://"
	"sns.us-west-2.amazonaws.com/"
	"SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem\",\"UnsubscribeURL\":\"https://x/\"}";
static const char confirmation[] =
	"{\"Type\":\"SubscriptionConfirmation\",\"MessageId\":\"165545c9-2a5c-472c-8df2-7ff2be2b3b1b\",\"Token\":"
	"\"2336\","
	"\"TopicArn\":\"" ARN
	"\",\"Message\":\"You have chosen …\\nTo confirm \\\"it\\\"\",\"SubscribeURL\":\"https://x/?a=b&c\","
	"\"Timestamp\":\"2012-04-26T20:45:04.751Z\",\"SignatureVersion\":\"2\",\"Signature\":\"AAECAw==\","
	"\"SigningCertURL\":\"https://sns.us-west-2.amazonaws.com/a.pem\"}";

static int begin(void **state)
{
	return failed(arena_open(8 << 20, (struct arena **)state));
}

static int end(void **state)
{
	arena_close(*state);
	return 0;
}

static void what_is_signed_is_spelt_as_sns_spells_it(void **state)
{
	struct arena *a = *state;
	struct sns_message m;
	str text;

	assert_ok(sns_read(a, str_of(notification), &m, NULL));
	assert_int_equal(m.version, 1);
	assert_str(m.signature, str_bytes("\0\1\2\3", 4));
	assert_true(m.at == (moment)1335920046655000);
	assert_ok(sns_signed_string(a, &m, &text));
	assert_str(text,
		   STR("Message\nHello world!\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubject\nMy First "
		       "Message\nTimestamp\n2012-05-02T00:54:06.655Z\nTopicArn\n" ARN "\nType\nNotification\n"));
	m.subject = STR_NONE;
	assert_ok(sns_signed_string(a, &m, &text));
	assert_true(str_find(text, STR("Subject")) < 0);
	assert_ok(sns_read(a, str_of(confirmation), &m, NULL));
	assert_ok(sns_signed_string(a, &m, &text));
	assert_str(
		text,
		STR("Message\nYou have chosen …\nTo confirm \"it\"\nMessageId\n165545c9-2a5c-472c-8df2-7ff2be2b3b1b\n"
		    "SubscribeURL\nhttps://x/?a=b&c\nTimestamp\n2012-04-26T20:45:04.751Z\nToken\n2336\nTopicArn\n" ARN
		    "\nType\nSubscriptionConfirmation\n"));
}

static void topics_have_one_form(void **state)
{
	static const char *const good[] = { ARN, "arn:aws-cn:sns:cn-north-1:123456789012:a_b-C9",
					    "arn:aws-us-gov:sns:us-gov-west-1:123456789012:x" };
	static const char *const bad[] = {
		"",
		"arn:aws:sns:us-west-2:123456789012",
		ARN ":",
		ARN ":subscription",
		" " ARN,
		"arn:aws:sqs:us-west-2:123456789012:x",
		"arn:aws:sns:us-west-2:12345678901:x",
		"arn:aws:sns:us-west-2:12345678901a:x",
		"arn:aws:sns::123456789012:x",
		"arn:aws:sns:uswest:123456789012:x",
		"arn:aws:sns:-us-west-2:123456789012:x",
		"arn:aws:sns:US-WEST-2:123456789012:x",
		"arn:aws:sns:us.west-2:123456789012:x",
		"arn:aws:sns:us-west-2/:123456789012:x",
		"arn:aws:sns:cn-north-1:123456789012:x",
		"arn:aws-cn:sns:us-west-2:123456789012:x",
		"arn:evil:sns:us-west-2:123456789012:x",
		ARN ".fifo",
		ARN "\n",
		"arn:aws:sns:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1:123456789012:x",
	};
	struct sns_topic t, several[SNS_TOPICS_MAX];
	size_t count;
	(void)state;

	for (size_t i = 0; i < COUNT(good); i++)
		assert_ok(sns_topic_read(str_of(good[i]), &t));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, SYNTAX, sns_topic_read(str_of(bad[i]), &t));
	assert_ok(sns_topics_read(STR("  " ARN "   " ARN "2 "), several, &count));
	assert_int_equal(count, 2);
	assert_str(several[1].name, STR("MyTopic2"));
	assert_ok(sns_topics_read(STR(""), several, &count));
	assert_int_equal(count, 0);
}

static void who_is_asked_is_built_from_the_topic(void **state)
{
	struct arena *a = *state;
	struct sns_topic t;
	str url, file, names[SNS_SIGNERS];

	assert_ok(sns_topic_read(STR("arn:aws-cn:sns:cn-north-1:123456789012:x"), &t));
	assert_ok(sns_certificate_file(&t, STR("https://sns.cn-north-1.amazonaws.com.cn/a.pem"), &file));
	assert_str(file, STR("a.pem"));
	assert_why(NEVER, DENIED, sns_certificate_file(&t, STR("https://sns.cn-north-1.amazonaws.com/a.pem"), &file));
	assert_ok(sns_certificate_url(a, &t, STR_NONE, file, &url));
	assert_str(url, STR("https://sns.cn-north-1.amazonaws.com.cn/a.pem"));
	assert_ok(sns_certificate_url(a, &t, STR("https://localhost:1234/"), file, &url));
	assert_str(url, STR("https://localhost:1234/a.pem"));
	assert_ok(sns_confirm_url(a, &t, STR_NONE, STR("a&b=c/#\n%"), &url));
	assert_str(
		url,
		STR("https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&TopicArn=arn%3Aaws-cn%3Asns%3A"
		    "cn-north-1%3A123456789012%3Ax&Token=a%26b%3Dc%2F%23%0A%25&Version=2010-03-31"));
	assert_ok(sns_signers(a, &t, names));
	assert_str(names[3], STR("sns-cn-north-1.amazonaws.com.cn"));
}

static void issuers_are_amazons_authorities_alone(void **state)
{
	static const char *const bad[] = {
		"",
		"http://crt.r2m01.amazontrust.com",
		"http://crt.r2m01.amazontrust.com/",
		"https://crt.r2m01.amazontrust.com/a.cer",
		"http://crt..amazontrust.com/a.cer",
		"http://crt.amazontrust.com/a.cer",
		"http://evil.example/a.cer",
		"http://crt.r2m01.amazontrust.com.evil.example/a.cer",
		"http://crt.x@evil.example/.amazontrust.com/a.cer",
		"http://crt.a/b.amazontrust.com/a.cer",
		"http://crt.r2m01.amazontrust.com:80/a.cer",
		"http://crt.r2m01.amazontrust.com/a/b.cer",
		"http://crt.r2m01.amazontrust.com/../a.cer",
		"http://crt.r2m01.amazontrust.com/a.cer?x",
		"http://crt.a.b.amazontrust.com/a.cer",
	};
	struct arena *a = *state;
	str url;

	assert_ok(sns_issuer_url(a, STR_NONE, STR("http://crt.r2m01.amazontrust.com/r2m01.cer"), &url));
	assert_str(url, STR("http://crt.r2m01.amazontrust.com/r2m01.cer"));
	assert_ok(
		sns_issuer_url(a, STR("https://localhost:1"), STR("http://crt.sca1b.amazontrust.com/sca1b.crt"), &url));
	assert_str(url, STR("https://localhost:1/sca1b.crt"));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, DENIED, sns_issuer_url(a, STR_NONE, str_of(bad[i]), &url));
}

static void depth_is_told_without_going_there(void **state)
{
	(void)state;
	assert_false(json_deeper_than(STR("[[1],[2],{\"a\":[\"[[[[\\\"[[\"]}]"), 3));
	assert_true(json_deeper_than(STR("[[1],[2],{\"a\":[\"[[[[\\\"[[\"]}]"), 2));
	assert_false(json_deeper_than(STR("\"[[[[[[[\""), 0));
	assert_false(json_deeper_than(STR("]]]]"), 0));
	assert_true(json_deeper_than(STR("\"\\\\\"[["), 1));
	assert_false(json_more_than(STR("[1,{\"a,[{\\\",\":2}]"), 3));
	assert_true(json_more_than(STR("[1,{\"a,[{\\\",\":2}]"), 2));
}

/* Amazon's own examples of 2026, shortened. */
static void events_are_read_in_both_forms(void **state)
{
	static const char bounce[] = "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
				     "\"bounceSubType\":\"General\",\"bouncedRecipients\":"
				     "[{\"emailAddress\":\"recipient@example.com\",\"action\":\"failed\",\"status\":"
				     "\"5.1.1\",\"diagnosticCode\":\"smtp; 550\"}],"
				     "\"timestamp\":\"2017-08-05T00:41:02.669Z\",\"feedbackId\":\"x\"},\"mail\":{"
				     "\"timestamp\":\"2017-08-05T00:40:02.012Z\","
				     "\"messageId\":\"0100-EXAMPLE\",\"destination\":[\"recipient@example.com\"],"
				     "\"tags\":{\"ses:caller-identity\":[\"me\"],\"letterlock\":[\"0123\"]}}}";
	static const char delivery[] =
		"{\"notificationType\":\"Delivery\",\"mail\":{\"timestamp\":\"2016-01-27T14:59:38.237Z\",\"messageId\":"
		"\"0100\","
		"\"destination\":[\"a@example.com\"]},\"delivery\":{\"timestamp\":\"2016-01-27T14:59:38.237Z\","
		"\"recipients\":"
		"[\"a@example.com\",\"b@example.com\"],\"smtpResponse\":\"250 ok:  Message 1\\r\\n2\"}}";
	struct arena *a = *state;
	struct ses_event e;

	assert_ok(ses_event_read(a, str_of(bounce), &e, NULL));
	assert_int_equal(e.kind, SES_BOUNCE);
	assert_true(e.permanent);
	assert_str(e.message_id, STR("0100-EXAMPLE"));
	assert_str(e.what, STR("General"));
	assert_str(e.tag, STR("0123"));
	assert_str(e.recipients->status, STR("5.1.1"));
	assert_true(e.at - e.sent_at == 60657000);
	assert_ok(ses_event_read(a, str_of(delivery), &e, NULL));
	assert_int_equal(e.kind, SES_DELIVERY);
	assert_str(e.recipients->next->address, STR("b@example.com"));
	assert_str(e.recipients->next->said, STR("250 ok:  Message 1\\x0d\\x0a2"));
}

TESTS(sns, cmocka_unit_test_setup_teardown(what_is_signed_is_spelt_as_sns_spells_it, begin, end),
      test(topics_have_one_form), cmocka_unit_test_setup_teardown(who_is_asked_is_built_from_the_topic, begin, end),
      cmocka_unit_test_setup_teardown(issuers_are_amazons_authorities_alone, begin, end),
      test(depth_is_told_without_going_there),
      cmocka_unit_test_setup_teardown(events_are_read_in_both_forms, begin, end))
