#include "wire/sns.h"

#include "wire/json.h"

#include <jansson.h>

/* Ten members, and attributes that a publisher may add; they are not signed, and not looked at. */
enum { VALUES_MAX = 512, DEPTH_MAX = 8, URL_MAX = 4096, TEXT_MAX = 1024, SIGNATURE_TEXT_MAX = 1024 };

static err refuse(struct fault *fault, const char *member, const char *why)
{
	fault_set(fault, "%s %s", member, why);
	return NEVER(SYNTAX, "not a message of SNS");
}

/* ── Members ─────────────────────────────────────────────────────────────────────────────────────── */

static const struct {
	const char *name;
	enum sns_type type;
} types[] = {
	{ "Notification", SNS_NOTIFICATION },
	{ "SubscriptionConfirmation", SNS_SUBSCRIPTION_CONFIRMATION },
	{ "UnsubscribeConfirmation", SNS_UNSUBSCRIBE_CONFIRMATION },
};

enum { IN_NOTIFICATION = 1, IN_CONFIRMATION = 2, IN_BOTH = 3, OPTIONAL = 4 };

/* Those that are signed stand first, in the order in which they are. */
static const struct member {
	const char *name;
	size_t offset, most;
	unsigned where;
	bool of_any_bytes;
} members[] = {
	{ "Message", offsetof(struct sns_message, message), SNS_BODY_MAX, IN_BOTH, true },
	{ "MessageId", offsetof(struct sns_message, id), SNS_ID_LEN, IN_BOTH, false },
	{ "Subject", offsetof(struct sns_message, subject), TEXT_MAX, IN_NOTIFICATION | OPTIONAL, false },
	{ "SubscribeURL", offsetof(struct sns_message, subscribe_url), URL_MAX, IN_CONFIRMATION, false },
	{ "Timestamp", offsetof(struct sns_message, timestamp), 40, IN_BOTH, false },
	{ "Token", offsetof(struct sns_message, token), SNS_TOKEN_MAX, IN_CONFIRMATION, false },
	{ "TopicArn", offsetof(struct sns_message, topic), TEXT_MAX, IN_BOTH, false },
	{ "Type", offsetof(struct sns_message, type_name), 40, IN_BOTH, false },
	{ "SigningCertURL", offsetof(struct sns_message, signing_cert_url), URL_MAX, IN_BOTH, false },
};
enum { SIGNED = 8 };

static str *place_of(struct sns_message *m, const struct member *member)
{
	return (str *)(void *)((char *)m + member->offset);
}

static bool belongs(const struct member *member, enum sns_type type)
{
	return (member->where & (type == SNS_NOTIFICATION ? IN_NOTIFICATION : IN_CONFIRMATION)) != 0;
}

static bool has_control(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
			return true;
	return false;
}

static err take(struct arena *a, const json_t *from, const struct member *member, str *out, struct fault *fault)
{
	const json_t *value = json_object_get(from, member->name);

	if (!json_is_string(value))
		return refuse(fault, member->name, "is missing, or is no text");
	str text = str_bytes(json_string_value(value), json_string_length(value));
	if (text.len == 0 || text.len > member->most)
		return refuse(fault, member->name, "is empty, or longer than SNS makes it");
	if (!member->of_any_bytes && has_control(text))
		return refuse(fault, member->name, "holds a control character");
	return str_copy(a, text, out);
}

static err take_members(struct arena *a, const json_t *from, struct sns_message *m, struct fault *fault)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct member *member = &members[i];
		bool there = json_object_get(from, member->name) != NULL;
		if (there && !belongs(member, m->type))
			return refuse(fault, member->name, "has no place in a message of this type");
		if (belongs(member, m->type) && (there || !(member->where & OPTIONAL)))
			TRY(take(a, from, member, place_of(m, member), fault));
	}
	return OK;
}

/* ── Their meaning ───────────────────────────────────────────────────────────────────────────────── */

static err take_type(const json_t *from, struct sns_message *m, struct fault *fault)
{
	const char *name = json_string_value(json_object_get(from, "Type"));

	for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
		if (str_same(str_of(name), str_of(types[i].name))) {
			m->type = types[i].type;
			return OK;
		}
	return refuse(fault, "Type", "is none that SNS sends to an endpoint");
}

/* RFC 4122 3, in lower case as SNS writes it. */
static bool is_uuid(str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
		if (hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return text.len == SNS_ID_LEN;
}

static bool is_token(str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
		      c == '_' || c == '.'))
			return false;
	}
	return true;
}

static err take_signature(struct arena *a, const json_t *from, struct sns_message *m, struct fault *fault)
{
	const char *version = json_string_value(json_object_get(from, "SignatureVersion"));
	const json_t *given = json_object_get(from, "Signature");
	str text = str_bytes(json_string_value(given), json_string_length(given));
	struct buf bytes;

	if (!version || (!str_same(str_of(version), STR("1")) && !str_same(str_of(version), STR("2"))))
		return refuse(fault, "SignatureVersion", "is neither \"1\" nor \"2\"");
	m->version = version[0] == '1' ? 1 : 2;
	if (!json_is_string(given) || text.len == 0 || text.len > SIGNATURE_TEXT_MAX)
		return refuse(fault, "Signature", "is missing, or is no signature");
	TRY(buf_open(a, SNS_SIGNATURE_MAX, &bytes));
	if (failed(base64_decode(text, &bytes)) || bytes.overflow)
		return refuse(fault, "Signature", "is not base64");
	m->signature = buf_str(&bytes);
	return OK;
}

static err judge(struct sns_message *m, struct fault *fault)
{
	if (!is_uuid(m->id))
		return refuse(fault, "MessageId", "is no UUID");
	if (failed(moment_parse(m->timestamp, &m->at)) || !str_ends(m->timestamp, STR("Z")))
		return refuse(fault, "Timestamp", "is no time in UTC");
	if (m->type != SNS_NOTIFICATION && !is_token(m->token))
		return refuse(fault, "Token", "holds what no token does");
	return OK;
}

static void json_done(json_t **json)
{
	json_decref(*json);
}

err sns_read(struct arena *a, str json, struct sns_message *out, struct fault *fault)
{
	struct sns_message m = { 0 };
	json_error_t wrong;

	if (json.len > SNS_BODY_MAX || json_deeper_than(json, DEPTH_MAX) || json_more_than(json, VALUES_MAX))
		return NEVER(LIMIT, "longer, deeper or fuller than a message of SNS");
	OWNED(json_done) json_t *root = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES, &wrong);
	if (!json_is_object(root))
		return refuse(fault, "the body", root ? "is no JSON object" : wrong.text);
	TRY(take_type(root, &m, fault));
	TRY(take_members(a, root, &m, fault));
	TRY(take_signature(a, root, &m, fault));
	TRY(judge(&m, fault));
	*out = m;
	return OK;
}

/* ── As it was signed ────────────────────────────────────────────────────────────────────────────── */

err sns_signed_string(struct arena *a, const struct sns_message *m, str *out)
{
	struct sns_message copy = *m;
	struct buf b;

	TRY(buf_open(a, m->message.len + URL_MAX + SNS_TOKEN_MAX + 4 * TEXT_MAX, &b));
	for (size_t i = 0; i < SIGNED; i++) {
		str value = *place_of(&copy, &members[i]);
		if (!belongs(&members[i], m->type) || !value.at)
			continue;
		buf_add(&b, str_of(members[i].name));
		buf_add_char(&b, '\n');
		buf_add(&b, value);
		buf_add_char(&b, '\n');
	}
	*out = buf_str(&b);
	return buf_check(&b);
}
