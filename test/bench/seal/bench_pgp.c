/* What `make bench B=seal` measures of OpenPGP: ours, through the sandbox, against librnp's own calls in this process
 * with nothing around them, in pairs, over the same made-up documents, into nothing.
 *   bench-pgp KEY DOCUMENTS BYTES ROUNDS     as JSON: megabytes a second and the median ratio
 * Ours reads and judges the key for each document, because each document has another recipient. librnp is measured
 * twice: reading and judging the key for each document too, and reading it once. */
#include "seal/pgp.h"
#include "sys/sys.h"

#include <rnp/rnp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 99, KEY_MAX = 65536 };

static struct {
	str key, document;
	size_t count;
	struct inspectors *pool;
} the;

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s failed\n", what);
	exit(1);
}

static double seconds(void)
{
	struct clock c = sys_clock();

	return (double)clock_ticks(&c) / 1e6;
}

static void ours(struct arena *a)
{
	SCRATCH(a);
	struct clock c = sys_clock();
	const struct seal_pgp how = { .keys = &the.key, .count = 1, .now = clock_now(&c) };
	str rest = the.document;
	struct source from = source_of_str(&rest);
	uint64_t written = 0;
	struct sink to = sink_to_count(&written);
	struct fault fault = { 0 };

	if (failed(seal_pgp(the.pool, a, &how, &from, &to, &fault)))
		check(false, fault.what);
	check(written > the.document.len, "seal_pgp");
}

static bool read_some(void *state, void *to, size_t max, size_t *got)
{
	str *rest = state, part = str_upto(*rest, max);

	if (part.len)
		memcpy(to, part.at, part.len);
	*rest = str_from(*rest, part.len);
	*got = part.len;
	return true;
}

static bool write_nowhere(void *state, const void *from, size_t len)
{
	(void)from;
	*(size_t *)state += len;
	return true;
}

/* Valid, not revoked, not expired, and with a part that encrypts. */
static void judge_key(rnp_key_handle_t key)
{
	bool valid = false, revoked = true, expired = true;
	rnp_key_handle_t part = NULL;

	check(!rnp_key_is_valid(key, &valid) && valid, "valid");
	check(!rnp_key_is_revoked(key, &revoked) && !revoked, "not revoked");
	check(!rnp_key_is_expired(key, &expired) && !expired, "not expired");
	check(!rnp_key_get_default_key(key, "encrypt", 0, &part) && part, "a part that encrypts");
	rnp_key_handle_destroy(part);
}

static void read_key(rnp_ffi_t ring, rnp_key_handle_t *key)
{
	rnp_input_t in = NULL;
	rnp_identifier_iterator_t all = NULL;
	const char *fingerprint = NULL;

	check(!rnp_input_from_memory(&in, (const uint8_t *)the.key.at, the.key.len, false), "key");
	check(!rnp_import_keys(ring, in, RNP_LOAD_SAVE_PUBLIC_KEYS, NULL), "import");
	check(!rnp_identifier_iterator_create(ring, &all, "fingerprint"), "iterator");
	check(!rnp_identifier_iterator_next(all, &fingerprint) && fingerprint, "fingerprint");
	check(!rnp_locate_key(ring, "fingerprint", fingerprint, key), "locate");
	rnp_identifier_iterator_destroy(all);
	rnp_input_destroy(in);
	judge_key(*key);
}

static void encrypt(rnp_ffi_t ring, rnp_key_handle_t key)
{
	str rest = the.document;
	size_t written = 0;
	rnp_input_t in = NULL;
	rnp_output_t out = NULL;
	rnp_op_encrypt_t op = NULL;

	check(!rnp_input_from_callback(&in, read_some, NULL, &rest), "input");
	check(!rnp_output_to_callback(&out, write_nowhere, NULL, &written), "output");
	check(!rnp_op_encrypt_create(&op, ring, in, out), "create");
	check(!rnp_op_encrypt_add_recipient(op, key), "recipient");
	check(!rnp_op_encrypt_set_cipher(op, "AES256") && !rnp_op_encrypt_set_aead(op, "None"), "cipher");
	check(!rnp_op_encrypt_set_compression(op, "Uncompressed", 0), "compression");
	check(!rnp_op_encrypt_execute(op) && written > the.document.len, "execute");
	rnp_op_encrypt_destroy(op);
	rnp_output_destroy(out);
	rnp_input_destroy(in);
}

static void theirs_each(void)
{
	rnp_ffi_t ring = NULL;
	rnp_key_handle_t key = NULL;

	check(!rnp_ffi_create(&ring, "GPG", "GPG"), "librnp");
	read_key(ring, &key);
	encrypt(ring, key);
	rnp_key_handle_destroy(key);
	rnp_ffi_destroy(ring);
}

static double time_ours(struct arena *a)
{
	double begin = seconds();

	for (size_t i = 0; i < the.count; i++)
		ours(a);
	return seconds() - begin;
}

static double time_theirs_each(void)
{
	double begin = seconds();

	for (size_t i = 0; i < the.count; i++)
		theirs_each();
	return seconds() - begin;
}

static double time_theirs_once(void)
{
	rnp_ffi_t ring = NULL;
	rnp_key_handle_t key = NULL;
	double begin = seconds();

	check(!rnp_ffi_create(&ring, "GPG", "GPG"), "librnp");
	read_key(ring, &key);
	for (size_t i = 0; i < the.count; i++)
		encrypt(ring, key);
	rnp_key_handle_destroy(key);
	rnp_ffi_destroy(ring);
	return seconds() - begin;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, order);
	return values[count / 2];
}

static void measure(struct arena *a, size_t rounds)
{
	double o[ROUNDS_MAX], each[ROUNDS_MAX], once[ROUNDS_MAX], to_each[ROUNDS_MAX], to_once[ROUNDS_MAX];
	double mb = (double)the.document.len * (double)the.count / 1e6;

	ours(a); /* starts what is not yet started */
	theirs_each();
	for (size_t i = 0; i < rounds; i++) {
		o[i] = time_ours(a);
		each[i] = time_theirs_each();
		once[i] = time_theirs_once();
		to_each[i] = each[i] / o[i];
		to_once[i] = once[i] / o[i];
	}
	printf("{\"ours\":%.1f,\"each\":%.1f,\"once\":%.1f,\"ratio_each\":%.3f,\"ratio_once\":%.3f}\n",
	       mb / median(o, rounds), mb / median(each, rounds), mb / median(once, rounds), median(to_each, rounds),
	       median(to_once, rounds));
}

static void read_files(const char *path, size_t bytes)
{
	static char room[KEY_MAX];
	FILE *f = fopen(path, "rb");
	char *made = malloc(bytes);

	check(f && made, path);
	the.key = str_bytes(room, fread(room, 1, sizeof room, f));
	fclose(f);
	for (size_t i = 0; i < bytes; i++)
		made[i] = (char)(i * 2654435761u >> 13);
	the.document = str_bytes(made, bytes);
}

int main(int argc, char **argv)
{
	const struct inspectors_options options = { .workers = 1, .program = getenv("LETTERLOCK_INSPECTOR") };
	size_t rounds = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	struct fault fault = { 0 };
	struct arena *a;

	check(rounds > 0 && rounds <= ROUNDS_MAX, "usage: bench-pgp KEY DOCUMENTS BYTES ROUNDS; which");
	the.count = strtoul(argv[2], NULL, 10);
	read_files(argv[1], strtoul(argv[3], NULL, 10));
	check(!failed(arena_open(64 << 20, &a)), "arena");
	if (failed(inspectors_open(&options, &the.pool, &fault)))
		check(false, fault.what);
	measure(a, rounds);
	inspectors_done(&the.pool);
	arena_close(a);
	return 0;
}
