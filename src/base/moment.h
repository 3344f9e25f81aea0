/* A moment is microseconds since 1970-01-01T00:00:00Z, as wall clock time; a span is microseconds. Timers
 * and deadlines of conversations use the monotonic clock. Time and chance come in from outside, as a
 * `struct clock` and a `struct entropy`, so that tests can set them. */
#ifndef LETTERLOCK_BASE_MOMENT_H
#define LETTERLOCK_BASE_MOMENT_H

#include "base/arena.h"

typedef int64_t moment;
typedef int64_t span;

#define SECOND ((span)1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MOMENT_NEVER INT64_MAX

struct clock {
	moment (*now)(void *state);    /* wall clock */
	int64_t (*ticks)(void *state); /* monotonic, microseconds since anywhere */
	void *state;
};
static inline moment clock_now(const struct clock *c)
{
	return c->now(c->state);
}
static inline int64_t clock_ticks(const struct clock *c)
{
	return c->ticks(c->state);
}

/* A failing entropy source fails the operation: there is no fallback. */
struct entropy {
	err (*fill)(void *state, void *to, size_t len);
	void *state;
};
static inline err entropy_fill(const struct entropy *e, void *to, size_t len)
{
	return e->fill(e->state, to, len);
}

err moment_parse(str text, moment *out);          /* RFC 3339 with an offset, or Unix seconds */
void buf_add_moment(struct buf *b, moment at);    /* RFC 3339, UTC, whole seconds: 2026-11-21T19:50:00Z */
void buf_add_date_5322(struct buf *b, moment at); /* RFC 5322 3.3: Sat, 21 Nov 2026 19:50:00 +0000 */
err moment_parse_http(str text, moment *out);     /* IMF-fixdate, RFC 9110 5.6.7: Sat, 21 Nov 2026 19:50:00 GMT */
struct civil {
	int year, month, day, hour, minute, second, weekday; /* UTC; month 1-12; weekday 0 is Sunday */
};
struct civil moment_civil(moment at);
moment moment_of_civil(struct civil c);   /* weekday is ignored */
err span_parse(str text, span *out);      /* 90, 90s, 15m, 24h, 7d, 2w; a bare number is seconds */
void buf_add_span(struct buf *b, span s); /* in the largest unit that divides it: 7d, 90s */

/* An id is 128 random bits. Its spelling is 26 characters of Crockford's base32, lower case. */
typedef struct id {
	uint8_t byte[16];
} id;
#define ID_TEXT 26
err id_new(const struct entropy *e, id *out);
err id_parse(str text, id *out);
void buf_add_id(struct buf *b, id i);
bool id_same(id a, id b);
bool id_none(id i);
static inline str id_bytes(const id *i)
{
	return str_bytes(i->byte, sizeof i->byte);
}

#endif
