#include "check/html.h"

#include <jansson.h>

static err read_one(struct arena *a, const json_t *j, struct html_left_out *out)
{
	const char *what = json_string_value(json_object_get(j, "what"));
	const char *name = json_string_value(json_object_get(j, "name"));
	json_int_t count = json_integer_value(json_object_get(j, "count"));

	if (!what || !name || count < 0)
		return NEVER(PROTOCOL, "the inspector's answer is not understood");
	TRY(str_copy(a, str_of(what), &out->what));
	TRY(str_copy(a, str_of(name), &out->name));
	out->count = (uint64_t)count;
	return OK;
}

static err read_list(struct arena *a, const json_t *list, struct clean_html *out)
{
	out->left_out_count = json_array_size(list);
	TRY(NEW_ARRAY(a, out->left_out_count, out->left_out));
	for (size_t i = 0; i < out->left_out_count; i++)
		TRY(read_one(a, json_array_get(list, i), &out->left_out[i]));
	return OK;
}

static err read_answer(struct arena *a, str answer, struct clean_html *out)
{
	json_t *j = json_loadb(answer.at, answer.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(j, "removed");
	err e = json_is_array(list) ? read_list(a, list, out)
				    : NEVER(PROTOCOL, "the inspector's answer is not understood");

	json_decref(j);
	return e;
}

err check_html(struct inspectors *pool, struct arena *a, str html, const struct html_policy *policy,
	       struct clean_html *out, struct fault *f)
{
	struct source document = source_of_str(&html);
	struct clean_html made = { 0 };
	struct buf room;
	str answer;

	/* Each byte may become an entity. */
	TRY(buf_open(a, html.len < CHECK_HTML_OUT_MAX / 8 ? 8 * html.len + 65536 : CHECK_HTML_OUT_MAX, &room));
	struct sink result = sink_to_buf(&room);
	struct inspection what = { .job = INSPECT_html_clean, .document = &document, .result = &result };
	what.parameters = policy->remote_images ? STR("{\"remote_images\":true}") : STR_NONE;
	TRY(inspect(pool, a, &what, &answer, f));
	TRY(read_answer(a, answer, &made));
	made.html = buf_str(&room);
	*out = made;
	return OK;
}
