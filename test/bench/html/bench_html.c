/* usage: bench-html SECONDS < file.html      cleans it again and again; prints MB of input a second of processor time,
 * and "refused" behind it if that was the answer. */
#include "inspector/html.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of the processor, not of the wall: cleaning waits for nothing, and others may be at work. */
static double spent_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static err once(struct arena *a, str html, bool *refused)
{
	SCRATCH(a);
	struct html_rules rules = { .remote_images = true };
	struct html_result result;

	err e = html_clean(a, html, &rules, &result, NULL);
	*refused = e.fate == FATE_NEVER;
	return *refused ? OK : e;
}

static err measure(double seconds)
{
	OWNED(arena_done) struct arena *a = NULL;
	uint64_t bytes = 0;
	bool refused;
	str html;

	TRY(arena_open(64 << 20, &a));
	TRY(file_read_all(a, "/dev/stdin", 2 * HTML_MAX, &html));
	TRY(once(a, html, &refused));
	double begin = spent_s(), spent;
	do {
		TRY(once(a, html, &refused));
		bytes += html.len;
		spent = spent_s() - begin;
	} while (spent < seconds);
	printf("%.3f%s\n", (double)bytes / spent / 1e6, refused ? " refused" : "");
	return OK;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	err e = measure(strtod(argv[1], NULL));
	if (failed(e))
		fprintf(stderr, "bench-html: %s\n", e.note);
	return failed(e);
}
