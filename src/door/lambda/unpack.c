#include "door/lambda/lambda.h"

#include "sys/sys.h"

enum { FILES_MAX = 1000, DEPTH_MAX = 6 };
#define HOUSE_MAX ((uint64_t)16 * 1024 * 1024)

struct unpacking {
	struct arena *arena; /* secret: keys are among the files */
	uint64_t bytes;
	unsigned files;
	struct fault *fault;
};

static err too_much(struct unpacking *u, const char *from)
{
	fault_where(u->fault, str_of(from), 0, 0);
	fault_set(u->fault, "a house holds %d files, in folders %d deep, and 16 MiB at most: are documents in it?",
		  FILES_MAX, DEPTH_MAX);
	return NEVER(LIMIT, "the house is too large");
}

static err copy_file(struct unpacking *u, const char *from, const char *to, uint64_t size)
{
	SCRATCH(u->arena);
	str bytes;

	u->bytes += size;
	if (++u->files > FILES_MAX || u->bytes > HOUSE_MAX)
		return too_much(u, from);
	TRY(file_read_all(u->arena, from, HOUSE_MAX, &bytes));
	return file_write_new(to, bytes, 0600);
}

static err copy_folder(struct unpacking *u, const char *from, const char *to, unsigned depth);

static err copy_one(struct unpacking *u, const char *from, const char *to, unsigned depth)
{
	struct path_facts facts;

	TRY(path_look(from, &facts));
	if (facts.directory)
		return copy_folder(u, from, to, depth + 1);
	return facts.regular ? copy_file(u, from, to, facts.size) : OK;
}

static err copy_folder(struct unpacking *u, const char *from, const char *to, unsigned depth)
{
	const char *source, *target;
	str *names;
	size_t count;

	if (depth > DEPTH_MAX)
		return too_much(u, from);
	TRY(dir_make(to, 0700));
	TRY(dir_list(u->arena, from, &names, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(path_join(u->arena, from, names[i], &source));
		TRY(path_join(u->arena, to, names[i], &target));
		TRY(copy_one(u, source, target, depth));
	}
	return OK;
}

err lambda_unpack(struct arena *a, const char *from, const char *to, struct fault *fault)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct unpacking u = { .fault = fault };

	(void)a;
	TRY(arena_open_secret((size_t)4 * HOUSE_MAX, &secret));
	u.arena = secret;
	err e = copy_folder(&u, from, to, 0);
	if (failed(e) && fault_empty(fault)) {
		fault_where(fault, str_of(from), 0, 0);
		fault_set(fault, "the house cannot be copied to %s: %s", to, e.note);
	}
	return e;
}
