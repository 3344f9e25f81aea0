/* What SES says, and what it means for one message and for all of them. */
#include "test/support/support.h"

#include "wire/ses.h"

#include <stdio.h>
#include <string.h>

#define SENDER STR("documents@example.com")

static void an_account_is_read_and_what_is_not_one_is_not(void **state)
{
	static const char *const none[] = {
		"",
		"[]",
		"{}",
		"null",
		"{\"ProductionAccessEnabled\":true,\"SendingEnabled\":true}",
		"{\"ProductionAccessEnabled\":\"true\",\"SendingEnabled\":true,\"SendQuota\":{\"Max24HourSend\":1,"
		"\"MaxSendRate\":1,\"SentLast24Hours\":0}}",
		"{\"ProductionAccessEnabled\":true,\"SendingEnabled\":true,\"SendQuota\":{\"Max24HourSend\":\"1\","
		"\"MaxSendRate\":1,\"SentLast24Hours\":0}}",
		"{\"ProductionAccessEnabled\":true,\"SendingEnabled\":true,\"SendingEnabled\":false,\"SendQuota\":{"
		"\"Max24HourSend\":1,\"MaxSendRate\":1,\"SentLast24Hours\":0}}",
		"{\"ProductionAccessEnabled\":true,\"SendingEnabled\":true,\"SendQuota\":{\"Max24HourSend\":1e300,"
		"\"MaxSendRate\":1,\"SentLast24Hours\":0}}",
	};
	struct ses_account a = { .day_max = 7 };

	for (size_t i = 0; i < COUNT(none); i++)
		assert_why(LATER, PROTOCOL, ses_read_account(str_of(none[i]), &a));
	assert_true(a.day_max == 7);
	assert_ok(ses_read_account(STR("{\"ProductionAccessEnabled\":false,\"SendingEnabled\":true,"
				       "\"EnforcementStatus\":\"PROBATION\\u001b[2J\",\"SendQuota\":{\"Max24HourSend\":"
				       "200.0,\"MaxSendRate\":1,\"SentLast24Hours\":17},\"Details\":null}"),
				   &a));
	assert_true(!a.production && a.sending && a.day_max == 200 && a.day_sent == 17 && a.per_second_max == 1);
	assert_null(strchr(a.enforcement, 0x1b));
	assert_ok(ses_read_account(STR("{\"ProductionAccessEnabled\":true,\"SendingEnabled\":true,\"SendQuota\":{"
				       "\"Max24HourSend\":-1,\"MaxSendRate\":-1,\"SentLast24Hours\":0}}"),
				   &a));
	assert_true(a.day_max == 0 && a.per_second_max == 0);
}

static void a_message_has_a_name_or_was_not_certainly_taken(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	static const char *const none[] = { "",
					    "{}",
					    "{\"MessageId\":\"\"}",
					    "{\"MessageId\":7}",
					    "{\"MessageId\":\"a b\"}",
					    "{\"MessageId\":\"a\\u0000b\"}",
					    "{\"MessageId\":\"a\",\"MessageId\":\"b\"}",
					    "{\"messageid\":\"a\"}" };
	str name = STR_NONE;

	assert_ok(arena_open(1 << 16, &a));
	for (size_t i = 0; i < COUNT(none); i++)
		assert_why(LATER, PROTOCOL, ses_read_sent(a, str_of(none[i]), &name));
	assert_ok(ses_read_sent(a, STR("{\"MessageId\":\"0107018c-7f3c-000000\"}"), &name));
	assert_str(name, STR("0107018c-7f3c-000000"));
}

static const struct {
	unsigned status;
	const char *type, *words;
	enum ses_fault fault;
} refusals[] = {
	{ 429, "TooManyRequestsException", "Maximum sending rate exceeded.", SES_FAST },
	{ 429, "TooManyRequestsException:http://internal.amazon.com/coral/", "", SES_FAST },
	{ 400, "com.amazonaws.ses.v2#ThrottlingException", "Rate exceeded", SES_FAST },
	{ 429, "", "", SES_FAST },
	{ 429, "TooManyRequestsException", "Daily message quota exceeded.", SES_SPENT },
	{ 400, "ThrottlingException", "Daily message quota exceeded.", SES_SPENT },
	{ 400, "LimitExceededException", "Daily message quota exceeded.", SES_SPENT },
	{ 400, "MessageRejected", "Email contains a virus", SES_RECIPIENT },
	{ 400, "MessageRejected",
	  "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "
	  "ada@example.net",
	  SES_SANDBOX },
	{ 400, "MessageRejected",
	  "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "
	  "documents@example.com",
	  SES_CLOSED },
	{ 400, "MessageRejected",
	  "Email address is not verified. The following identities failed the check in region X: ada@example.net, "
	  "documents@example.com",
	  SES_CLOSED },
	{ 400, "MessageRejected",
	  "Email address is not verified. The following identities failed the check in region X: "
	  "mydocuments@example.com",
	  SES_SANDBOX },
	{ 400, "MessageRejected", "Email address is not verified.", SES_CLOSED },
	{ 400, "MessageRejected", "Sending paused for this account.", SES_CLOSED },
	{ 400, "BadRequestException", "Missing final '@domain'", SES_RECIPIENT },
	{ 400, "BadRequestException", "Illegal tag name", SES_DOUBT },
	{ 400, "SomethingNew", "", SES_DOUBT },
	{ 400, "AccountSuspendedException", "", SES_CLOSED },
	{ 400, "SendingPausedException", "", SES_CLOSED },
	{ 400, "MailFromDomainNotVerifiedException", "", SES_CLOSED },
	{ 404, "NotFoundException", "", SES_CLOSED },
	{ 404, "", "", SES_CLOSED },
	{ 301, "", "", SES_CLOSED },
	{ 200, "", "", SES_CLOSED },
	{ 403, "AccessDeniedException", "", SES_RIGHTS },
	{ 403, "", "", SES_RIGHTS },
	{ 403, "UnrecognizedClientException", "", SES_KEY },
	{ 403, "ExpiredTokenException", "", SES_KEY },
	{ 403, "InvalidSignatureException", "", SES_CLOCK },
	{ 413, "", "", SES_RECIPIENT },
	{ 500, "InternalServerErrorException", "", SES_BUSY },
	{ 503, "SomethingNew", "", SES_BUSY },
	{ 502, "", "", SES_UNCLEAR },
	{ 504, "", "", SES_UNCLEAR },
};

static void each_refusal_means_one_thing(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		char body[512];
		struct ses_refusal r;
		snprintf(body, sizeof body, "{\"message\":\"%s\"}", refusals[i].words);
		ses_read_refusal(refusals[i].status, str_of(refusals[i].type), str_of(body), SENDER, &r);
		if (r.fault != refusals[i].fault)
			fail_msg("%u %s: %s is %d", refusals[i].status, refusals[i].type, refusals[i].words, r.fault);
		assert_true(r.meaning && r.meaning[0]);
		assert_string_equal(r.words, refusals[i].words);
	}
}

static void a_refusal_is_named_in_the_body_too_and_never_acts_on_a_terminal(void **state)
{
	struct ses_refusal r;

	ses_read_refusal(400, STR_NONE,
			 STR("{\"__type\":\"com.amazonaws#SendingPausedException\",\"Message\":\"no\\u001b"
			     "[31m\"}"),
			 SENDER, &r);
	assert_int_equal(r.fault, SES_CLOSED);
	assert_string_equal(r.name, "SendingPausedException");
	assert_null(strchr(r.words, 0x1b));
	ses_read_refusal(500, STR_NONE, STR("<html>"), SENDER, &r);
	assert_int_equal(r.fault, SES_UNCLEAR);
	assert_string_equal(r.name, "");
}

static void what_is_asked_is_json_whatever_the_addresses_hold(void **state)
{
	char room[2048];
	struct buf b = BUF_ON(room);
	const struct ses_mail m = { .sender = SENDER,
				    .bounce = STR("b@example.com"),
				    .to = STR("\"a\\\"b\"@example.net"),
				    .configuration_set = STR("set"),
				    .tag = STR("abc") };
	const struct ses_mail bare = { .sender = SENDER, .bounce = SENDER, .to = STR("x@example.net") };

	buf_add(&b, SES_MAIL_BEGIN);
	buf_add(&b, STR("QQ=="));
	ses_mail_end(&m, &b);
	assert_str(
		buf_str(&b),
		STR("{\"Content\":{\"Raw\":{\"Data\":\"QQ==\"}},\"Destination\":{\"ToAddresses\":[\"\\\"a\\\\\\\"b\\\"@"
		    "example.net\"]},\"FromEmailAddress\":\"documents@example.com\","
		    "\"FeedbackForwardingEmailAddress\":\"b@example.com\",\"ConfigurationSetName\":\"set\","
		    "\"EmailTags\":[{\"Name\":\"letterlock\",\"Value\":\"abc\"}]}"));
	b.len = 0;
	ses_mail_end(&bare, &b);
	assert_str(buf_str(&b), STR("\"}},\"Destination\":{\"ToAddresses\":[\"x@example.net\"]},\"FromEmailAddress\":"
				    "\"documents@example.com\"}"));
}

static void who_tracks_recipients_is_seen(void **state)
{
	bool tracks = true;
	struct ses_identity identity;

	assert_ok(ses_read_tracks(STR("{\"EventDestinations\":[]}"), &tracks));
	assert_false(tracks);
	assert_ok(ses_read_tracks(STR("{\"EventDestinations\":[{\"Enabled\":true,\"MatchingEventTypes\":[\"BOUNCE\"]},"
				      "{\"Enabled\":false,\"MatchingEventTypes\":[\"CLICK\"]}]}"),
				  &tracks));
	assert_false(tracks);
	assert_ok(ses_read_tracks(
		STR("{\"EventDestinations\":[{\"Enabled\":true,\"MatchingEventTypes\":[7,\"OPEN\"]}]}"), &tracks));
	assert_true(tracks);
	assert_why(LATER, PROTOCOL, ses_read_tracks(STR("{}"), &tracks));
	assert_ok(ses_read_identity(STR("{\"VerifiedForSendingStatus\":true,\"ConfigurationSetName\":\"set\"}"),
				    &identity));
	assert_true(identity.verified);
	assert_string_equal(identity.configuration_set, "set");
	assert_why(LATER, PROTOCOL, ses_read_identity(STR("{\"VerifiedForSendingStatus\":1}"), &identity));
}

TESTS(ses, test(an_account_is_read_and_what_is_not_one_is_not), test(a_message_has_a_name_or_was_not_certainly_taken),
      test(each_refusal_means_one_thing), test(a_refusal_is_named_in_the_body_too_and_never_acts_on_a_terminal),
      test(what_is_asked_is_json_whatever_the_addresses_hold), test(who_tracks_recipients_is_seen))
