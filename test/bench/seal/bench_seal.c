/* What `make bench B=seal` measures of ours; one thread, so that one core is one core.
 *   bench-seal documents PASSWORD OUTDIR < names   a zip for each file, as send makes them
 *   bench-seal stream GIGABYTES                    one document of that size, made up as it goes, into nothing
 *   bench-seal parts                               each part of the work alone, as JSON */
#include "crypt/ae2_paths.h"
#include "seal/deflate.h"
#include "seal/seal.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64, PATH_MAX_BYTES = 4096 };

static void check(err e, const char *what)
{
	if (!failed(e))
		return;
	fprintf(stderr, "%s: %s\n", what, e.note);
	exit(1);
}

static double seconds(void)
{
	struct clock c = sys_clock();

	return (double)clock_ticks(&c) / 1e6;
}

/* ── Documents ───────────────────────────────────────────────────────────────────────────────────── */

static err seal_into(struct arena *a, struct zip_workspace *w, const struct zip_key *key, const char *path, int from,
		     int to)
{
	OWNED(seal_zip_done) struct zip *zip = NULL;
	OWNED(sink_done) struct sink entry = { 0 };
	OWNED(sink_done) struct sink file = { 0 };
	struct source document;
	uint64_t size;

	TRY(file_size(from, &size));
	TRY(file_source(a, from, &document));
	TRY(file_sink(a, to, &file));
	TRY(seal_zip_begin(a, &(struct zip_options){ .workspace = w, .keys = key, .key_count = 1 }, &file, &zip));
	TRY(seal_zip_entry(zip, str_of(path), 0, size, &entry));
	TRY(pump(&document, &entry));
	TRY(sink_finish(&entry));
	TRY(seal_zip_finish(zip));
	return sink_finish(&file);
}

static err seal_one(struct arena *a, struct zip_workspace *w, const struct zip_key *key, const char *path,
		    const char *outdir)
{
	OWNED(fd_done) int from = -1;
	OWNED(fd_done) int to = -1;
	const char *slash = strrchr(path, '/');
	char out[2 * PATH_MAX_BYTES];

	snprintf(out, sizeof out, "%s/%s.zip", outdir, slash ? slash + 1 : path);
	TRY(file_open(path, FILE_READ, 0, &from));
	TRY(file_open(out, FILE_NEW, 0600, &to));
	return seal_into(a, w, key, path, from, to);
}

static size_t read_names(char (*names)[PATH_MAX_BYTES])
{
	size_t count = 0;

	while (count < BATCH && fgets(names[count], PATH_MAX_BYTES, stdin)) {
		names[count][strcspn(names[count], "\n")] = 0;
		count++;
	}
	return count;
}

static int documents(const char *password, const char *outdir)
{
	static char names[BATCH][PATH_MAX_BYTES];
	static struct zip_key keys[BATCH];
	struct entropy chance = sys_entropy();
	struct zip_workspace *w;
	struct arena *a;
	str passwords[BATCH];
	size_t count;

	check(zip_workspace_open(&w), "workspace");
	check(arena_open(1 << 20, &a), "arena");
	for (size_t i = 0; i < BATCH; i++)
		passwords[i] = str_of(password);
	while ((count = read_names(names))) {
		check(seal_zip_keys(&chance, passwords, count, keys), "keys");
		for (size_t i = 0; i < count; i++) {
			SCRATCH(a);
			check(seal_one(a, w, &keys[i], names[i], outdir), names[i]);
		}
	}
	zip_workspace_done(&w);
	arena_close(a);
	return 0;
}

/* ── One long document ───────────────────────────────────────────────────────────────────────────── */

/* Mostly noise, as in documents, with a window of digits now and then. */
static void fill(uint8_t *window, size_t len, uint64_t turn)
{
	uint64_t x = turn * 0x9E3779B97F4A7C15u + 1;

	for (size_t i = 0; i + 8 <= len; i += 8) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		put_u64le(window + i, turn % 16 ? x : 0x3020303020313020u + (x & 0x0007000700070007u));
	}
}

static int stream(const char *gigabytes)
{
	static uint8_t window[STREAM_WINDOW];
	struct entropy chance = sys_entropy();
	struct zip_workspace *w;
	struct arena *a;
	struct zip_key key;
	struct zip *zip;
	struct sink entry, nothing;
	uint64_t written = 0, size = strtoull(gigabytes, NULL, 10) << 30;
	str password = STR("a password of the bench");

	check(zip_workspace_open(&w), "workspace");
	check(arena_open(1 << 20, &a), "arena");
	check(seal_zip_keys(&chance, &password, 1, &key), "keys");
	nothing = sink_to_count(&written);
	check(seal_zip_begin(a, &(struct zip_options){ .workspace = w, .keys = &key, .key_count = 1 }, &nothing, &zip),
	      "begin");
	check(seal_zip_entry(zip, STR("long.bin"), 0, size, &entry), "entry");
	for (uint64_t done = 0; done < size; done += sizeof window) {
		fill(window, sizeof window, done / sizeof window);
		check(sink_write(&entry, window, sizeof window), "write");
	}
	check(sink_finish(&entry), "finish");
	check(seal_zip_finish(zip), "finish");
	seal_zip_done(&zip);
	zip_workspace_done(&w);
	arena_close(a);
	printf("%llu\n", (unsigned long long)written);
	return 0;
}

/* ── Parts ───────────────────────────────────────────────────────────────────────────────────────── */

#define FOR_A_WHILE for (double begin_ = seconds(); (spent = seconds() - begin_) < 0.3;)

static void part(const char *name, double amount, double spent, const char *unit)
{
	printf("{\"part\": \"%s\", \"rate\": %.3f, \"unit\": \"%s\"}\n", name, amount / spent, unit);
}

static void derive_part(const struct derive_path *path)
{
	str passwords[AE2_LANES] = { STR("one"), STR("two"), STR("three"), STR("four") };
	uint8_t salts[AE2_LANES][AE2_SALT] = { { 1 }, { 2 }, { 3 }, { 4 } };
	struct ae2_keys keys[AE2_LANES];
	double count = 0, spent;
	char name[64];

	if (!path->here())
		return;
	FOR_A_WHILE
	{
		check(ae2_derive_by(path, passwords, (const uint8_t(*)[AE2_SALT])salts, keys, AE2_LANES), "derive");
		count += AE2_LANES;
	}
	snprintf(name, sizeof name, "keys derived, %s", path->name);
	part(name, count, spent, "/s");
}

static void cipher_part(const struct cipher_path *path)
{
	static uint8_t bytes[65536];
	struct cipher_state s = { .counter = 1 };
	uint8_t key[32] = { 1 };
	double done = 0, spent;
	char name[64];

	if (!path->here())
		return;
	check(path->key(&s, key), "key");
	FOR_A_WHILE
	{
		check(path->blocks(&s, bytes, sizeof bytes / AES_BLOCK), "blocks");
		done += sizeof bytes;
	}
	if (path->done)
		path->done(&s);
	snprintf(name, sizeof name, "AES-256 counter mode, %s", path->name);
	part(name, done / 1e9, spent, "GB/s");
}

static void whole_cipher_part(void)
{
	static uint8_t bytes[65536];
	struct ae2_keys keys = { { 1 }, { 2 }, { 3 } };
	struct ae2 *c;
	double done = 0, spent;

	check(ae2_open(&keys, &c), "open");
	FOR_A_WHILE
	{
		check(ae2_encrypt(c, bytes, sizeof bytes), "encrypt");
		done += sizeof bytes;
	}
	ae2_done(&c);
	part("encryption with HMAC-SHA1", done / 1e9, spent, "GB/s");
}

static int parts(void)
{
	derive_part(&derive_avx512);
	derive_part(&derive_avx2);
	derive_part(&derive_sha_ni);
	derive_part(&derive_plain);
	cipher_part(&cipher_vaes);
	cipher_part(&cipher_aes_ni);
	cipher_part(&cipher_plain);
	whole_cipher_part();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "documents"))
		return documents(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "stream"))
		return stream(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "parts"))
		return parts();
	fprintf(stderr, "usage: bench-seal documents PASSWORD OUTDIR < names | stream GIGABYTES | parts\n");
	return 2;
}
