/* One attempt to get out, for `letterlock sandbox check`. Getting an answer at all is news: most attempts end the
 * worker. */
#include "inspector/inspector.h"

#include "sys/cage.h"

#include <string.h>

err job_sandbox_try(struct job *job, struct fault *fault)
{
	str wanted = job_text(job, "try");

	for (size_t i = 0; i < cage_try_count; i++)
		if (str_same(wanted, str_of(cage_tries[i].name))) {
			int error = cage_tries[i].go();
			return job_answer(job, json_pack("{s:i, s:s}", "errno", error, "words",
							 error ? strerrorname_np(error) : "it went through"));
		}
	fault_set(fault, "no such attempt");
	return NEVER(NOT_FOUND, "no such attempt");
}
