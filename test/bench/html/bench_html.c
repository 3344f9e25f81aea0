/* usage: bench-html SECONDS < file.html      cleans it again and again; prints MB of input a second of processor time
 */
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

static err once(struct arena *a, str html)
{
	SCRATCH(a);
	struct html_rules rules = { .remote_images = true };
	struct html_result result;
	return html_clean(a, html, &rules, &result, NULL);
}

static err measure(double seconds)
{
	OWNED(arena_done) struct arena *a = NULL;
	uint64_t bytes = 0;
	str html;

	TRY(arena_open(64 << 20, &a));
	TRY(file_read_all(a, "/dev/stdin", HTML_MAX, &html));
	TRY(once(a, html));
	double begin = spent_s(), spent;
	do {
		TRY(once(a, html));
		bytes += html.len;
		spent = spent_s() - begin;
	} while (spent < seconds);
	printf("%.3f\n", (double)bytes / spent / 1e6);
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
