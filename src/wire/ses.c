#include "wire/ses.h"

#include "wire/json.h"

#include <jansson.h>
#include <math.h>

static void json_done(json_t **j)
{
	json_decref(*j);
}

/* Null if it is no object. NUL within a text is refused by jansson. */
static json_t *object_of(str body)
{
	json_t *j = body.len <= SES_ANSWER_MAX ? json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_object(j))
		return j;
	json_decref(j);
	return NULL;
}

static str text_of(const json_t *from, const char *name)
{
	const json_t *j = json_object_get(from, name);
	return json_is_string(j) ? str_bytes(json_string_value(j), json_string_length(j)) : STR_NONE;
}

/* ── The account ─────────────────────────────────────────────────────────────────────────────────── */

/* A quota that is -1 is none. */
static bool read_quota(const json_t *from, const char *name, double *out)
{
	const json_t *j = json_object_get(from, name);
	double n = json_is_number(j) ? json_number_value(j) : NAN;

	if (!isfinite(n) || n > 1e15)
		return false;
	*out = n < 0 ? 0 : n;
	return true;
}

static err read_account(const json_t *j, struct ses_account *out)
{
	const json_t *production = json_object_get(j, "ProductionAccessEnabled");
	const json_t *sending = json_object_get(j, "SendingEnabled"), *quota = json_object_get(j, "SendQuota");

	if (!json_is_boolean(production) || !json_is_boolean(sending) ||
	    !read_quota(quota, "Max24HourSend", &out->day_max) ||
	    !read_quota(quota, "SentLast24Hours", &out->day_sent) ||
	    !read_quota(quota, "MaxSendRate", &out->per_second_max))
		return LATER(PROTOCOL, "what SES says of the account cannot be read");
	out->production = json_is_true(production);
	out->sending = json_is_true(sending);
	escaped_copy(out->enforcement, sizeof out->enforcement, text_of(j, "EnforcementStatus"));
	return OK;
}

err ses_read_account(str body, struct ses_account *out)
{
	OWNED(json_done) json_t *j = object_of(body);
	struct ses_account account = { 0 };

	TRY(read_account(j, &account));
	*out = account;
	return OK;
}

/* ── A message ───────────────────────────────────────────────────────────────────────────────────── */

/* It is kept, looked for and shown: letters, digits and a few more, as those of SES are. */
static bool is_name(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= 'A' && s.at[i] <= 'Z') ||
		      (s.at[i] >= '0' && s.at[i] <= '9') || str_has(STR("-_.@"), s.at[i])))
			return false;
	return s.len > 0;
}

err ses_read_sent(struct arena *a, str body, str *message_id)
{
	OWNED(json_done) json_t *j = object_of(body);
	str name = text_of(j, "MessageId");

	if (!is_name(name))
		return LATER(PROTOCOL, "SES does not say what it calls the message");
	return str_copy(a, name, message_id);
}

void ses_mail_end(const struct ses_mail *m, struct buf *b)
{
	buf_add(b, STR("\"}},\"Destination\":{\"ToAddresses\":["));
	buf_add_json(b, m->to);
	buf_add(b, STR("]}"));
	buf_add_json_field(b, "FromEmailAddress", m->sender);
	if (m->bounce.len && !str_same(m->bounce, m->sender))
		buf_add_json_field(b, "FeedbackForwardingEmailAddress", m->bounce);
	if (m->configuration_set.len)
		buf_add_json_field(b, "ConfigurationSetName", m->configuration_set);
	if (m->tag.len) {
		buf_add(b, STR(",\"EmailTags\":[{\"Name\":\"" SES_TAG "\",\"Value\":"));
		buf_add_json(b, m->tag);
		buf_add(b, STR("}]"));
	}
	buf_add_char(b, '}');
}

/* ── Refusals ────────────────────────────────────────────────────────────────────────────────────── */

static const struct {
	str name;
	enum ses_fault fault;
	const char *meaning;
} refusals[] = {
	{ STR("TooManyRequestsException"), SES_FAST, "SES is asked faster than it allows" },
	{ STR("ThrottlingException"), SES_FAST, "SES is asked faster than it allows" },
	{ STR("Throttling"), SES_FAST, "SES is asked faster than it allows" },
	{ STR("LimitExceededException"), SES_BUSY, "a limit of SES is reached" },
	{ STR("MessageRejected"), SES_RECIPIENT, "SES does not take this message" },
	{ STR("BadRequestException"), SES_DOUBT, "SES does not understand the request" },
	{ STR("ValidationException"), SES_DOUBT, "SES does not understand the request" },
	{ STR("AccountSuspendedException"), SES_CLOSED,
	  "SES has shut the account for good: open a case with AWS Support" },
	{ STR("SendingPausedException"), SES_CLOSED,
	  "sending is paused, for the account or the configuration set: look at its reputation in the SES console" },
	{ STR("MailFromDomainNotVerifiedException"), SES_CLOSED,
	  "the sender's MAIL FROM domain is not verified with SES: publish its MX record, or take it away" },
	{ STR("NotFoundException"), SES_CLOSED, "SES does not know what is named: look at ses.configuration_set" },
	{ STR("AccessDeniedException"), SES_RIGHTS,
	  "who signs lacks a right: allow ses:SendEmail, ses:SendRawEmail and ses:GetAccount" },
	{ STR("AccessDenied"), SES_RIGHTS,
	  "who signs lacks a right: allow ses:SendEmail, ses:SendRawEmail and ses:GetAccount" },
	{ STR("OptInRequired"), SES_CLOSED, "the account has no SES in this region" },
	{ STR("UnrecognizedClientException"), SES_KEY, "SES does not know the access key" },
	{ STR("InvalidClientTokenId"), SES_KEY, "SES does not know the access key" },
	{ STR("ExpiredTokenException"), SES_KEY, "the credentials of the session are over" },
	{ STR("ExpiredToken"), SES_KEY, "the credentials of the session are over" },
	{ STR("NotAuthorized"), SES_RIGHTS, "who signs may not do that" },
	{ STR("InvalidSignatureException"), SES_CLOCK,
	  "SES does not accept the signature: is the secret key the right one, and the clock?" },
	{ STR("SignatureDoesNotMatch"), SES_CLOCK,
	  "SES does not accept the signature: is the secret key the right one, and the clock?" },
	{ STR("RequestExpired"), SES_CLOCK, "our clock and that of SES are too far apart" },
	{ STR("IncompleteSignature"), SES_CLOSED, "SES does not understand the signature" },
	{ STR("IncompleteSignatureException"), SES_CLOSED, "SES does not understand the signature" },
	{ STR("MissingAuthenticationToken"), SES_CLOSED, "SES saw no signature: look at ses.endpoint" },
	{ STR("MissingAuthenticationTokenException"), SES_CLOSED, "SES saw no signature: look at ses.endpoint" },
	{ STR("InternalServiceErrorException"), SES_BUSY, "SES failed inside" },
	{ STR("InternalServerErrorException"), SES_BUSY, "SES failed inside" },
	{ STR("InternalFailure"), SES_BUSY, "SES failed inside" },
	{ STR("ServiceUnavailable"), SES_BUSY, "SES is not available now" },
	{ STR("ServiceUnavailableException"), SES_BUSY, "SES is not available now" },
	{ STR("ConcurrentModificationException"), SES_BUSY, "SES is being changed by somebody else" },
	{ STR("ConflictException"), SES_BUSY, "SES is being changed by somebody else" },
};

/* A name may have its namespace before '#' and a URL after ':'. */
static str bare(str type)
{
	str before, after;

	(void)str_cut(type, ':', &before, &after);
	if (str_cut(before, '#', &type, &after))
		before = after;
	return str_trim(before);
}

static bool mentions(str words, str what)
{
	return what.len && str_find(words, what) >= 0;
}

/* What is wrong with an address, in the words of SES; those of ours were judged long before. */
static bool is_about_an_address(str words)
{
	static const str phrases[] = {
		STR("Missing final '@domain'"), STR("Illegal address"),         STR("Local address contains"),
		STR("Domain contains"),         STR("Domain starts with dot"),  STR("Domain ends with dot"),
		STR("Invalid domain name"),     STR("Missing '\"' or '@'"),     STR("Domain is missing"),
		STR("Local address starts"),    STR("Local address ends with"),
	};

	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (mentions(words, phrases[i]))
			return true;
	return false;
}

/* As a whole: not as the end of another address. */
static bool names_address(str words, str address)
{
	ptrdiff_t at;

	while (address.len && (at = str_find(words, address)) >= 0) {
		bool begins = at == 0 || str_has(STR(" ,:<"), words.at[at - 1]);
		words = str_from(words, (size_t)at + address.len);
		if (begins && (words.len == 0 || str_has(STR(" ,>"), words.at[0])))
			return true;
	}
	return false;
}

/* In the sandbox everybody must be verified; out of it only we. SES names those who are not. */
static void judge_unverified(str words, str sender, struct ses_refusal *out)
{
	if (names_address(words, sender) || !str_has(words, '@')) {
		out->fault = SES_CLOSED;
		out->meaning = "the sender is not verified with SES in this region: verify the domain or the address";
		return;
	}
	out->fault = SES_SANDBOX;
	out->meaning = "the account is in the sandbox of SES, which mails nobody but addresses that were verified";
}

static void look_closer(str words, str sender, struct ses_refusal *out)
{
	bool limited = out->fault == SES_FAST || str_same(str_of(out->name), STR("LimitExceededException"));

	if (limited && (mentions(words, STR("Daily")) || mentions(words, STR("daily")))) {
		out->fault = SES_SPENT;
		out->meaning = "the quota of 24 hours is used up";
	} else if (out->fault == SES_RECIPIENT && mentions(words, STR("not verified"))) {
		judge_unverified(words, sender, out);
	} else if (out->fault == SES_RECIPIENT && mentions(words, STR("ending paused"))) {
		out->fault = SES_CLOSED;
		out->meaning = "sending is paused: look at the account's reputation in the SES console";
	} else if (out->fault == SES_DOUBT && is_about_an_address(words)) {
		out->fault = SES_RECIPIENT;
		out->meaning = "SES does not take the recipient's address";
	}
}

/* By the status alone, where the answer is not of SES: a proxy, a gateway, another server. */
static void judge_status(unsigned status, struct ses_refusal *out)
{
	out->fault = SES_CLOSED;
	if (status == 429) {
		out->fault = SES_FAST;
		out->meaning = "SES is asked faster than it allows";
	} else if (status >= 500) {
		out->fault = SES_UNCLEAR;
		out->meaning = "SES, or what stands before it, failed";
	} else if (status == 413) {
		out->fault = SES_RECIPIENT;
		out->meaning = "the message is larger than SES takes";
	} else if (status == 403) {
		out->fault = SES_RIGHTS;
		out->meaning = "SES denies access";
	} else if (status / 100 == 3) {
		out->meaning = "SES sends us elsewhere: look at ses.region and ses.endpoint";
	} else {
		out->meaning = "this is not the answer of SES: look at ses.endpoint";
	}
}

static void judge_name(unsigned status, struct ses_refusal *out)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (!str_same(str_of(out->name), refusals[i].name))
			continue;
		out->fault = refusals[i].fault;
		out->meaning = refusals[i].meaning;
		return;
	}
	judge_status(status, out);
	if (out->name[0] && status >= 500)
		out->fault = SES_BUSY; /* it says of itself that it failed */
	else if (out->name[0] && status / 100 == 4 && status != 429 && status != 413 && status != 403) {
		out->fault = SES_DOUBT;
		out->meaning = "SES refuses the request";
	}
}

void ses_read_refusal(unsigned status, str type, str body, str sender, struct ses_refusal *out)
{
	OWNED(json_done) json_t *j = object_of(body);
	str words = text_of(j, "message");

	*out = (struct ses_refusal){ 0 };
	if (!words.len)
		words = text_of(j, "Message");
	if (!type.len)
		type = text_of(j, "__type");
	if (!type.len)
		type = text_of(j, "code");
	escaped_copy(out->name, sizeof out->name, bare(type));
	escaped_copy(out->words, sizeof out->words, words);
	judge_name(status, out);
	look_closer(str_of(out->words), sender, out);
}

/* ── Identities and configuration sets ───────────────────────────────────────────────────────────── */

err ses_read_identity(str body, struct ses_identity *out)
{
	OWNED(json_done) json_t *j = object_of(body);
	const json_t *verified = json_object_get(j, "VerifiedForSendingStatus");
	struct ses_identity identity = { .verified = json_is_true(verified) };

	if (!json_is_boolean(verified))
		return LATER(PROTOCOL, "what SES says of the sender cannot be read");
	escaped_copy(identity.configuration_set, sizeof identity.configuration_set, text_of(j, "ConfigurationSetName"));
	*out = identity;
	return OK;
}

static bool tracks(const json_t *destination)
{
	const json_t *kinds = json_object_get(destination, "MatchingEventTypes"), *kind;
	size_t i;

	if (!json_is_true(json_object_get(destination, "Enabled")))
		return false;
	json_array_foreach((json_t *)(uintptr_t)kinds, i, kind)
	{
		str name = json_is_string(kind) ? str_of(json_string_value(kind)) : STR_NONE;
		if (str_same(name, STR("OPEN")) || str_same(name, STR("CLICK")))
			return true;
	}
	return false;
}

err ses_read_tracks(str body, bool *out)
{
	OWNED(json_done) json_t *j = object_of(body);
	json_t *destinations = json_object_get(j, "EventDestinations"), *one;
	bool found = false;
	size_t i;

	if (!json_is_array(destinations))
		return LATER(PROTOCOL, "what SES says of the configuration set cannot be read");
	json_array_foreach(destinations, i, one) found = found || tracks(one);
	*out = found;
	return OK;
}
