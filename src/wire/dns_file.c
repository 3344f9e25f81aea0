#include "wire/dns_file.h"

#include <jansson.h>

static void json_done(json_t **json)
{
	json_decref(*json);
}

struct filling {
	struct arena *arena;
	struct dns_entry **end;
};

static err add(struct filling *f, const char *name, const char *type, const json_t *text)
{
	struct dns_entry *r;

	TRY(NEW(f->arena, r));
	str spelled = str_of(name);
	if (str_ends(spelled, STR(".")))
		spelled.len--;
	TRY(str_copy(f->arena, spelled, &r->name));
	TRY(str_copy(f->arena, str_of(type), &r->type));
	if (text)
		TRY(str_copy(f->arena, str_bytes(json_string_value(text), json_string_length(text)), &r->text));
	*f->end = r;
	f->end = &r->next;
	return OK;
}

static err add_type(struct filling *f, const char *name, const char *type, json_t *texts)
{
	size_t i;
	json_t *text;

	if (!json_is_array(texts))
		return NEVER(SYNTAX, "records are a list of strings");
	json_array_foreach(texts, i, text)
	{
		if (!json_is_string(text))
			return NEVER(SYNTAX, "a record is a string");
		TRY(add(f, name, type, text));
	}
	return OK;
}

static err add_name(struct filling *f, const char *name, json_t *value)
{
	const char *type;
	json_t *texts;

	if (json_is_string(value) && str_same(str_of(json_string_value(value)), STR("SERVFAIL")))
		return add(f, name, "", NULL);
	if (!json_is_object(value))
		return NEVER(SYNTAX, "a name has an object of types, or \"SERVFAIL\"");
	json_object_foreach(value, type, texts) TRY(add_type(f, name, type, texts));
	return OK;
}

err dns_file_parse(struct arena *a, str json, struct dns_entry **out, struct fault *fault)
{
	struct dns_entry *all = NULL;
	struct filling f = { a, &all };
	json_error_t problem;
	const char *name;
	json_t *value;

	if (json.len > DNS_FILE_MAX)
		return NEVER(LIMIT, "the file of names is too large");
	OWNED(json_done) json_t *root = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES, &problem);
	if (!json_is_object(root)) {
		fault_where(fault, STR("--dns"), root ? 0 : (uint64_t)problem.line, 0);
		fault_set(fault, "%s", root ? "the file of names is not a JSON object" : problem.text);
		return NEVER(SYNTAX, "the file of names cannot be read");
	}
	json_object_foreach(root, name, value)
	{
		err e = add_name(&f, name, value);
		if (failed(e))
			fault_set(fault, "%s: %s", name, e.note);
		TRY(e);
	}
	*out = all;
	return OK;
}

err dns_file_find(struct arena *a, const struct dns_entry *all, str name, str type, struct dns_entry **out)
{
	struct dns_entry *found = NULL, **end = &found;

	if (str_ends(name, STR(".")))
		name.len--;
	for (const struct dns_entry *r = all; r; r = r->next) {
		if (!str_same_nocase(r->name, name))
			continue;
		if (r->type.len == 0)
			return LATER(RESOLVE, "the name server failed");
		if (!str_same_nocase(r->type, type))
			continue;
		TRY(NEW(a, *end));
		**end = *r;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	if (!found)
		return NEVER(NOT_FOUND, "no such record");
	*out = found;
	return OK;
}
