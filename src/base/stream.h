/* A document is never a string but a stream. A source is read until it says 0 bytes; a sink is written and
 * then finished. A filter takes the sink below and gives back the sink above; it writes to the one below
 * and never finishes it: whoever began a sink finishes it.
 *
 * A sink that is not finished when it is released abandons what it wrote: sealed or stored bytes exist only
 * if everything went well. After finish or abandon the sink is empty and releasing it again does nothing. */
#ifndef LETTERLOCK_BASE_STREAM_H
#define LETTERLOCK_BASE_STREAM_H

#include "base/arena.h"

#define STREAM_WINDOW 65536u /* bytes that pump() moves at a time */

struct source_ops {
	err (*read)(void *state, void *to, size_t max, size_t *got); /* got 0 means the end; max is at least 1 */
	void (*done)(void *state);                                   /* may be null */
};
struct source {
	const struct source_ops *ops;
	void *state;
};

struct sink_ops {
	err (*write)(void *state, const void *from, size_t len);
	err (*finish)(void *state);   /* may be null; nothing is written after it */
	void (*abandon)(void *state); /* may be null; called instead of finish, or after a finish that failed */
};
struct sink {
	const struct sink_ops *ops;
	void *state;
};

err source_read(struct source *s, void *to, size_t max, size_t *got);
err source_read_full(struct source *s, void *to, size_t len, size_t *got); /* less than len only at the end */
void source_done(struct source *s);

err sink_write(struct sink *s, const void *from, size_t len);
err sink_put(struct sink *s, str bytes);
err sink_finish(struct sink *s); /* once; empties s; abandons if finishing fails */
void sink_done(struct sink *s);  /* abandons unless finished */

err pump(struct source *from, struct sink *to); /* all of it, through one window; finishes nothing */
err pump_bounded(struct source *from, struct sink *to, uint64_t max, uint64_t *moved); /* NEVER LIMIT beyond max */

/* Over memory that outlives them. */
struct source source_of_str(str *rest);     /* reads from *rest and advances it */
struct sink sink_to_buf(struct buf *b);     /* NEVER LIMIT on overflow */
struct sink sink_to_count(uint64_t *bytes); /* adds the number of bytes written */

#endif
