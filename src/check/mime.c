#include "check/mime.h"

#include <jansson.h>

enum { ANSWER_MAX = 16 * 1024 * 1024 };

static err garbage(void)
{
	return NEVER(PROTOCOL, "the inspector's answer is not understood");
}

static void json_done(json_t **j)
{
	json_decref(*j);
}

/* Null is an empty text. */
static err text_of(struct arena *a, const json_t *object, const char *name, str *out)
{
	const json_t *j = json_object_get(object, name);

	if (json_is_null(j) || !j)
		return OK;
	if (!json_is_string(j))
		return garbage();
	return str_copy(a, str_bytes(json_string_value(j), json_string_length(j)), out);
}

static err number_of(const json_t *object, const char *name, uint64_t *out)
{
	const json_t *j = json_object_get(object, name);

	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return garbage();
	*out = (uint64_t)json_integer_value(j);
	return OK;
}

static err read_headers(struct arena *a, const json_t *list, struct mime_header **end)
{
	for (size_t i = 0; i < json_array_size(list); i++, end = &(*end)->next) {
		const json_t *one = json_array_get(list, i);
		TRY(NEW(a, *end));
		(*end)->value = STR("");
		TRY(text_of(a, one, "name", &(*end)->name));
		TRY(text_of(a, one, "value", &(*end)->value));
	}
	return json_is_array(list) ? OK : garbage();
}

/* A group, or what is no address, is kept without one: it is shown, and never written. */
static err read_mailboxes(struct arena *a, const json_t *list, struct mime_mailbox **end)
{
	for (size_t i = 0; i < json_array_size(list); i++, end = &(*end)->next) {
		const json_t *one = json_array_get(list, i);
		const char *reason;
		str text = STR("");
		TRY(NEW(a, *end));
		TRY(text_of(a, one, "name", &(*end)->name));
		TRY(text_of(a, one, "address", &text));
		err e = address_parse(a, text, &(*end)->address, &reason);
		if (failed(e) && e.fate != FATE_NEVER)
			return e;
		if (failed(e))
			(*end)->address = (struct address){ 0 };
	}
	return OK;
}

static err read_body(const json_t *j, struct mime_part *p)
{
	const char *hex = json_string_value(json_object_get(j, "sha256"));
	struct buf digest = { .at = (char *)p->sha256, .max = sizeof p->sha256 };

	TRY(number_of(j, "offset", &p->offset));
	TRY(number_of(j, "length", &p->length));
	TRY(number_of(j, "size", &p->size));
	if (!hex || failed(hex_decode(str_of(hex), &digest)) || digest.len != sizeof p->sha256)
		return garbage();
	return p->offset <= mime_limits.message && p->length <= mime_limits.message - p->offset ? OK : garbage();
}

static err read_texts(struct arena *a, const json_t *j, struct mime_part *p)
{
	TRY(text_of(a, j, "type", &p->type));
	TRY(text_of(a, j, "name", &p->name));
	TRY(text_of(a, j, "disposition", &p->disposition));
	TRY(text_of(a, j, "encoding", &p->encoding));
	TRY(text_of(a, j, "charset", &p->charset));
	TRY(text_of(a, j, "id", &p->id));
	if (!p->type.len || (p->name.len && failed(mime_file_name_check(p->name, NULL))))
		return garbage();
	TRY(read_mailboxes(a, json_object_get(j, "from"), &p->from));
	TRY(read_mailboxes(a, json_object_get(j, "to"), &p->to));
	TRY(read_mailboxes(a, json_object_get(j, "cc"), &p->cc));
	TRY(read_mailboxes(a, json_object_get(j, "reply_to"), &p->reply_to));
	return read_headers(a, json_object_get(j, "headers"), &p->headers);
}

static err read_part(struct arena *a, const json_t *j, uint64_t depth, struct mime_part **out)
{
	const json_t *parts = json_object_get(j, "parts");
	struct mime_part **end;

	if (!json_is_object(j) || !json_is_array(parts) || depth > mime_limits.depth)
		return garbage();
	TRY(NEW(a, *out));
	TRY(read_texts(a, j, *out));
	end = &(*out)->parts;
	for (size_t i = 0; i < json_array_size(parts); i++, end = &(*end)->next)
		TRY(read_part(a, json_array_get(parts, i), depth + 1, end));
	return (*out)->parts ? OK : read_body(j, *out);
}

static err parameters_of(struct arena *a, const struct mime_policy *policy, str *out)
{
	const struct mime_limits *l = &policy->limits;

	return str_format(a, out,
			  "{\"strict\":%s,\"limits\":{\"message\":%llu,\"line\":%llu,\"field\":%llu,\"header\":%llu,"
			  "\"headers\":%llu,\"fields\":%llu,\"parts\":%llu,\"depth\":%llu,\"parameters\":%llu}}",
			  policy->strict ? "true" : "false", (unsigned long long)l->message,
			  (unsigned long long)l->line, (unsigned long long)l->field, (unsigned long long)l->header,
			  (unsigned long long)l->headers, (unsigned long long)l->fields, (unsigned long long)l->parts,
			  (unsigned long long)l->depth, (unsigned long long)l->parameters);
}

err check_mime(struct inspectors *pool, struct arena *a, const struct mime_policy *policy, struct source *message,
	       struct mime_part **root, str *json, struct fault *f)
{
	struct inspection what = { .job = INSPECT_mime_show, .document = message, .answer_max = ANSWER_MAX };
	struct mime_part *read = NULL;
	str answer = STR_NONE;

	TRY(parameters_of(a, policy, &what.parameters));
	TRY(inspect(pool, a, &what, &answer, f));
	OWNED(json_done)
	json_t *j = json_loadb(answer.at ? answer.at : "", answer.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	err e = read_part(a, j, 0, &read);
	if (failed(e)) {
		if (fault_empty(f))
			fault_set(f, "the inspector's answer is not understood");
		return e;
	}
	if (root)
		*root = read;
	if (json)
		*json = answer;
	return OK;
}
