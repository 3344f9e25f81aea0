/* usage: bench-dkim KEY.pem SECONDS < message      signs it again and again; prints signatures a second */
#include "sign/sign.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of the processor, not of the wall: signing waits for nothing, and others may be at work. */
static double spent_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static err sign_with_one(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	(void)domain, (void)selector;
	return signing_key_sign(state, digest, signature);
}

static err once(struct arena *a, struct keyring *k, const struct sign_rule *rule, str bytes)
{
	SCRATCH(a);
	struct message m = { .bytes = bytes };
	return sign_message(k, rule, (moment)1800000000 * SECOND, 0, a, &m, NULL);
}

static err measure(const char *key_path, double seconds)
{
	static const struct keyring_ops ops = { .sign = sign_with_one };
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(signing_key_done) struct signing_key *key = NULL;
	OWNED(keyring_done) struct keyring *k = NULL;
	str pem, message;
	uint64_t done = 0;

	TRY(arena_open(64 << 20, &a));
	TRY(file_read_all(a, key_path, 1 << 16, &pem));
	TRY(file_read_all(a, "/dev/stdin", 32 << 20, &message));
	TRY(signing_key_read(pem, &key, NULL));
	TRY(keyring_with(&ops, key, &k));
	const struct sign_rule rule = { .domain = STR("example.com"),
					.selector = STR("s"),
					.algorithm = signing_key_algorithm(key) };
	double begin = spent_s(), spent;
	do {
		for (int i = 0; i < 50; i++, done++)
			TRY(once(a, k, &rule, message));
		spent = spent_s() - begin;
	} while (spent < seconds);
	printf("%.0f\n", (double)done / spent);
	return OK;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	err e = measure(argv[1], strtod(argv[2], NULL));
	if (failed(e))
		fprintf(stderr, "bench-dkim: %s\n", e.note);
	return failed(e);
}
