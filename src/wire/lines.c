#include "wire/lines.h"

#include <string.h>

err lines_open(struct arena *a, struct source *from, size_t line_max, struct lines *out)
{
	struct lines l = { .from = from, .max = line_max };
	void *at;

	must(line_max > 0);
	TRY(arena_take(a, line_max, &at));
	l.at = at;
	*out = l;
	return OK;
}

static err fill(struct lines *l)
{
	size_t got;

	memmove(l->at, l->at + l->begin, l->end - l->begin);
	l->end -= l->begin;
	l->begin = 0;
	TRY(source_read(l->from, l->at + l->end, l->max - l->end, &got));
	l->end += got;
	l->ended = got == 0;
	return OK;
}

static str take(struct lines *l, size_t len, size_t skip)
{
	str line = str_bytes(l->at + l->begin, len);

	l->begin += len + skip;
	l->number++;
	return line;
}

/* Forgets what follows until the line's end; the window holds the line's beginning and must not move. */
static err skip_rest(struct lines *l, size_t keep)
{
	char c = 0;

	l->begin = l->end = keep;
	for (size_t got = 1; got && c != '\n';) {
		/* A byte at a time: over-long lines are refused anyway, and nothing behind them is read too far. */
		TRY(source_read(l->from, &c, 1, &got));
		l->ended = got == 0;
	}
	return OK;
}

err lines_next(struct lines *l, str *line, bool *cut, bool *end)
{
	*cut = *end = false;
	for (;;) {
		str have = str_bytes(l->at + l->begin, l->end - l->begin);
		ptrdiff_t at = str_find_char(have, '\n');
		if (at >= 0) {
			*line = take(l, (size_t)at, 1);
			break;
		}
		if (l->ended) {
			*end = have.len == 0;
			*line = *end ? STR_NONE : take(l, have.len, 0);
			break;
		}
		if (have.len == l->max) {
			*cut = true;
			*line = take(l, have.len, 0);
			return skip_rest(l, have.len);
		}
		TRY(fill(l));
	}
	if (str_ends(*line, STR("\r")))
		line->len--;
	return OK;
}
