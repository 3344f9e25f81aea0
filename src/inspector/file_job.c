#include "inspector/file.h"
#include "inspector/inspector.h"
#include "sys/sys.h"

void prepare_file(void)
{
	file_prepare();
}

/* A document that is refused is an answer; the error is left to what could not be looked into. */
err job_file(struct job *job, struct fault *fault)
{
	const struct clock clock = sys_clock();
	struct file_question question;
	struct file_verdict verdict;
	struct buf answer;

	(void)fault;
	TRY(file_question_read(job->arena, job->parameters, &question));
	TRY(file_look(job->arena, &clock, &question, job->document, &verdict));
	TRY(buf_open(job->arena, FILE_ANSWER_MAX, &answer));
	buf_add_file_verdict(&answer, &verdict);
	job->answer = buf_str(&answer);
	return buf_check(&answer);
}
