/* usage: bench-inspect INSPECTOR THREADS BYTES JOBS      each thread asks for the length of a document again and again
 * Prints jobs a second on the wall, and the microseconds of computing that a job costs on both sides together. */
#include "inspect/inspect.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static struct inspectors *pool;
static str document;
static unsigned long jobs;

static void *ask(void *none)
{
	struct arena *a;

	(void)none;
	must(!failed(arena_open(1 << 20, &a)));
	for (unsigned long i = 0; i < jobs; i++) {
		SCRATCH(a);
		str rest = document, answer;
		struct source from = source_of_str(&rest);
		const struct inspection what = { .job = INSPECT_measure, .document = &from };
		must(!failed(inspect(pool, a, &what, &answer, NULL)));
	}
	arena_close(a);
	return NULL;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double spent(int who)
{
	struct rusage u;

	must(getrusage(who, &u) == 0);
	return seconds(u.ru_utime) + seconds(u.ru_stime);
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	struct clock clock = sys_clock();
	struct fault fault = { 0 };

	if (argc != 5)
		return 2;
	unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
	size_t len = strtoul(argv[3], NULL, 10);
	const struct inspectors_options o = { .program = argv[1], .workers = count };
	jobs = strtoul(argv[4], NULL, 10);
	document = (str){ calloc(1, len), len };
	if (failed(inspectors_open(&o, &pool, &fault)))
		return fprintf(stderr, "%s\n", fault.what), 1;
	int64_t begin = clock_ticks(&clock);
	for (unsigned i = 0; i < count; i++)
		must(pthread_create(&threads[i], NULL, ask, NULL) == 0);
	for (unsigned i = 0; i < count; i++)
		must(pthread_join(threads[i], NULL) == 0);
	double wall = (double)(clock_ticks(&clock) - begin) / (double)SECOND, all = (double)(count * jobs);
	inspectors_done(&pool);
	printf("%.0f jobs/s, %.1f us a job here, %.1f us in the inspector\n", all / wall,
	       spent(RUSAGE_SELF) / all * 1e6, spent(RUSAGE_CHILDREN) / all * 1e6);
	free((void *)(uintptr_t)document.at);
	return 0;
}
