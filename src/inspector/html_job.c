/* The job: HTML comes as the document, clean HTML goes as the result, what was left out is the answer. */
#include "inspector/html.h"
#include "inspector/inspector.h"

static err read_all(struct job *job, str *out)
{
	void *at;
	size_t got;

	TRY(arena_take(job->arena, HTML_MAX + 1, &at)); /* one more tells what is too large from what just fits */
	TRY(source_read_full(job->document, at, HTML_MAX + 1, &got));
	*out = str_bytes(at, got);
	return OK;
}

static json_t *list_of(const struct html_removed *removed)
{
	json_t *list = json_array();

	for (; removed; removed = removed->next)
		json_array_append_new(list,
				      json_pack("{s:s, s:s%, s:I}", "what", removed->what, "name", removed->name.at,
						removed->name.len, "count", (json_int_t)removed->count));
	return list;
}

err job_html_clean(struct job *job, struct fault *fault)
{
	struct html_rules rules = { .remote_images = job_flag(job, "remote_images") };
	struct html_result result;
	str html;

	TRY(read_all(job, &html));
	TRY(html_clean(job->arena, html, &rules, &result, fault));
	TRY(sink_put(job->result, result.html));
	return job_answer(job, json_pack("{s:o}", "removed", list_of(result.removed)));
}
