/* A few threads that do requests while others seal or open. They are started by the first job, after any fork. */
#include "store/s3.h"

#include <stdlib.h>

/* Under the lock. */
static void free_window(struct s3 *s, struct s3_job *job)
{
	if (job->offered)
		s->ahead -= job->room;
	free(job->bytes);
	free(job);
}

static void finish(struct s3 *s, struct s3_job *job, err result)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	if (!job->reads) {
		s->given--;
		s->buffered -= job->len;
		free(job->bytes);
		job->bytes = NULL;
	}
	job->result = result;
	job->done = true;
	if (job->forgotten)
		free_window(s, job);
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
		job->begun = true;
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

/* Under the lock. */
static bool queue_job(struct s3 *s, struct s3_job *job)
{
	if (!start_threads(s))
		return false;
	job->next = NULL;
	*s->last = job;
	s->last = &job->next;
	must(pthread_cond_signal(&s->work) == 0);
	return true;
}

static bool has_room(const struct s3 *s, size_t len)
{
	return !s->given || (s->given < S3_JOBS_MAX && s->buffered + len <= S3_BUFFERED_MAX);
}

void s3_give(struct s3 *s, struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	while (!has_room(s, job->len))
		must(pthread_cond_wait(&s->done, &s->lock) == 0);
	s->given++;
	s->buffered += job->len;
	bool queued = queue_job(s, job);
	must(pthread_mutex_unlock(&s->lock) == 0);
	if (!queued)
		finish(s, job, LATER(MEMORY, "no thread for the store"));
}

bool s3_is_done(struct s3 *s, const struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	bool done = job->done;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return done;
}

void s3_wait(struct s3 *s, const struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	while (!job->done)
		must(pthread_cond_wait(&s->done, &s->lock) == 0);
	must(pthread_mutex_unlock(&s->lock) == 0);
}

/* ── Windows ─────────────────────────────────────────────────────────────────────────────────────── */

bool s3_offer(struct s3 *s, struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	bool taken = s->ahead + job->room <= S3_AHEAD_MAX && queue_job(s, job);
	if (taken) {
		s->ahead += job->room;
		job->offered = true;
	}
	must(pthread_mutex_unlock(&s->lock) == 0);
	return taken;
}

/* Under the lock; what no thread has begun. */
static void take_back(struct s3 *s, struct s3_job *job)
{
	struct s3_job **at = &s->first;

	while (*at && *at != job)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = job->next;
	if (!*at)
		s->last = at;
}

void s3_collect(struct s3 *s, struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	bool ours = !job->begun;
	if (ours)
		take_back(s, job);
	job->begun = true;
	while (!ours && !job->done)
		must(pthread_cond_wait(&s->done, &s->lock) == 0);
	must(pthread_mutex_unlock(&s->lock) == 0);
	if (ours)
		finish(s, job, job->run(s, job));
}

void s3_forget(struct s3 *s, struct s3_job *job)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	if (!job->begun)
		take_back(s, job);
	if (job->begun && !job->done)
		job->forgotten = true;
	else
		free_window(s, job);
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
