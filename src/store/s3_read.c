/* Reading. A short object is one request. Whoever reads on gets longer windows, and some are fetched ahead by the
 * threads while one is read: a store answers several requests faster than one, and many readers share what memory there
 * is for that. What no thread has begun, the reader fetches itself: nobody waits for another's turn. */
#include "store/s3.h"

#include <stdlib.h>

enum { FIRST_WINDOW = 256 * 1024, WINDOW = 2 * 1024 * 1024, AHEAD = 4, CALL_ROOM = 256 * 1024 };

struct s3_reader {
	struct s3 *s3;
	char key[S3_KEY_MAX], etag[S3_ETAG_MAX];
	uint64_t size;
	struct s3_job *window;       /* what is read now; null before the first */
	struct s3_job *ahead[AHEAD]; /* what follows it, without a gap */
	size_t ahead_count;
};

/* Whatever was opened is what is read on: by its ETag. */
static err run_get(struct s3 *s, struct s3_job *job)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;
	const struct s3_call call = { .method = STR("GET"),
				      .key = job->key,
				      .if_match = str_of(job->etag),
				      .to = job->bytes,
				      .room = job->room,
				      .at = job->at };

	TRY(arena_open(CALL_ROOM, &a));
	TRY(s3_call(s, a, &call, &answer));
	job->len = answer.got;
	job->total = answer.total;
	memcpy(job->etag, answer.etag, sizeof job->etag);
	return OK;
}

static err new_window(const struct s3_reader *r, uint64_t at, size_t len, struct s3_job **out)
{
	struct s3_job *job = calloc(1, sizeof *job);
	char *bytes = malloc(len);

	if (!job || !bytes) {
		free(job);
		free(bytes);
		return LATER(MEMORY, "no memory to read from the store");
	}
	job->run = run_get;
	job->reads = true;
	memcpy(job->key, r->key, sizeof job->key);
	memcpy(job->etag, r->etag, sizeof job->etag);
	job->bytes = bytes;
	job->room = len;
	job->at = at;
	*out = job;
	return OK;
}

static void forget_ahead(struct s3_reader *r)
{
	while (r->ahead_count)
		s3_forget(r->s3, r->ahead[--r->ahead_count]);
}

/* The job is the window from now on; its failure is the reader's. */
static err take_window(struct s3_reader *r, struct s3_job *job)
{
	s3_collect(r->s3, job);
	if (failed(job->result)) {
		err e = job->result;
		s3_forget(r->s3, job);
		return e;
	}
	r->window = job;
	r->size = job->total;
	memcpy(r->etag, job->etag, sizeof r->etag);
	return OK;
}

static void free_reader(struct s3_reader *r)
{
	forget_ahead(r);
	if (r->window)
		s3_forget(r->s3, r->window);
	free(r);
}

static err open_key(struct s3 *s, id object, bool direct, struct store_reader *out)
{
	struct s3_reader *r = calloc(1, sizeof *r);
	struct s3_job *first = NULL;

	if (!r)
		return LATER(MEMORY, "no memory to read from the store");
	r->s3 = s;
	(void)s3_key(s, object, direct, r->key);
	err e = new_window(r, 0, FIRST_WINDOW, &first);
	if (!failed(e))
		e = take_window(r, first);
	if (failed(e)) {
		free_reader(r);
		return e;
	}
	out->state = r;
	out->size = r->size;
	return OK;
}

err s3_open(void *state, struct arena *a, id object, struct store_reader *out)
{
	(void)a;
	return open_key(state, object, false, out);
}

err s3_open_direct(void *state, struct arena *a, id object, struct store_reader *out)
{
	(void)a;
	return open_key(state, object, true, out);
}

static size_t upto_end(const struct s3_reader *r, uint64_t at, size_t len)
{
	return r->size - at < len ? (size_t)(r->size - at) : len;
}

/* From `at` on, which nothing of what is under way goes beyond; as much as there is room for. */
static void fetch_ahead(struct s3_reader *r, uint64_t at)
{
	struct s3_job *job;

	if (r->ahead_count)
		at = r->ahead[r->ahead_count - 1]->at + r->ahead[r->ahead_count - 1]->room;
	while (r->ahead_count < AHEAD && at < r->size) {
		size_t len = upto_end(r, at, WINDOW);
		if (failed(new_window(r, at, len, &job)))
			return;
		if (!s3_offer(r->s3, job)) {
			s3_forget(r->s3, job);
			return;
		}
		r->ahead[r->ahead_count++] = job;
		at += len;
	}
}

static struct s3_job *take_ahead(struct s3_reader *r)
{
	struct s3_job *first = r->ahead[0];

	r->ahead_count--;
	memmove(r->ahead, r->ahead + 1, r->ahead_count * sizeof *r->ahead);
	return first;
}

static err refill(struct s3_reader *r, uint64_t offset, size_t len)
{
	struct s3_job *job = r->window;
	bool in_order = job && offset == job->at + job->len;

	if (job)
		s3_forget(r->s3, job);
	r->window = NULL;
	if (!in_order)
		forget_ahead(r);
	if (in_order && r->size - offset > WINDOW)
		fetch_ahead(r, offset);
	if (r->ahead_count)
		return take_window(r, take_ahead(r));
	size_t window = in_order ? WINDOW : FIRST_WINDOW;
	TRY(new_window(r, offset, upto_end(r, offset, window < len ? len : window), &job));
	return take_window(r, job);
}

err s3_read_at(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got)
{
	struct s3_reader *r = reader;
	char *at = to;
	size_t done = 0;

	(void)state;
	while (done < len && offset + done < r->size) {
		const struct s3_job *w = r->window;
		uint64_t now = offset + done;
		if (!w || now < w->at || now >= w->at + w->len) {
			TRY(refill(r, now, len - done));
			continue;
		}
		str part = str_upto(str_from(str_bytes(w->bytes, w->len), (size_t)(now - w->at)), len - done);
		memcpy(at + done, part.at, part.len);
		done += part.len;
	}
	*got = done;
	return OK;
}

void s3_reader_done(void *state, void *reader)
{
	(void)state;
	free_reader(reader);
}
