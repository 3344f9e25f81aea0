#include "wire/order_event.h"

#include <jansson.h>

struct reading {
	struct arena *arena;
	struct fault *fault;
	struct order_wish *wishes;
	size_t count;
};

static void json_done(json_t **j)
{
	json_decref(*j);
}

static err refuse(struct reading *r, const char *member, const char *why)
{
	fault_set(r->fault, "the event cannot be read: %s: %s", member, why);
	return NEVER(SYNTAX, "the event cannot be read");
}

/* ── Texts ───────────────────────────────────────────────────────────────────────────────────────── */

static err text_of(struct reading *r, const char *member, const json_t *j, size_t max, str *out)
{
	if (!json_is_string(j))
		return refuse(r, member, json_is_null(j) || !j ? "it is missing" : "it is no text");
	str text = str_bytes(json_string_value(j), json_string_length(j));
	if (text.len == 0 || text.len > max)
		return refuse(r, member, text.len ? "it is too long" : "it is empty");
	if (!str_clean(text) || str_has(text, '\t') || !str_utf8(text))
		return refuse(r, member, "it holds a control character");
	return str_copy(r->arena, text, out);
}

/* A part of a name that other programs would take for a folder above would mislead people. */
static bool leads_up(str name)
{
	str part, rest = name;

	for (bool more = true; more;) {
		more = str_cut(rest, '/', &part, &rest);
		if (str_same(part, STR("..")) || str_same(part, STR(".")))
			return true;
	}
	return false;
}

static err check_bucket(struct reading *r, const char *member, str bucket)
{
	for (size_t i = 0; i < bucket.len; i++) {
		char c = bucket.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return refuse(r, member, "this is no bucket's name");
	}
	return bucket.len >= 3 && bucket.len <= 63 ? OK : refuse(r, member, "this is no bucket's name");
}

static err check_name(struct reading *r, const char *member, str name)
{
	if (name.len > ORDER_NAME_MAX)
		return refuse(r, member, "the name has more than 500 bytes");
	if (leads_up(name) || str_starts(name, STR("/")))
		return refuse(r, member, "the name begins with / or holds . or .. as a part");
	return OK;
}

static err read_url(struct reading *r, const char *member, const json_t *j, str *bucket, str *name)
{
	str text;

	TRY(text_of(r, member, j, ORDER_NAME_MAX + 70, &text));
	if (!str_starts(text, STR("s3://")) || !str_cut(str_from(text, 5), '/', bucket, name))
		return refuse(r, member, "it is written s3://BUCKET/NAME");
	TRY(check_bucket(r, member, *bucket));
	return check_name(r, member, *name);
}

static err next_wish(struct reading *r, struct order_wish **out)
{
	if (r->count == ORDER_WISHES_MAX) {
		fault_set(r->fault, "the event asks for more than %d lists", ORDER_WISHES_MAX);
		return NEVER(LIMIT, "an event of too many lists");
	}
	*out = &r->wishes[r->count++];
	return OK;
}

/* ── Our own ─────────────────────────────────────────────────────────────────────────────────────── */

static err read_list(struct reading *r, const json_t *j, struct order_wish *w)
{
	TRY(read_url(r, "list", j, &w->bucket, &w->list));
	return w->list.len ? OK : refuse(r, "list", "it names a bucket and no list");
}

static err read_documents(struct reading *r, const json_t *j, struct order_wish *w)
{
	TRY(read_url(r, "documents", j, &w->documents_bucket, &w->documents));
	if (w->documents.len && !str_ends(w->documents, STR("/")))
		return refuse(r, "documents", "it ends in /, as what stands before the names");
	w->has_documents = true;
	return OK;
}

static err read_expires(struct reading *r, const json_t *j, struct order_wish *w)
{
	str text;

	TRY(text_of(r, "expires", j, 32, &text));
	if (failed(span_parse(text, &w->expires)) || w->expires < MINUTE || w->expires > 366 * DAY)
		return refuse(r, "expires", "it is a span from 1m to 366d, as 90m, 12h, 7d");
	return OK;
}

static err read_hide_names(struct reading *r, const json_t *j, struct order_wish *w)
{
	w->hide_names = json_is_true(j);
	return json_is_boolean(j) ? OK : refuse(r, "hide_names", "it is true or false");
}

static err read_word(struct reading *r, const char *member, const json_t *j, struct order_wish *w)
{
	const struct {
		const char *name;
		str *to;
	} words[] = { { "template", &w->template_name },
		      { "as", &w->as },
		      { "proof", &w->proof },
		      { "link", &w->link },
		      { "label", &w->label } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(member, words[i].name) == 0)
			return text_of(r, member, j, ORDER_TEXT_MAX, words[i].to);
	char shown[64];
	escaped_copy(shown, sizeof shown, str_of(member));
	return refuse(r, shown, "no event of ours has that member");
}

static err read_member(struct reading *r, const char *member, const json_t *j, struct order_wish *w)
{
	if (strcmp(member, "list") == 0)
		return read_list(r, j, w);
	if (strcmp(member, "documents") == 0)
		return read_documents(r, j, w);
	if (strcmp(member, "expires") == 0)
		return read_expires(r, j, w);
	if (strcmp(member, "hide_names") == 0)
		return read_hide_names(r, j, w);
	return read_word(r, member, j, w);
}

static err read_ours(struct reading *r, json_t *event)
{
	struct order_wish *w;
	const char *member;
	json_t *value;

	TRY(next_wish(r, &w));
	json_object_foreach(event, member, value) TRY(read_member(r, member, value, w));
	return w->list.len ? OK : refuse(r, "list", "it is missing");
}

/* ── S3's ────────────────────────────────────────────────────────────────────────────────────────── */

static int hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Names are encoded as in a form: a blank is '+', other bytes are %XX. */
static err decode_name(struct reading *r, str text, str *out)
{
	struct buf b;

	TRY(buf_open(r->arena, text.len + 1, &b));
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c == '%') {
			bool whole = i + 2 < text.len;
			int high = whole ? hex_of(text.at[i + 1]) : -1, low = whole ? hex_of(text.at[i + 2]) : -1;
			if (high < 0 || low < 0)
				return refuse(r, "s3.object.key", "it is not encoded as S3 does");
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		buf_add_char(&b, c);
	}
	*out = buf_str(&b);
	if (!str_utf8(*out) || !str_clean(*out) || str_has(*out, '\t'))
		return refuse(r, "s3.object.key", "it holds a control character, or is not UTF-8");
	return check_name(r, "s3.object.key", *out);
}

static err check_record(struct reading *r, const json_t *record)
{
	str version, what;

	TRY(text_of(r, "eventVersion", json_object_get(record, "eventVersion"), 16, &version));
	if (!str_starts(version, STR("2.")))
		return refuse(r, "eventVersion", "only 2.x is known");
	TRY(text_of(r, "eventName", json_object_get(record, "eventName"), 64, &what));
	if (!str_starts(what, STR("ObjectCreated:")))
		return refuse(r, "eventName",
			      "only lists that were put are sent: let the trigger be s3:ObjectCreated:*");
	return OK;
}

static err read_s3(struct reading *r, const json_t *record)
{
	const json_t *s3 = json_object_get(record, "s3"), *object = json_object_get(s3, "object");
	struct order_wish *w;
	str name;

	TRY(check_record(r, record));
	TRY(next_wish(r, &w));
	TRY(text_of(r, "s3.bucket.name", json_object_get(json_object_get(s3, "bucket"), "name"), 63, &w->bucket));
	TRY(check_bucket(r, "s3.bucket.name", w->bucket));
	TRY(text_of(r, "s3.object.key", json_object_get(object, "key"), 3 * ORDER_NAME_MAX, &name));
	TRY(decode_name(r, name, &w->list));
	return text_of(r, "s3.object.eTag", json_object_get(object, "eTag"), 128, &w->etag);
}

static err read_event(struct reading *r, str text, bool within);

static err read_record(struct reading *r, const json_t *record, bool within)
{
	const json_t *body = json_object_get(record, "body");
	str source;

	TRY(text_of(r, "eventSource", json_object_get(record, "eventSource"), 64, &source));
	if (str_same(source, STR("aws:s3")))
		return read_s3(r, record);
	if (!str_same(source, STR("aws:sqs")) || within)
		return refuse(r, "eventSource", "only aws:s3, and aws:sqs around it, are known");
	if (!json_is_string(body))
		return refuse(r, "body", "it is missing");
	return read_event(r, str_bytes(json_string_value(body), json_string_length(body)), true);
}

static err read_records(struct reading *r, const json_t *records, bool within)
{
	if (!json_is_array(records) || json_array_size(records) == 0)
		return refuse(r, "Records", "it is no list of records");
	for (size_t i = 0; i < json_array_size(records); i++)
		TRY(read_record(r, json_array_get(records, i), within));
	return OK;
}

static err read_event(struct reading *r, str text, bool within)
{
	json_error_t where;
	OWNED(json_done) json_t *event = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &where);

	if (!event) {
		fault_set(r->fault, "the event is not JSON: %s (line %d)", where.text, where.line);
		return NEVER(SYNTAX, "the event is not JSON");
	}
	if (!json_is_object(event))
		return refuse(r, "the event", "it is no object");
	const json_t *records = json_object_get(event, "Records"), *test = json_object_get(event, "Event");
	if (records)
		return read_records(r, records, within);
	if (json_is_string(test) && strcmp(json_string_value(test), "s3:TestEvent") == 0)
		return OK;
	return read_ours(r, event);
}

err order_event_read(struct arena *a, str event, struct order_wish **wishes, size_t *count, struct fault *fault)
{
	struct reading r = { .arena = a, .fault = fault };

	if (event.len > ORDER_EVENT_MAX) {
		fault_set(fault, "the event has more than %d bytes", ORDER_EVENT_MAX);
		return NEVER(LIMIT, "the event is too long");
	}
	TRY(NEW_ARRAY(a, ORDER_WISHES_MAX, r.wishes));
	TRY(read_event(&r, event, false));
	*wishes = r.wishes;
	*count = r.count;
	return OK;
}
