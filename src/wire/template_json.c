/* JSON to the values of a template, for `template render` and for doors that take JSON. */
#include "wire/template.h"

#include <jansson.h>

enum { JSON_MAX = 1024 * 1024, JSON_DEPTH = 16 };

static err convert(struct arena *a, const char *name, size_t name_len, json_t *json, int depth,
		   struct template_value **out);

static err append(struct template_value ***end, struct template_value *v)
{
	**end = v;
	*end = &v->next;
	return OK;
}

static err convert_object(struct arena *a, json_t *json, int depth, struct template_value **out)
{
	struct template_value **end = out;

	for (void *i = json_object_iter(json); i; i = json_object_iter_next(json, i)) {
		struct template_value *v = NULL;
		TRY(convert(a, json_object_iter_key(i), json_object_iter_key_len(i), json_object_iter_value(i), depth,
			    &v));
		TRY(append(&end, v));
	}
	return OK;
}

static err convert_array(struct arena *a, json_t *json, int depth, struct template_value **out)
{
	struct template_value **end = out;

	for (size_t i = 0; i < json_array_size(json); i++) {
		struct template_value *v = NULL;
		TRY(convert(a, "", 0, json_array_get(json, i), depth, &v));
		TRY(append(&end, v));
	}
	return OK;
}

static err convert_scalar(struct arena *a, json_t *json, str *out)
{
	switch (json_typeof(json)) {
	case JSON_STRING:
		return str_copy(a, str_bytes(json_string_value(json), json_string_length(json)), out);
	case JSON_INTEGER:
		return str_format(a, out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
	case JSON_REAL:
		return str_format(a, out, "%.17g", json_real_value(json));
	case JSON_TRUE:
		*out = STR("true");
		return OK;
	default:
		*out = STR("");
		return OK;
	}
}

static err convert(struct arena *a, const char *name, size_t name_len, json_t *json, int depth,
		   struct template_value **out)
{
	struct template_value *v;

	if (depth > JSON_DEPTH)
		return NEVER(LIMIT, "the values are nested too deep");
	TRY(NEW(a, v));
	TRY(str_copy(a, str_bytes(name, name_len), &v->name));
	v->kind = json_is_object(json) ? VALUE_OBJECT : json_is_array(json) ? VALUE_LIST : VALUE_TEXT;
	if (v->kind == VALUE_OBJECT)
		TRY(convert_object(a, json, depth + 1, &v->fields));
	else if (v->kind == VALUE_LIST)
		TRY(convert_array(a, json, depth + 1, &v->items));
	else
		TRY(convert_scalar(a, json, &v->text));
	*out = v;
	return OK;
}

static void json_done(json_t **json)
{
	json_decref(*json);
}

err template_values_read(struct arena *a, str json, struct template_value **out, struct fault *f)
{
	json_error_t wrong;

	if (json.len > JSON_MAX)
		return NEVER(LIMIT, "the values are too long");
	OWNED(json_done)
	json_t *root = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
	if (!root || !json_is_object(root)) {
		fault_where(f, STR("values"), root ? 0 : (uint64_t)wrong.line, root ? 0 : (uint64_t)wrong.column);
		fault_set(f, "%s", root ? "the values are not a JSON object" : wrong.text);
		return NEVER(SYNTAX, "values that are not a JSON object");
	}
	return convert_object(a, root, 0, out);
}
