/* `mime_show`: {"strict": only CRLF ends a line, "limits": {NAME: a lower bound}} */
#include "inspector/inspector.h"
#include "inspector/mime.h"

enum { ANSWER_MAX = 16 * 1024 * 1024 };

static void read_limits(const struct job *job, struct mime_limits *limits)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(job->parameters, "limits"), name, value)
	{
		uint64_t *bound = mime_limit_named(limits, str_of(name));
		if (bound && json_is_integer(value) && json_integer_value(value) >= 0)
			*bound = (uint64_t)json_integer_value(value);
	}
}

err job_mime_show(struct job *job, struct fault *fault)
{
	struct mime_limits limits = mime_limits;
	struct buf json;

	read_limits(job, &limits);
	TRY(buf_open(job->arena, ANSWER_MAX, &json));
	TRY(mime_show(job->arena, &limits, job_flag(job, "strict"), job->document, &json, fault));
	job->answer = buf_str(&json);
	return OK;
}
