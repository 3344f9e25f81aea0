#include "wire/ses_event.h"

#include "wire/json.h"
#include "wire/ses.h"

#include <jansson.h>

enum { JSON_MAX = 256 * 1024, DEPTH_MAX = 16, ADDRESS_MAX = 320, WORD_MAX = 64 };

/* The object that tells more, the list in it, and the name of an address there (null: the list is of addresses). */
static const struct kind {
	const char *event, *notification; /* how each form calls it; null: it does not know it */
	const char *object, *list, *address, *what;
} kinds[SES_EVENT_KINDS] = {
	[SES_BOUNCE] = { "Bounce", "Bounce", "bounce", "bouncedRecipients", "emailAddress", "bounceSubType" },
	[SES_COMPLAINT] = { "Complaint", "Complaint", "complaint", "complainedRecipients", "emailAddress",
			    "complaintFeedbackType" },
	[SES_DELIVERY] = { "Delivery", "Delivery", "delivery", "recipients", NULL, NULL },
	[SES_DELIVERY_DELAY] = { "DeliveryDelay", NULL, "deliveryDelay", "delayedRecipients", "emailAddress",
				 "delayType" },
	[SES_REJECT] = { "Reject", NULL, "reject", NULL, NULL, "reason" },
	[SES_RENDERING_FAILURE] = { "Rendering Failure", NULL, "failure", NULL, NULL, NULL },
	[SES_SEND] = { "Send", NULL, "send", NULL, NULL, NULL },
	[SES_OPEN] = { "Open", NULL, "open", NULL, NULL, NULL },
	[SES_CLICK] = { "Click", NULL, "click", NULL, NULL, NULL },
	[SES_SUBSCRIPTION] = { "Subscription", NULL, "subscription", NULL, NULL, NULL },
	[SES_GREETING] = { NULL, "AmazonSnsSubscriptionSucceeded", NULL, NULL, NULL, NULL },
};

str ses_event_name(enum ses_event_kind k)
{
	must(k < SES_EVENT_KINDS);
	return str_of(kinds[k].event ? kinds[k].event : kinds[k].notification);
}

struct reading {
	struct arena *arena;
	struct fault *fault;
	const struct kind *kind;
	const json_t *about; /* the kind's own object */
};

static err refuse(const struct reading *r, const char *member, const char *why)
{
	fault_set(r->fault, "%s %s", member, why);
	return NEVER(SYNTAX, "not an event of SES");
}

/* ── Texts ───────────────────────────────────────────────────────────────────────────────────────── */

/* One line; what a terminal would obey is spelt out. */
static err take_said(const struct reading *r, const json_t *from, const char *name, str *out)
{
	const json_t *value = json_object_get(from, name);
	str text = str_bytes(json_string_value(value), json_string_length(value));
	char room[SES_TEXT_MAX];

	if (!value || json_is_null(value))
		return OK;
	if (!json_is_string(value))
		return refuse(r, name, "is no text");
	escaped_copy(room, sizeof room, text);
	return str_copy(r->arena, str_of(room), out);
}

static err take_text(const struct reading *r, const json_t *value, const char *name, size_t most, str *out)
{
	str text = str_bytes(json_string_value(value), json_string_length(value));

	if (!json_is_string(value) || text.len == 0 || text.len > most || !str_clean(text))
		return refuse(r, name, "is missing, or is not what it should be");
	return str_copy(r->arena, text, out);
}

static err take_moment(const struct reading *r, const json_t *from, moment *out)
{
	const json_t *value = json_object_get(from, "timestamp");

	if (!json_is_string(value) || failed(moment_parse(str_of(json_string_value(value)), out)))
		return refuse(r, "timestamp", "is no time");
	return OK;
}

/* ── Recipients ──────────────────────────────────────────────────────────────────────────────────── */

static err take_recipient(const struct reading *r, const json_t *one, struct ses_recipient *to)
{
	const char *name = r->kind->address;

	if (!name)
		return take_text(r, one, "a recipient", ADDRESS_MAX, &to->address);
	if (!json_is_object(one))
		return refuse(r, r->kind->list, "holds what is no recipient");
	TRY(take_text(r, json_object_get(one, name), name, ADDRESS_MAX, &to->address));
	TRY(take_said(r, one, "status", &to->status));
	return take_said(r, one, "diagnosticCode", &to->said);
}

static err take_list(const struct reading *r, const json_t *list, struct ses_recipient **out)
{
	struct ses_recipient *first = NULL, **end = &first;

	if (!json_is_array(list))
		return refuse(r, "the recipients", "are no list");
	if (json_array_size(list) > SES_RECIPIENTS_MAX)
		return NEVER(LIMIT, "more recipients than a message has");
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(NEW(r->arena, *end));
		TRY(take_recipient(r, json_array_get(list, i), *end));
		end = &(*end)->next;
	}
	*out = first;
	return OK;
}

/* Of a delivery one answer is told, not one for each recipient. */
static err take_answer(const struct reading *r, struct ses_event *e)
{
	for (struct ses_recipient *to = e->recipients; to; to = to->next)
		TRY(take_said(r, r->about, "smtpResponse", &to->said));
	return OK;
}

/* ── All of it ───────────────────────────────────────────────────────────────────────────────────── */

static err find_kind(struct reading *r, const json_t *root, struct ses_event *e)
{
	const json_t *event = json_object_get(root, "eventType"), *note = json_object_get(root, "notificationType");
	const char *name = json_string_value(event ? event : note);

	if ((event && note) || !name)
		return refuse(r, "eventType or notificationType", "must stand there, one of them, as a text");
	for (size_t i = 0; i < SES_EVENT_KINDS; i++) {
		const char *called = event ? kinds[i].event : kinds[i].notification;
		if (!called || !str_same(str_of(called), str_of(name)))
			continue;
		e->kind = (enum ses_event_kind)i;
		r->kind = &kinds[i];
		return OK;
	}
	return refuse(r, "eventType", "is none that is known");
}

static err take_bounce(const struct reading *r, struct ses_event *e)
{
	str type;

	TRY(take_text(r, json_object_get(r->about, "bounceType"), "bounceType", WORD_MAX, &type));
	e->permanent = str_same(type, STR("Permanent"));
	if (!e->permanent && !str_same(type, STR("Transient")) && !str_same(type, STR("Undetermined")))
		return refuse(r, "bounceType", "is none that is known");
	return OK;
}

/* Other applications of the account have tags of their own: what is not as ours is, is none. */
static err take_tag(const struct reading *r, const json_t *mail, struct ses_event *e)
{
	const json_t *values = json_object_get(json_object_get(mail, "tags"), SES_TAG);
	const json_t *value = json_array_size(values) == 1 ? json_array_get(values, 0) : NULL;
	str text = str_bytes(json_string_value(value), json_string_length(value));

	return text.len && text.len <= SES_ID_MAX && str_clean(text) ? str_copy(r->arena, text, &e->tag) : OK;
}

static err take_mail(const struct reading *r, const json_t *root, struct ses_event *e)
{
	const json_t *mail = json_object_get(root, "mail");

	if (!json_is_object(mail))
		return refuse(r, "mail", "is missing");
	TRY(take_text(r, json_object_get(mail, "messageId"), "messageId", SES_ID_MAX, &e->message_id));
	TRY(take_moment(r, mail, &e->sent_at));
	TRY(take_tag(r, mail, e));
	if (r->kind->list)
		return take_list(r, json_object_get(r->about, r->kind->list), &e->recipients);
	return take_list(r, json_object_get(mail, "destination"), &e->recipients);
}

static err take_event(struct reading *r, const json_t *root, struct ses_event *e)
{
	TRY(find_kind(r, root, e));
	if (e->kind == SES_GREETING)
		return OK;
	r->about = json_object_get(root, r->kind->object);
	if (!json_is_object(r->about))
		return refuse(r, r->kind->object, "is missing, or no object");
	TRY(take_mail(r, root, e));
	e->at = e->sent_at;
	if (json_object_get(r->about, "timestamp"))
		TRY(take_moment(r, r->about, &e->at));
	if (r->kind->what)
		TRY(take_said(r, r->about, r->kind->what, &e->what));
	if (e->kind == SES_BOUNCE)
		TRY(take_bounce(r, e));
	return e->kind == SES_DELIVERY ? take_answer(r, e) : OK;
}

static void json_done(json_t **json)
{
	json_decref(*json);
}

err ses_event_read(struct arena *a, str json, struct ses_event *out, struct fault *fault)
{
	struct reading r = { .arena = a, .fault = fault };
	struct ses_event e = { 0 };
	json_error_t wrong;

	if (json.len > JSON_MAX || json_deeper_than(json, DEPTH_MAX))
		return NEVER(LIMIT, "longer or deeper than an event of SES");
	OWNED(json_done) json_t *root = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES, &wrong);
	if (!json_is_object(root))
		return refuse(&r, "the notification", root ? "is no JSON object" : wrong.text);
	TRY(take_event(&r, root, &e));
	*out = e;
	return OK;
}
