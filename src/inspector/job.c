/* What handlers ask of their job. */
#include "inspector/inspector.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Parameters may be secrets: what jansson copied of them is wiped. */
static void free_wiped(void *at)
{
	if (at)
		explicit_bzero(at, malloc_usable_size(at));
	free(at);
}

void prepare_json(void)
{
	json_set_alloc_funcs(malloc, free_wiped);
	json_object_seed(0);
}

err job_answer(struct job *job, json_t *object)
{
	const size_t flags = JSON_COMPACT;
	size_t len = object ? json_dumpb(object, NULL, 0, flags) : 0;
	void *at;

	err e = len ? arena_take(job->arena, len, &at) : LATER(MEMORY, "no memory for the answer");
	if (!failed(e)) {
		len = json_dumpb(object, at, len, flags);
		job->answer = str_bytes(at, len);
	}
	json_decref(object);
	return e;
}

str job_text(const struct job *job, const char *name)
{
	const json_t *j = json_object_get(job->parameters, name);

	return json_is_string(j) ? str_bytes(json_string_value(j), json_string_length(j)) : STR_NONE;
}

bool job_flag(const struct job *job, const char *name)
{
	return json_is_true(json_object_get(job->parameters, name));
}

uint64_t job_number(const struct job *job, const char *name, uint64_t otherwise)
{
	const json_t *j = json_object_get(job->parameters, name);

	return json_is_integer(j) && json_integer_value(j) >= 0 ? (uint64_t)json_integer_value(j) : otherwise;
}
