/* usage: bench-opendkim KEY.pem rsa|ed25519 SECONDS < message      the same through libopendkim, as its milter does */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stdbool.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

static char message[1 << 20], key[1 << 16];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool once(DKIM_LIB *lib, dkim_alg_t algorithm, size_t len)
{
	unsigned char field[8192];
	DKIM_STAT status;
	DKIM *dkim = dkim_sign(lib, (const unsigned char *)"bench", NULL, (dkim_sigkey_t)key,
			       (const unsigned char *)"s", (const unsigned char *)"example.com", DKIM_CANON_RELAXED,
			       DKIM_CANON_RELAXED, algorithm, -1, &status);
	bool good = dkim && dkim_chunk(dkim, (unsigned char *)message, len) == DKIM_STAT_OK &&
		    dkim_chunk(dkim, NULL, 0) == DKIM_STAT_OK && dkim_eom(dkim, NULL) == DKIM_STAT_OK &&
		    dkim_getsighdr(dkim, field, sizeof field, 16) == DKIM_STAT_OK;
	if (dkim)
		dkim_free(dkim);
	return good;
}

int main(int argc, char **argv)
{
	FILE *f = argc == 4 ? fopen(argv[1], "r") : NULL;
	if (!f || !fread(key, 1, sizeof key - 1, f))
		return 2;
	size_t len = fread(message, 1, sizeof message, stdin);
	dkim_alg_t algorithm = strcmp(argv[2], "rsa") ? DKIM_SIGN_ED25519SHA256 : DKIM_SIGN_RSASHA256;
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	double begin = now(), spent;
	unsigned long done = 0;
	do {
		for (int i = 0; i < 50; i++, done++)
			if (!once(lib, algorithm, len))
				return fputs("bench-opendkim: signing failed\n", stderr), 1;
		spent = now() - begin;
	} while (spent < strtod(argv[3], NULL));
	printf("%.0f\n", (double)done / spent);
	dkim_close(lib);
	return 0;
}
