/* What `make bench B=seal` measures of S/MIME: ours against OpenSSL's own streaming calls, in pairs, in one process,
 * over the same made-up entity, into nothing. bench-smime CERTIFICATE MEGABYTES ROUNDS     as JSON: megabytes a second
 * of both, and the median ratio */
#include "seal/smime.h"
#include "sys/sys.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS_MAX = 99, BLOCK = 1 << 20 };

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

static double ours(struct arena *a, const struct mail_certificate *to, const char *block, size_t blocks)
{
	SCRATCH(a);
	OWNED(sink_done) struct sink sealed = { 0 };
	const struct smime_options o = { .to = (const struct mail_certificate *const[]){ to }, .count = 1 };
	struct entropy e = sys_entropy();
	uint64_t written = 0;
	struct sink below = sink_to_count(&written);
	double begin = seconds();

	check(!failed(seal_smime(a, &o, &e, &below, &sealed)), "seal_smime");
	for (size_t i = 0; i < blocks; i++)
		check(!failed(sink_write(&sealed, block, BLOCK)), "write");
	check(!failed(sink_finish(&sealed)), "finish");
	return seconds() - begin;
}

/* BIO_new_CMS over base64 over nothing: what `openssl cms -encrypt -stream` does. */
static double theirs(X509 *to, const char *block, size_t blocks)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	double begin = seconds();

	check(all && sk_X509_push(all, to), "stack");
	CMS_ContentInfo *cms = CMS_encrypt(all, NULL, EVP_aes_256_cbc(), CMS_STREAM | CMS_PARTIAL | CMS_BINARY);
	BIO *lines = BIO_push(BIO_new(BIO_f_base64()), BIO_new(BIO_s_null()));
	BIO *stream = cms ? BIO_new_CMS(lines, cms) : NULL;
	check(stream != NULL, "CMS");
	for (size_t i = 0; i < blocks; i++)
		check(BIO_write(stream, block, BLOCK) == BLOCK, "BIO_write");
	check(BIO_flush(stream) == 1, "BIO_flush");
	double spent = seconds() - begin;
	BIO_free_all(stream);
	CMS_ContentInfo_free(cms);
	sk_X509_free(all);
	return spent;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(struct arena *a, const char *path, size_t megabytes, size_t rounds)
{
	OWNED(mail_certificate_done) struct mail_certificate *to = NULL;
	double ratio[ROUNDS_MAX], best_ours = 1e9, best_theirs = 1e9;
	char *block;
	str pem;

	check(!failed(file_read_all(a, path, MAIL_CERTIFICATE_MAX, &pem)), path);
	check(!failed(mail_certificate_read(pem, &to, NULL)), path);
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	check(!failed(NEW_ARRAY(a, BLOCK, block)), "memory");
	for (size_t i = 0; i < rounds; i++) {
		double one = ours(a, to, block, megabytes), other = theirs(x509, block, megabytes);
		ratio[i] = other / one;
		best_ours = one < best_ours ? one : best_ours;
		best_theirs = other < best_theirs ? other : best_theirs;
	}
	qsort(ratio, rounds, sizeof *ratio, order);
	printf("{\"ours_mb_s\": %.0f, \"openssl_mb_s\": %.0f, \"ratio\": %.3f}\n", (double)megabytes / best_ours,
	       (double)megabytes / best_theirs, ratio[rounds / 2]);
	X509_free(x509);
	BIO_free(bio);
}

int main(int argc, char **argv)
{
	OWNED(arena_done) struct arena *a = NULL;
	uint64_t megabytes = 0, rounds = 0;

	if (argc != 4 || !str_number(str_of(argv[2]), &megabytes) || !str_number(str_of(argv[3]), &rounds) || !rounds ||
	    rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench-smime CERTIFICATE MEGABYTES ROUNDS\n");
		return 2;
	}
	check(!failed(arena_open(16 << 20, &a)), "memory");
	measure(a, argv[1], megabytes, rounds);
	return 0;
}
