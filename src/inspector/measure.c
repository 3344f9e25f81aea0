/* The plainest job: how long the document is; with {"echo":true} it comes back, too. For tests and measurements. */
#include "inspector/inspector.h"

err job_measure(struct job *job, struct fault *fault)
{
	bool echo = job_flag(job, "echo");
	char window[4096];
	uint64_t bytes = 0;
	size_t got;

	(void)fault;
	for (;;) {
		TRY(source_read(job->document, window, sizeof window, &got));
		if (got == 0)
			break;
		bytes += got;
		if (echo)
			TRY(sink_write(job->result, window, got));
	}
	return str_format(job->arena, &job->answer, "{\"bytes\":%llu}", (unsigned long long)bytes);
}
