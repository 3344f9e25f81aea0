/* Who allocates takes a `struct arena *` first; a signature without one allocates nothing, so ownership
 * can be read from headers. An arena lives as long as its submission or request and has a maximum;
 * beyond it, or when the system has no memory, allocation is NEVER LIMIT or LATER MEMORY, never a crash.
 *
 *     SCRATCH(a);                      everything taken from `a` from here on is given back at the brace
 *     OWNED(fd_done) int fd = -1;      not memory: released at the brace unless given away
 *
 * Blocks end in reverse: SCRATCH stands before the OWNED things whose state lives in the same arena.
 *
 * arena_open_secret() is locked in memory, left out of core files and wiped when rewound or closed;
 * secrets live only there and have no printer. Documents never enter arenas: they flow as streams. */
#ifndef LETTERLOCK_BASE_ARENA_H
#define LETTERLOCK_BASE_ARENA_H

#include "base/str.h"

struct arena;

err arena_open(size_t max, struct arena **out);
err arena_open_secret(size_t max, struct arena **out);
void arena_close(struct arena *a); /* accepts null */
size_t arena_used(const struct arena *a);

err arena_take(struct arena *a, size_t len, void **out); /* zeroed, aligned for anything */
err arena_room(struct arena *a, size_t len, void **out); /* the same, not zeroed: written before it is read */
#define NEW(a, pointer) arena_take((a), sizeof *(pointer), (void **)&(pointer))
#define NEW_ARRAY(a, count, pointer) arena_take_array((a), (count), sizeof *(pointer), (void **)&(pointer))
err arena_take_array(struct arena *a, size_t count, size_t each, void **out);

err str_copy(struct arena *a, str s, str *out);
err str_c(struct arena *a, str s, const char **out); /* NUL-terminated; NEVER SYNTAX if s holds a NUL */
err str_format(struct arena *a, str *out, const char *format, ...) __attribute__((format(printf, 3, 4)));
err str_lower(struct arena *a, str s, str *out);            /* ASCII */
err buf_open(struct arena *a, size_t max, struct buf *out); /* room for max bytes, taken at once */

struct arena_mark {
	struct arena *arena;
	void *chunk;
	size_t used;
};
struct arena_mark arena_mark(struct arena *a);
void arena_rewind(struct arena_mark *mark);

/* clang calls a variable unused whose only use is its cleanup. */
#define OWNED(done) __attribute__((unused, cleanup(done)))
#define SCRATCH_NAMED(a, line) OWNED(arena_rewind) struct arena_mark scratch_##line = arena_mark(a)
#define SCRATCH_LINE(a, line) SCRATCH_NAMED(a, line)
#define SCRATCH(a) SCRATCH_LINE(a, __LINE__)

void arena_done(struct arena **a); /* for OWNED */

#endif
