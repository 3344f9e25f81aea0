#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK_LEAST = 16 * 1024, ALIGNMENT = 16 };

struct chunk {
	struct chunk *older;
	size_t room, used;
	_Alignas(ALIGNMENT) char bytes[];
};

struct arena {
	struct chunk *newest;
	size_t max, taken; /* of all chunks together */
	bool secret;
};

err arena_open(size_t max, struct arena **out)
{
	struct arena *a = calloc(1, sizeof *a);

	if (!a)
		return LATER(MEMORY, "no memory for an arena");
	a->max = max;
	*out = a;
	return OK;
}

err arena_open_secret(size_t max, struct arena **out)
{
	struct arena *a;

	TRY(arena_open(max, &a));
	a->secret = true;
	*out = a;
	return OK;
}

static size_t mapped_len(size_t room)
{
	return (sizeof(struct chunk) + room + 4095) / 4096 * 4096;
}

/* Secret chunks are whole pages of their own, so that locking and wiping touch nothing else. A process
 * without the right to lock memory still works: the pages stay out of core files either way. */
static struct chunk *chunk_new(const struct arena *a, size_t room)
{
	if (!a->secret)
		return malloc(sizeof(struct chunk) + room);
	void *page = mmap(NULL, mapped_len(room), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	(void)mlock(page, mapped_len(room));
	(void)madvise(page, mapped_len(room), MADV_DONTDUMP);
	return page;
}

static void chunk_free(const struct arena *a, struct chunk *c)
{
	if (!a->secret) {
		free(c);
		return;
	}
	size_t len = mapped_len(c->room);
	explicit_bzero(c->bytes, c->used);
	munmap(c, len);
}

static void drop_newest(struct arena *a)
{
	struct chunk *c = a->newest;

	a->newest = c->older;
	a->taken -= c->used;
	chunk_free(a, c);
}

void arena_close(struct arena *a)
{
	if (!a)
		return;
	while (a->newest)
		drop_newest(a);
	free(a);
}

void arena_done(struct arena **a)
{
	arena_close(*a);
	*a = NULL;
}

size_t arena_used(const struct arena *a)
{
	return a->taken;
}

static err grow(struct arena *a, size_t len)
{
	size_t room = a->newest ? 2 * a->newest->room : CHUNK_LEAST;

	if (room > 1024 * 1024)
		room = 1024 * 1024;
	if (room < len)
		room = len;
	struct chunk *c = chunk_new(a, room);
	if (!c)
		return LATER(MEMORY, "no memory");
	*c = (struct chunk){ .older = a->newest, .room = room };
	a->newest = c;
	return OK;
}

err arena_take(struct arena *a, size_t len, void **out)
{
	TRY(arena_room(a, len, out));
	memset(*out, 0, len);
	return OK;
}

err arena_room(struct arena *a, size_t len, void **out)
{
	if (len > a->max)
		return NEVER(LIMIT, "more memory than one request may use");
	len = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (len > a->max - a->taken)
		return NEVER(LIMIT, "more memory than one request may use");
	if (!a->newest || len > a->newest->room - a->newest->used)
		TRY(grow(a, len));

	struct chunk *c = a->newest;
	*out = c->bytes + c->used;
	c->used += len;
	a->taken += len;
	return OK;
}

err arena_take_array(struct arena *a, size_t count, size_t each, void **out)
{
	size_t len;

	if (__builtin_mul_overflow(count, each, &len))
		return NEVER(LIMIT, "more memory than there is");
	return arena_take(a, len, out);
}

err str_copy(struct arena *a, str s, str *out)
{
	void *at;

	TRY(arena_take(a, s.len + 1, &at));
	if (s.len)
		memcpy(at, s.at, s.len);
	*out = str_bytes(at, s.len);
	return OK;
}

err str_c(struct arena *a, str s, const char **out)
{
	str copy;

	if (str_has(s, 0))
		return NEVER(SYNTAX, "a NUL byte where text was expected");
	TRY(str_copy(a, s, &copy)); /* arena memory is zeroed and one byte longer */
	*out = copy.at;
	return OK;
}

err str_format(struct arena *a, str *out, const char *format, ...)
{
	va_list args;
	void *at;

	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	must(len >= 0);
	TRY(arena_take(a, (size_t)len + 1, &at));
	va_start(args, format);
	(void)vsnprintf(at, (size_t)len + 1, format, args);
	va_end(args);
	*out = str_bytes(at, (size_t)len);
	return OK;
}

err str_lower(struct arena *a, str s, str *out)
{
	void *at;

	TRY(arena_take(a, s.len + 1, &at));
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		((char *)at)[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	*out = str_bytes(at, s.len);
	return OK;
}

err buf_open(struct arena *a, size_t max, struct buf *out)
{
	void *at;

	TRY(arena_take(a, max, &at));
	*out = (struct buf){ .at = at, .max = max };
	return OK;
}

struct arena_mark arena_mark(struct arena *a)
{
	return (struct arena_mark){ .arena = a, .chunk = a->newest, .used = a->newest ? a->newest->used : 0 };
}

void arena_rewind(struct arena_mark *mark)
{
	struct arena *a = mark->arena;

	while (a->newest != mark->chunk)
		drop_newest(a);
	if (!a->newest)
		return;
	if (a->secret)
		explicit_bzero(a->newest->bytes + mark->used, a->newest->used - mark->used);
	a->taken -= a->newest->used - mark->used;
	a->newest->used = mark->used;
}
