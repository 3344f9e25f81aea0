/* A few threads that do requests while others seal. They are started by the first job, after any fork. */
#include "store/s3.h"

#include <stdlib.h>

static void finish(struct s3 *s, struct s3_job *job, err result)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	s->buffered -= job->len;
	free(job->bytes);
	job->bytes = NULL;
	job->result = result;
	job->done = true;
	must(pthread_cond_broadcast(&s->done) == 0);
	must(pthread_mutex_unlock(&s->lock) == 0);
}

static struct s3_job *next_job(struct s3 *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	while (!s->first && !s->ending)
		must(pthread_cond_wait(&s->work, &s->lock) == 0);
	struct s3_job *job = s->first;
	if (job) {
		s->first = job->next;
		if (!s->first)
			s->last = &s->first;
	}
	must(pthread_mutex_unlock(&s->lock) == 0);
	return job;
}

static void *work(void *state)
{
	struct s3 *s = state;

	for (struct s3_job *job = next_job(s); job; job = next_job(s))
		finish(s, job, job->run(s, job));
	return NULL;
}

/* Under the lock. One thread is enough to go on with; none is an error. */
static bool start_threads(struct s3 *s)
{
	while (s->threads < S3_THREADS && pthread_create(&s->thread[s->threads], NULL, work, s) == 0)
		s->threads++;
	return s->threads > 0;
}

void s3_give(struct s3 *s, struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	while (s->buffered && s->buffered + job->len > S3_BUFFERED_MAX)
		must(pthread_cond_wait(&s->done, &s->lock) == 0);
	s->buffered += job->len;
	bool ready = start_threads(s);
	if (ready) {
		job->next = NULL;
		*s->last = job;
		s->last = &job->next;
		must(pthread_cond_signal(&s->work) == 0);
	}
	must(pthread_mutex_unlock(&s->lock) == 0);
	if (!ready)
		finish(s, job, LATER(MEMORY, "no thread for the store"));
}

void s3_wait(struct s3 *s, const struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	while (!job->done)
		must(pthread_cond_wait(&s->done, &s->lock) == 0);
	must(pthread_mutex_unlock(&s->lock) == 0);
}

void s3_stop(struct s3 *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	s->ending = true;
	must(pthread_cond_broadcast(&s->work) == 0);
	must(pthread_mutex_unlock(&s->lock) == 0);
	while (s->threads)
		must(pthread_join(s->thread[--s->threads], NULL) == 0);
}
