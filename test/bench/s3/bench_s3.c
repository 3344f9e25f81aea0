/* usage: bench-s3 put|get ENDPOINT CA BUCKET FOLDER COUNT
 * put: the files FOLDER/source/0 … COUNT-1 into the bucket, sealed, in batches as `send` makes them. get: all of them
 * into FOLDER/out, a few side by side as the page does. Says how many seconds that took. The keys and what was put are
 * remembered in FOLDER.
 */
#include "store/store.h"
#include "sys/sys.h"
#include "wire/sigv4.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256, READERS = 10, ROOM = 1 << 20 };

struct bench {
	struct store *store;
	struct keyring *keys;
	struct entropy entropy;
	const char *folder;
	struct object *objects;
	size_t count;
};

static err login(void *state, struct arena *secret, struct aws_credentials *out)
{
	(void)state, (void)secret;
	*out = (struct aws_credentials){ STR("TESTACCESSKEY0000001"), STR("testsecretkey000000000000000000000000001"),
					 STR_NONE };
	return OK;
}

static const id owner = { "bench" };

static err file_of(const struct bench *b, struct arena *a, const char *kind, size_t i, const char **path)
{
	str text;

	TRY(str_format(a, &text, "%s/%s/%zu", b->folder, kind, i));
	return str_c(a, text, path);
}

static err put_one(struct bench *b, struct store_batch *batch, size_t i)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(sink_done) struct sink out = { 0 };
	OWNED(source_done) struct source in = { 0 };
	const char *path;
	int fd;

	TRY(arena_open(ROOM, &a));
	TRY(file_of(b, a, "source", i, &path));
	TRY(file_open(path, O_RDONLY, 0, &fd));
	TRY(file_source(a, fd, &in));
	TRY(store_create(batch, a, b->keys, &b->entropy, owner, &b->objects[i], &out));
	TRY(pump(&in, &out));
	return sink_finish(&out);
}

static void batch_done(struct store_batch **batch)
{
	store_batch_done(batch);
}

static err put_all(struct bench *b)
{
	for (size_t i = 0; i < b->count;) {
		OWNED(batch_done) struct store_batch *batch = NULL;
		TRY(store_begin(b->store, &batch));
		for (size_t n = 0; n < BATCH && i < b->count; n++)
			TRY(put_one(b, batch, i++));
		TRY(store_commit(batch));
	}
	return OK;
}

struct reading {
	struct bench *bench;
	size_t first;
	err failed;
};

static err get_one(struct bench *b, size_t i)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(source_done) struct source in = { 0 };
	OWNED(sink_done) struct sink out = { 0 };
	const char *path;

	TRY(arena_open(ROOM, &a));
	TRY(file_of(b, a, "out", i, &path));
	TRY(store_read(b->store, a, b->keys, owner, &b->objects[i], 0, STORE_ALL, &in));
	TRY(file_put(a, path, 0600, false, &out));
	TRY(pump(&in, &out));
	return sink_finish(&out);
}

static void *read_share(void *state)
{
	struct reading *r = state;

	for (size_t i = r->first; i < r->bench->count && !failed(r->failed); i += READERS)
		r->failed = get_one(r->bench, i);
	return NULL;
}

static err get_all(struct bench *b)
{
	struct reading share[READERS];
	pthread_t thread[READERS];
	err e = OK;

	for (size_t i = 0; i < READERS; i++) {
		share[i] = (struct reading){ b, i, OK };
		must(pthread_create(&thread[i], NULL, read_share, &share[i]) == 0);
	}
	for (size_t i = 0; i < READERS; i++) {
		must(pthread_join(thread[i], NULL) == 0);
		e = err_first(e, share[i].failed);
	}
	return e;
}

static err timed(struct bench *b, err (*work)(struct bench *b), double *seconds)
{
	struct clock clock = sys_clock();
	int64_t begun = clock_ticks(&clock);

	TRY(work(b));
	*seconds = (double)(clock_ticks(&clock) - begun) / 1e6;
	return OK;
}

static err make_keys(struct bench *b, const char *folder)
{
	static const enum key_kind kinds[] = { KEY_MASTER, KEY_LINK, KEY_LOOKUP };

	TRY(dir_make(folder, 0700));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		TRY(keyring_key_new(folder, kinds[i], STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, SECOND, &b->entropy,
				    NULL));
	return OK;
}

static err open_all(struct bench *b, struct arena *a, char **argv)
{
	const struct store_s3_options options = { .bucket = str_of(argv[4]),
						  .region = STR("default"),
						  .endpoint = str_of(argv[2]),
						  .bucket_in_path = true,
						  .ca_file = argv[3],
						  .login = { .get = login },
						  .clock = sys_clock() };
	const char *keys;

	b->folder = argv[5];
	b->entropy = sys_entropy();
	TRY(path_join(a, b->folder, STR("keys"), &keys));
	if (!file_exists(keys))
		TRY(make_keys(b, keys));
	TRY(keyring_open(keys, &b->entropy, &b->keys, NULL));
	return store_open_s3(&options, &b->store, NULL);
}

static err remembered(struct bench *b, struct arena *a, bool write)
{
	size_t len = b->count * sizeof *b->objects;
	const char *path;
	str kept;

	TRY(path_join(a, b->folder, STR("objects"), &path));
	if (write)
		return file_write_atomic(path, str_bytes(b->objects, len), 0600);
	TRY(file_read_all(a, path, ROOM, &kept));
	if (kept.len != len)
		return BROKEN(IO, "other objects are remembered");
	memcpy(b->objects, kept.at, len);
	return OK;
}

static err run(struct bench *b, struct arena *a, char **argv)
{
	bool put = str_same(str_of(argv[1]), STR("put"));
	double seconds;

	TRY(open_all(b, a, argv));
	if (!put)
		TRY(remembered(b, a, false));
	TRY(timed(b, put ? put_all : get_all, &seconds));
	printf("%.3f\n", seconds);
	return put ? remembered(b, a, true) : OK;
}

int main(int argc, char **argv)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct bench b = { 0 };

	if (argc != 7)
		return 2;
	b.count = strtoul(argv[6], NULL, 10);
	b.objects = calloc(b.count, sizeof *b.objects);
	err e = arena_open((size_t)4 * ROOM, &a);
	if (!failed(e))
		e = b.objects ? run(&b, a, argv) : LATER(MEMORY, "no memory");
	store_done(&b.store);
	keyring_done(&b.keys);
	free(b.objects);
	if (failed(e))
		fprintf(stderr, "%s\n", e.note);
	return failed(e);
}
