#include "test/inspect/asking.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tests lie in the folder test of the build, the programs above it and below it. */
static const char *beside(const char *name, char path[4096])
{
	ssize_t len = readlink("/proc/self/exe", path, 4000);

	assert_true(len > 0);
	while (path[len - 1] != '/')
		len--;
	snprintf(path + len, 4096 - (size_t)len, "%s", name);
	return path;
}

const char *real_inspector(void)
{
	static char path[4096];

	return beside("../letterlock-inspector", path);
}

const char *plain_inspector(void)
{
	static char path[4096];

	return beside("fault/letterlock-inspector", path);
}

const char *script_inspector(const char *script)
{
	static char path[4096];
	static unsigned count;
	char text[4096];

	snprintf(path, sizeof path, "%s/inspector%u", test_dir(), count++);
	snprintf(text, sizeof text, "#!/bin/sh\n%s", script);
	test_file_write(path, str_of(text));
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

void asking_open(struct asking *q, const struct inspectors_options *o)
{
	*q = (struct asking){ 0 };
	assert_ok(arena_open(64 << 20, &q->a));
	assert_ok(inspectors_open(o, &q->pool, &q->fault));
}

void asking_close(struct asking *q)
{
	inspectors_done(&q->pool);
	arena_close(q->a);
}

err ask_measure(struct asking *q, str document, str parameters, struct buf *result)
{
	struct source from = source_of_str(&document);
	struct sink to = sink_to_buf(result);
	const struct inspection what = { .job = INSPECT_measure,
					 .parameters = parameters,
					 .document = &from,
					 .result = result ? &to : NULL,
					 .end = &q->end };

	q->fault = (struct fault){ 0 };
	return inspect(q->pool, q->a, &what, &q->answer, &q->fault);
}

err ask_try(struct asking *q, const char *what)
{
	char room[128];
	const int len = snprintf(room, sizeof room, "{\"try\":\"%s\"}", what);
	const struct inspection try = { .job = INSPECT_sandbox_try,
					.parameters = str_bytes(room, (size_t)len),
					.end = &q->end };

	q->fault = (struct fault){ 0 };
	return inspect(q->pool, q->a, &try, &q->answer, &q->fault);
}

static pid_t parent_of(const char *pid)
{
	char path[300], text[512] = "";
	int parent = 0;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return 0;
	size_t got = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[got] = 0;
	const char *after = strrchr(text, ')');
	return after && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

size_t children(pid_t *out, size_t max)
{
	DIR *proc = opendir("/proc");
	size_t count = 0;

	assert_non_null(proc);
	for (struct dirent *d = readdir(proc); d; d = readdir(proc))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && parent_of(d->d_name) == getpid() && count < max)
			out[count++] = (pid_t)strtol(d->d_name, NULL, 10);
	closedir(proc);
	return count;
}
