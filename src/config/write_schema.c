/* The table as a JSON Schema (draft 2020-12), for editors. The reader is stricter: it alone decides. */
#include "config/config.h"

#include <jansson.h>
#include <string.h>

static const char *const patterns[] = {
#define KIND(name, type, choices, words, pattern) [KIND_##name] = pattern,
#include "config/kinds.def"
#undef KIND
	[KIND_RECORDS] = NULL,
};

static json_t *choices_of(enum config_kind kind)
{
	str rest = str_of(config_kind_choices(kind)), choice;
	json_t *list = json_array();

	while (rest.len) {
		str_cut(rest, '|', &choice, &rest);
		json_array_append_new(list, json_stringn(choice.at, choice.len));
	}
	return json_pack("{s:o}", "enum", list);
}

static json_t *secret_shape(void)
{
	return json_pack("{s:s, s:i, s:i, s:b, s:{s:{s:s}, s:{s:s}, s:{s:s, s:{s:s}, s:i}}}", "type", "object",
			 "minProperties", 1, "maxProperties", 1, "additionalProperties", 0, "properties", "file",
			 "type", "string", "credential", "type", "string", "command", "type", "array", "items", "type",
			 "string", "minItems", 1);
}

/* Numbers with a unit or a word may also stand as plain numbers, which YAML gives as numbers. */
static json_t *number_or_text(const char *pattern)
{
	return json_pack("{s:[{s:s}, {s:s, s:s}]}", "anyOf", "type", "number", "type", "string", "pattern", pattern);
}

static json_t *shape(const struct config_setting *s)
{
	if (s->kind == KIND_SECRET)
		return secret_shape();
	if (config_kind_choices(s->kind))
		return choices_of(s->kind);
	switch (s->kind) {
	case KIND_FLAG:
		return json_pack("{s:s}", "type", "boolean");
	case KIND_NUMBER:
		return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)s->least, "maximum",
				 (json_int_t)s->most);
	case KIND_TEXT:
	case KIND_PATH:
		return json_pack("{s:s, s:i, s:I}", "type", "string", "minLength", s->least > 0 ? (int)s->least : 1,
				 "maxLength", (json_int_t)s->most);
	case KIND_STORE:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", patterns[s->kind]);
	default:
		return number_or_text(patterns[s->kind]);
	}
}

static json_t *group(void)
{
	return json_pack("{s:s, s:b, s:{}}", "type", "object", "additionalProperties", 0, "properties");
}

static void require(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, "required");

	if (!list) {
		list = json_array();
		json_object_set_new(object, "required", list);
	}
	json_array_append_new(list, json_string(name));
}

static json_t *add(json_t *object, const char *name, json_t *what, const struct config_setting *s)
{
	json_object_set_new(what, "description", json_string(s->about));
	if (s->fallback && s->fallback[0])
		json_object_set_new(what, "default", json_string(s->fallback));
	json_object_set_new(json_object_get(object, "properties"), name, what);
	if (!s->fallback)
		require(object, name);
	return what;
}

static json_t *build(void)
{
	size_t count;
	const struct config_setting *table = config_settings(&count);
	json_t *root = group(), *inner = NULL;

	json_object_set_new(root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(root, "title", json_string("letterlock.yaml"));
	for (size_t i = 0; i < count; i++) {
		const struct config_setting *s = &table[i];
		const char *dot = strrchr(s->name, '.');

		if (s->kind == KIND_SECTION)
			inner = add(root, s->name, group(), s);
		else if (s->kind == KIND_RECORDS)
			inner = json_object_get(
				add(root, s->name, json_pack("{s:s, s:o}", "type", "array", "items", group()), s),
				"items");
		else
			add(dot ? inner : root, dot ? dot + 1 : s->name, shape(s), s);
	}
	/* A section that holds a required setting is required itself. */
	require(root, "sender");
	return root;
}

static int give(const char *bytes, size_t len, void *out)
{
	buf_add(out, str_bytes(bytes, len));
	return 0;
}

err config_write_schema(struct buf *out)
{
	json_t *root = build();

	if (!root || json_dump_callback(root, give, out, JSON_INDENT(2)))
		return LATER(MEMORY, "no memory for the schema");
	json_decref(root);
	buf_add_char(out, '\n');
	return buf_check(out);
}
