#include "store/bucket.h"

#include "store/s3.h"

#include <stdlib.h>

enum { CALL_ROOM = 512 * 1024, FIRST_WINDOW = 256 * 1024, WINDOW = 4 * 1024 * 1024 };

struct bucket {
	struct s3 *s3;
};

err bucket_open(const struct store_s3_options *options, struct bucket **out, struct fault *fault)
{
	OWNED(bucket_done) struct bucket *b = calloc(1, sizeof *b);

	if (!b) {
		if (options->login.done)
			options->login.done(options->login.state);
		return LATER(MEMORY, "no memory for a bucket");
	}
	TRY(s3_new(options, &b->s3, fault));
	*out = b;
	b = NULL;
	return OK;
}

void bucket_done(struct bucket **b)
{
	if (!*b)
		return;
	if ((*b)->s3)
		s3_close((*b)->s3);
	free(*b);
	*b = NULL;
}

static err key_of(const struct bucket *b, str name, char room[S3_KEY_MAX])
{
	struct buf key = { .at = room, .max = S3_KEY_MAX };

	if (name.len == 0 || name.len > BUCKET_NAME_MAX)
		return NEVER(LIMIT, "the name of an object has 1 to 500 bytes here");
	buf_add(&key, b->s3->options.prefix);
	buf_add(&key, name);
	(void)buf_c(&key);
	return str_has(name, 0) ? NEVER(SYNTAX, "the name of an object holds a NUL") : buf_check(&key);
}

static err read_part(struct bucket *b, const char *key, str etag, uint64_t at, void *to, size_t room,
		     struct s3_answer *out)
{
	OWNED(arena_done) struct arena *a = NULL;
	const struct s3_call call = {
		.method = STR("GET"), .key = key, .if_match = etag, .to = to, .room = room, .at = at
	};

	TRY(arena_open(CALL_ROOM, &a));
	return s3_call(b->s3, a, &call, out);
}

err bucket_look(struct bucket *b, struct arena *a, str name, struct bucket_object *out)
{
	struct s3_answer answer;
	char key[S3_KEY_MAX];
	const struct s3_call call = { .method = STR("HEAD"), .key = key };

	SCRATCH(a);
	TRY(key_of(b, name, key));
	TRY(s3_call(b->s3, a, &call, &answer));
	if (!answer.etag[0])
		return NEVER(STORE, "the store does not say which object it has");
	out->size = answer.total;
	memcpy(out->etag, answer.etag, sizeof answer.etag);
	return OK;
}

/* What follows the first `at` bytes. */
static err read_rest(struct bucket *b, const char *key, uint64_t at, uint64_t size, str etag, void *window,
		     struct sink *to)
{
	struct s3_answer answer;

	for (; at < size; at += answer.got) {
		uint64_t left = size - at;
		TRY(read_part(b, key, etag, at, window, left < WINDOW ? (size_t)left : WINDOW, &answer));
		if (answer.got == 0)
			return LATER(PROTOCOL, "the store gave less than it has");
		TRY(sink_write(to, window, answer.got));
	}
	return OK;
}

err bucket_read(struct bucket *b, struct arena *a, str name, const struct bucket_object *what, struct sink *to)
{
	char key[S3_KEY_MAX];
	void *window;

	SCRATCH(a);
	TRY(key_of(b, name, key));
	TRY(arena_room(a, what->size < WINDOW ? (size_t)what->size + 1 : WINDOW, &window));
	return read_rest(b, key, 0, what->size, str_of(what->etag), window, to);
}

err bucket_fetch(struct bucket *b, struct arena *a, str name, uint64_t max, struct sink *to)
{
	struct s3_answer first;
	char key[S3_KEY_MAX];
	void *window;

	SCRATCH(a);
	TRY(key_of(b, name, key));
	TRY(arena_room(a, WINDOW, &window));
	err e = read_part(b, key, STR_NONE, 0, window, WINDOW, &first);
	if (e.why == WHY_SYNTAX) /* not even a first byte can be had */
		return OK;
	TRY(e);
	if (first.total > max)
		return NEVER(LIMIT, "an object is larger than it may be");
	TRY(sink_write(to, window, first.got));
	return read_rest(b, key, first.got, first.total, str_of(first.etag), window, to);
}

/* Mostly one request: what is short comes whole with the first. */
err bucket_get(struct bucket *b, struct arena *a, str name, uint64_t max, str *out)
{
	struct s3_answer first, next;
	char key[S3_KEY_MAX];
	void *window;

	TRY(key_of(b, name, key));
	TRY(arena_room(a, FIRST_WINDOW, &window));
	TRY(read_part(b, key, STR_NONE, 0, window, FIRST_WINDOW, &first));
	if (first.total > max)
		return NEVER(LIMIT, "an object is larger than it may be");
	*out = str_bytes(window, first.got);
	if (first.total <= first.got)
		return OK;
	char *whole;
	TRY(arena_room(a, (size_t)first.total, (void **)&whole));
	memcpy(whole, window, first.got);
	for (size_t at = first.got; at < first.total; at += next.got) {
		TRY(read_part(b, key, str_of(first.etag), at, whole + at, (size_t)first.total - at, &next));
		if (next.got == 0)
			return LATER(PROTOCOL, "the store gave less than it has");
	}
	*out = str_bytes(whole, (size_t)first.total);
	return OK;
}

static err put(struct bucket *b, str name, str bytes, bool only_new)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;
	char key[S3_KEY_MAX];
	const struct s3_call call = {
		.method = STR("PUT"), .key = key, .body = bytes, .seals = true, .only_new = only_new
	};

	TRY(key_of(b, name, key));
	TRY(arena_open(CALL_ROOM, &a));
	return s3_call(b->s3, a, &call, &answer);
}

err bucket_put(struct bucket *b, str name, str bytes)
{
	return put(b, name, bytes, false);
}

err bucket_put_new(struct bucket *b, str name, str bytes)
{
	return put(b, name, bytes, true);
}
