/* usage: bench-s3 ENDPOINT CA BUCKET KEYS COUNT SIZE
 * Puts COUNT objects of SIZE bytes into the bucket, sealed, in batches as `send` makes them, then reads them all, a few
 * side by side as the page does, and says how long each took and how much memory was the most. KEYS is an empty folder.
 */
#include "store/store.h"
#include "sys/sys.h"
#include "wire/sigv4.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 256, READERS = 8, ROOM = 1 << 20 };

struct bench {
	struct store *store;
	struct keyring *keys;
	struct entropy entropy;
	struct object *objects;
	size_t count;
	uint64_t size;
};

static err login(void *state, struct arena *secret, struct aws_credentials *out)
{
	(void)state, (void)secret;
	*out = (struct aws_credentials){ STR("TESTACCESSKEY0000001"), STR("testsecretkey000000000000000000000000001"),
					 STR_NONE };
	return OK;
}

static const id owner = { "bench" };
static char bytes[1 << 20];

static err put_one(struct bench *b, struct store_batch *batch, struct object *object)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(sink_done) struct sink out = { 0 };

	TRY(arena_open(ROOM, &a));
	TRY(store_create(batch, a, b->keys, &b->entropy, owner, object, &out));
	for (uint64_t left = b->size; left;) {
		size_t now = left < sizeof bytes ? (size_t)left : sizeof bytes;
		TRY(sink_write(&out, bytes, now));
		left -= now;
	}
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
			TRY(put_one(b, batch, &b->objects[i++]));
		TRY(store_commit(batch));
	}
	return OK;
}

struct reading {
	struct bench *bench;
	size_t first;
	err failed;
};

static err get_one(struct bench *b, const struct object *object)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(source_done) struct source in = { 0 };
	uint64_t got = 0;
	struct sink to = sink_to_count(&got);

	TRY(arena_open(ROOM, &a));
	TRY(store_read(b->store, a, b->keys, owner, object, 0, STORE_ALL, &in));
	TRY(pump(&in, &to));
	source_done(&in);
	return got == b->size ? OK : BROKEN(IO, "too few bytes came back");
}

static void *read_share(void *state)
{
	struct reading *r = state;

	for (size_t i = r->first; i < r->bench->count && !failed(r->failed); i += READERS)
		r->failed = get_one(r->bench, &r->bench->objects[i]);
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

static err open_all(struct bench *b, char **argv)
{
	const struct store_s3_options options = { .bucket = str_of(argv[3]),
						  .region = STR("default"),
						  .endpoint = str_of(argv[1]),
						  .bucket_in_path = true,
						  .ca_file = argv[2],
						  .login = { .get = login },
						  .clock = sys_clock() };

	b->entropy = sys_entropy();
	static const enum key_kind kinds[] = { KEY_MASTER, KEY_LINK, KEY_LOOKUP };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		TRY(keyring_key_new(argv[4], kinds[i], STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, SECOND, &b->entropy,
				    NULL));
	TRY(keyring_open(argv[4], &b->entropy, &b->keys, NULL));
	TRY(entropy_fill(&b->entropy, bytes, sizeof bytes));
	return store_open_s3(&options, &b->store, NULL);
}

/* Not getrusage(): that remembers the program that started this one. */
static long most_memory_kb(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	while (f && fgets(line, sizeof line, f))
		if (str_starts(str_of(line), STR("VmHWM:")))
			kb = strtol(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	double put = 0, get = 0;

	if (argc != 7)
		return 2;
	b.count = strtoul(argv[5], NULL, 10);
	b.size = strtoull(argv[6], NULL, 10);
	b.objects = calloc(b.count, sizeof *b.objects);
	err e = b.objects ? open_all(&b, argv) : LATER(MEMORY, "");
	if (!failed(e))
		e = timed(&b, put_all, &put);
	if (!failed(e))
		e = timed(&b, get_all, &get);
	if (failed(e)) {
		fprintf(stderr, "%s\n", e.note);
		return 1;
	}
	printf("{\"put\": %.3f, \"get\": %.3f, \"memory_kb\": %ld}\n", put, get, most_memory_kb());
	store_done(&b.store);
	keyring_done(&b.keys);
	free(b.objects);
	return 0;
}
