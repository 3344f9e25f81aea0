#include "base/base.h"

#include <string.h>

err source_read(struct source *s, void *to, size_t max, size_t *got)
{
	return s->ops->read(s->state, to, max, got);
}

err source_read_full(struct source *s, void *to, size_t len, size_t *got)
{
	size_t have = 0;

	while (have < len) {
		size_t more;
		TRY(source_read(s, (char *)to + have, len - have, &more));
		if (more == 0)
			break;
		have += more;
	}
	*got = have;
	return OK;
}

void source_done(struct source *s)
{
	if (s->ops && s->ops->done)
		s->ops->done(s->state);
	*s = (struct source){ 0 };
}

err sink_write(struct sink *s, const void *from, size_t len)
{
	return len ? s->ops->write(s->state, from, len) : OK;
}

err sink_put(struct sink *s, str bytes)
{
	return sink_write(s, bytes.at, bytes.len);
}

err sink_finish(struct sink *s)
{
	err e = s->ops->finish ? s->ops->finish(s->state) : OK;

	if (failed(e))
		sink_done(s);
	*s = (struct sink){ 0 };
	return e;
}

void sink_done(struct sink *s)
{
	if (s->ops && s->ops->abandon)
		s->ops->abandon(s->state);
	*s = (struct sink){ 0 };
}

err pump_bounded(struct source *from, struct sink *to, uint64_t max, uint64_t *moved)
{
	char window[STREAM_WINDOW];
	uint64_t total = 0;
	size_t got;

	for (;;) {
		TRY(source_read(from, window, sizeof window, &got));
		if (got == 0)
			break;
		if (got > max - total)
			return NEVER(LIMIT, "the stream is longer than it may be");
		TRY(sink_write(to, window, got));
		total += got;
	}
	if (moved)
		*moved = total;
	return OK;
}

err pump(struct source *from, struct sink *to)
{
	return pump_bounded(from, to, UINT64_MAX, NULL);
}

static err read_str(void *state, void *to, size_t max, size_t *got)
{
	str *rest = state;
	str part = str_upto(*rest, max);

	if (part.len)
		memcpy(to, part.at, part.len);
	*rest = str_from(*rest, part.len);
	*got = part.len;
	return OK;
}

struct source source_of_str(str *rest)
{
	static const struct source_ops ops = { .read = read_str };
	return (struct source){ &ops, rest };
}

static err write_buf(void *state, const void *from, size_t len)
{
	buf_add(state, str_bytes(from, len));
	return buf_check(state);
}

struct sink sink_to_buf(struct buf *b)
{
	static const struct sink_ops ops = { .write = write_buf };
	return (struct sink){ &ops, b };
}

static err write_count(void *state, const void *from, size_t len)
{
	(void)from;
	*(uint64_t *)state += len;
	return OK;
}

struct sink sink_to_count(uint64_t *bytes)
{
	static const struct sink_ops ops = { .write = write_count };
	return (struct sink){ &ops, bytes };
}
