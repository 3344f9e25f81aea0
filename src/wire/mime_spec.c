/* The SPEC of `letterlock mime build`:
 *
 *     {"from": "Name <a@b>" or {"name","address"},  "to", "cc", "reply_to": one or a list of such,
 *      "subject", "text", "html": text,  "headers": {"X-Name": "value"},
 *      "attachments": [{"name", "type", and "path" or "content" (text) or "base64"}],
 *      "unsubscribe": "https://…" or "mailto:…" or both in a list,
 *      "message_id": "<a@b>", "language": "de", "generated": true}
 *
 * A key that is not known, or twice there, is an error; bcc is one too: there is no copy that nobody sees. */
#include "wire/mime.h"

#include <jansson.h>

enum { SPEC_MAX = 16 * 1024 * 1024, CONTENT_MAX = 12 * 1024 * 1024 };

struct spec {
	struct arena *arena;
	struct mime *mime;
	struct mime_file **files_end;
	struct fault *fault;
};

static err wrong(struct spec *s, const char *field, const char *what)
{
	fault_where(s->fault, str_of(field), 0, 0);
	fault_set(s->fault, "%s", what);
	return NEVER(SYNTAX, "a message that is not described right");
}

static err text_of(struct spec *s, const char *field, json_t *json, str *out)
{
	if (!json_is_string(json))
		return wrong(s, field, "this is written as a text in quotes");
	return str_copy(s->arena, str_bytes(json_string_value(json), json_string_length(json)), out);
}

/* ── Mailboxes ───────────────────────────────────────────────────────────────────────────────────── */

/* "Name <local@domain>", or the address alone. The name is taken as it is; quotes around it are not part of it. */
static void split(str text, str *name, str *address)
{
	ptrdiff_t open = -1;

	for (size_t i = text.len; i > 0 && open < 0; i--)
		if (text.at[i - 1] == '<')
			open = (ptrdiff_t)i - 1;
	*name = STR_NONE;
	*address = text;
	if (open < 0 || !str_ends(text, STR(">")))
		return;
	*name = str_trim(str_upto(text, (size_t)open));
	*address = str_upto(str_from(text, (size_t)open + 1), text.len - (size_t)open - 2);
	if (name->len >= 2 && str_starts(*name, STR("\"")) && str_ends(*name, STR("\"")))
		*name = str_upto(str_from(*name, 1), name->len - 2);
}

static err parse_address(struct spec *s, const char *field, str text, struct address *out)
{
	const char *reason = NULL;

	TRY(mime_gate(str_of(field), text, s->fault));
	err e = address_parse(s->arena, text, out, &reason);
	if (failed(e) && reason) {
		fault_where(s->fault, str_of(field), 0, 0);
		fault_set(s->fault, "'%.*s': %s", STR_ARG(str_upto(text, 320)), reason);
	}
	return e;
}

static err read_pair(struct spec *s, const char *field, json_t *json, str *name, str *address)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
	{
		str k = str_of(key);
		if (str_same(k, STR("name")))
			TRY(text_of(s, field, value, name));
		else if (str_same(k, STR("address")) || str_same(k, STR("email")))
			TRY(text_of(s, field, value, address));
		else
			return wrong(s, field, "a mailbox has a name and an address");
	}
	return OK;
}

static err read_mailbox(struct spec *s, const char *field, json_t *json, struct mime_mailbox **out)
{
	str name = STR_NONE, address = STR_NONE, text;
	struct mime_mailbox *box;

	TRY(NEW(s->arena, box));
	if (json_is_object(json)) {
		TRY(read_pair(s, field, json, &name, &address));
	} else {
		TRY(text_of(s, field, json, &text));
		TRY(mime_gate(str_of(field), text, s->fault));
		split(text, &name, &address);
	}
	box->name = name;
	TRY(mime_gate(str_of(field), name, s->fault));
	TRY(parse_address(s, field, address, &box->address));
	*out = box;
	return OK;
}

static err read_mailboxes(struct spec *s, const char *field, json_t *json, struct mime_mailbox **end)
{
	size_t count = json_is_array(json) ? json_array_size(json) : 1;

	if (count > MIME_MAILBOX_MAX)
		return wrong(s, field, "too many addresses");
	for (size_t i = 0; i < count; i++) {
		TRY(read_mailbox(s, field, json_is_array(json) ? json_array_get(json, i) : json, end));
		end = &(*end)->next;
	}
	return OK;
}

/* ── Headers, attachments, the rest ──────────────────────────────────────────────────────────────── */

static err read_headers(struct spec *s, json_t *json)
{
	struct mime_header **end = &s->mime->headers;

	if (!json_is_object(json))
		return wrong(s, "headers", "headers are an object: {\"X-Name\": \"value\"}");
	for (void *i = json_object_iter(json); i; i = json_object_iter_next(json, i)) {
		struct mime_header *h;
		TRY(NEW(s->arena, h));
		TRY(str_copy(s->arena, str_bytes(json_object_iter_key(i), json_object_iter_key_len(i)), &h->name));
		TRY(text_of(s, "headers", json_object_iter_value(i), &h->value));
		*end = h;
		end = &h->next;
	}
	return OK;
}

static err content_is(struct spec *s, struct mime_attachment *part, str bytes)
{
	str *rest;

	TRY(NEW(s->arena, rest));
	*rest = bytes;
	part->content = source_of_str(rest);
	return OK;
}

static err read_base64(struct spec *s, json_t *json, struct mime_attachment *part)
{
	str text;
	struct buf bytes;

	TRY(text_of(s, "attachments", json, &text));
	if (text.len > CONTENT_MAX)
		return wrong(s, "attachments", "this content is too long; give its path");
	TRY(buf_open(s->arena, text.len, &bytes));
	if (failed(base64_decode(text, &bytes)))
		return wrong(s, "attachments", "this is not base64");
	return content_is(s, part, buf_str(&bytes));
}

static err read_path(struct spec *s, json_t *json, struct mime_attachment *part)
{
	struct mime_file *file;
	str text;

	TRY(text_of(s, "attachments", json, &text));
	TRY(NEW(s->arena, file));
	if (text.len == 0 || failed(str_c(s->arena, text, &file->path)))
		return wrong(s, "attachments", "this is not a path");
	file->attachment = part;
	*s->files_end = file;
	s->files_end = &file->next;
	return OK;
}

static err read_part_field(struct spec *s, str key, json_t *json, struct mime_attachment *part, unsigned *contents)
{
	str text;

	if (str_same(key, STR("name")))
		return text_of(s, "attachments", json, &part->name);
	if (str_same(key, STR("type")))
		return text_of(s, "attachments", json, &part->type);
	++*contents;
	if (str_same(key, STR("path")))
		return read_path(s, json, part);
	if (str_same(key, STR("base64")))
		return read_base64(s, json, part);
	if (!str_same(key, STR("content")))
		return wrong(s, "attachments", "an attachment has name, type, and path, content or base64");
	TRY(text_of(s, "attachments", json, &text));
	return content_is(s, part, text);
}

static err read_attachment(struct spec *s, json_t *json, struct mime_attachment **out)
{
	struct mime_attachment *part;
	unsigned contents = 0;

	if (!json_is_object(json))
		return wrong(s, "attachments", "an attachment is an object");
	TRY(NEW(s->arena, part));
	for (void *i = json_object_iter(json); i; i = json_object_iter_next(json, i))
		TRY(read_part_field(s, str_bytes(json_object_iter_key(i), json_object_iter_key_len(i)),
				    json_object_iter_value(i), part, &contents));
	if (contents != 1)
		return wrong(s, "attachments", "an attachment has exactly one of path, content and base64");
	*out = part;
	return OK;
}

static err read_attachments(struct spec *s, json_t *json)
{
	struct mime_attachment **end = &s->mime->attachments;

	if (!json_is_array(json))
		return wrong(s, "attachments", "attachments are a list");
	for (size_t i = 0; i < json_array_size(json); i++) {
		TRY(read_attachment(s, json_array_get(json, i), end));
		end = &(*end)->next;
	}
	return OK;
}

static err read_unsubscribe(struct spec *s, json_t *json)
{
	size_t count = json_is_array(json) ? json_array_size(json) : 1;

	for (size_t i = 0; i < count; i++) {
		str uri;
		TRY(text_of(s, "unsubscribe", json_is_array(json) ? json_array_get(json, i) : json, &uri));
		str *place = str_starts_nocase(uri, STR("mailto:")) ? &s->mime->unsubscribe_mailto
								    : &s->mime->unsubscribe_url;
		if (place->len)
			return wrong(s, "unsubscribe", "one https: and one mailto: address at most");
		*place = uri;
	}
	return OK;
}

static err read_texts(struct spec *s, const char *field, json_t *json, bool *known)
{
	const struct {
		str name;
		str *place;
	} texts[] = {
		{ STR("subject"), &s->mime->subject },   { STR("text"), &s->mime->text },
		{ STR("html"), &s->mime->html },         { STR("message_id"), &s->mime->id },
		{ STR("language"), &s->mime->language },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (str_same(str_of(field), texts[i].name)) {
			*known = true;
			return text_of(s, field, json, texts[i].place);
		}
	return OK;
}

static err read_field(struct spec *s, const char *field, json_t *json)
{
	str name = str_of(field);
	bool known = false;

	TRY(read_texts(s, field, json, &known));
	if (known)
		return OK;
	if (str_same(name, STR("from")))
		return read_mailbox(s, field, json, &s->mime->from);
	if (str_same(name, STR("to")))
		return read_mailboxes(s, field, json, &s->mime->to);
	if (str_same(name, STR("cc")))
		return read_mailboxes(s, field, json, &s->mime->cc);
	if (str_same(name, STR("reply_to")))
		return read_mailboxes(s, field, json, &s->mime->reply_to);
	if (str_same(name, STR("headers")))
		return read_headers(s, json);
	if (str_same(name, STR("attachments")))
		return read_attachments(s, json);
	if (str_same(name, STR("unsubscribe")))
		return read_unsubscribe(s, json);
	if (str_same(name, STR("generated")) && json_is_boolean(json)) {
		s->mime->generated = json_is_true(json);
		return OK;
	}
	if (str_same(name, STR("bcc")))
		return wrong(s, field, "a message has no bcc: send it to each recipient alone");
	return wrong(s, field,
		     "no part of a message; known are from, to, cc, reply_to, subject, headers, text, html, "
		     "attachments, unsubscribe, message_id, language, generated");
}

static void json_done(json_t **json)
{
	json_decref(*json);
}

err mime_spec_read(struct arena *a, str json, struct mime *out, struct mime_file **files, struct fault *f)
{
	struct mime read = { 0 };
	struct mime_file *first = NULL;
	struct spec s = { .arena = a, .mime = &read, .files_end = &first, .fault = f };
	json_error_t at;
	const char *key;
	json_t *value;

	if (json.len > SPEC_MAX)
		return NEVER(LIMIT, "the description is too long; attachments can be given by path");
	OWNED(json_done)
	json_t *root = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);
	if (!root || !json_is_object(root)) {
		fault_where(f, STR("message"), root ? 0 : (uint64_t)at.line, root ? 0 : (uint64_t)at.column);
		fault_set(f, "%s", root ? "the description is not a JSON object" : at.text);
		return NEVER(SYNTAX, "a description that is not a JSON object");
	}
	json_object_foreach(root, key, value) TRY(read_field(&s, key, value));
	*out = read;
	*files = first;
	return OK;
}
