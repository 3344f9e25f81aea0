/* usage: bench-content INSPECTOR JOBS FILE…      has each file looked into, as its name says, again and again
 * A line for each: the verdict, microseconds on the wall, microseconds of computing here and there, and the most memory
 * that any inspector ever had until then. */
#include "check/file.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double spent(int who)
{
	struct rusage u;

	must(getrusage(who, &u) == 0);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static long memory_kib(void)
{
	struct rusage u;

	must(getrusage(RUSAGE_CHILDREN, &u) == 0);
	return u.ru_maxrss;
}

/* A pool for each file, since what workers used is known only when they are gone. */
static void measure(const char *program, unsigned long jobs, const char *path)
{
	const struct inspectors_options options = { .program = program, .workers = 1 };
	const struct file_rules rules = file_rules_default();
	struct clock clock = sys_clock();
	struct inspectors *pool = NULL;
	struct fault fault = { 0 };
	struct file_verdict v = { 0 };
	struct arena *a;
	str bytes;

	must(!failed(arena_open(256 << 20, &a)) && !failed(file_read_all(a, path, 128 << 20, &bytes)));
	must(!failed(inspectors_open(&options, &pool, &fault)));
	double here = spent(RUSAGE_SELF), there = spent(RUSAGE_CHILDREN);
	int64_t begin = clock_ticks(&clock);
	err e = OK;
	char what[128] = "allowed";
	for (unsigned long i = 0; i < jobs; i++) {
		SCRATCH(a);
		str rest = bytes;
		struct source from = source_of_str(&rest);
		e = check_file(pool, a, &rules, str_of(path), STR_NONE, &from, &v, &fault);
		escaped_copy(what, sizeof what, failed(e) ? str_of(e.note) : v.reason);
	}
	double wall = (double)(clock_ticks(&clock) - begin) / (double)jobs;
	here = (spent(RUSAGE_SELF) - here) / (double)jobs;
	inspectors_done(&pool);
	there = (spent(RUSAGE_CHILDREN) - there) / (double)jobs;
	printf("%-24s %9zu bytes  %9.0f us  %6.0f us here  %8.0f us there  %5ld MiB  %s\n", strrchr(path, '/') + 1,
	       bytes.len, wall, here, there, memory_kib() / 1024, what[0] ? what : "allowed");
	arena_close(a);
}

int main(int argc, char **argv)
{
	for (int i = 3; i < argc; i++)
		measure(argv[1], strtoul(argv[2], NULL, 10), argv[i]);
	return argc < 4;
}
