/* A message in two halves, for those whose content goes encrypted: what stands in the clear, and what does not. */
#include "wire/mime_field.h"

#include <string.h>

err mime_boundary(const struct entropy *e, char out[MIME_BOUNDARY])
{
	struct buf b = { .at = out, .max = MIME_BOUNDARY };
	uint8_t random[16];

	TRY(entropy_fill(e, random, sizeof random));
	buf_add(&b, STR("=_"));
	buf_add_base32(&b, str_bytes(random, sizeof random));
	must(b.len == MIME_BOUNDARY && !b.overflow);
	return OK;
}

err mime_write_header(const struct mime *m, struct sink *to, struct fault *f)
{
	TRY(mime_check(m, f));
	TRY(mime_write_fields(m, to));
	return field_raw(to, STR("MIME-Version"), STR("1.0"));
}

/* ── Protected header fields ─────────────────────────────────────────────────────────────────────── */

/* Puts "HP-Outer: " before each field, not before its folded lines (RFC 9788 2.2). */
struct prefixing {
	struct sink *below;
	bool in_line;
};

static err prefixing_write(void *state, const void *from, size_t len)
{
	struct prefixing *p = state;
	str rest = { from, len };

	while (rest.len) {
		ptrdiff_t end = str_find_char(rest, '\n');
		str line = end < 0 ? rest : str_upto(rest, (size_t)end + 1);
		if (!p->in_line && line.at[0] != ' ' && line.at[0] != '\t')
			TRY(sink_put(p->below, STR("HP-Outer: ")));
		TRY(sink_put(p->below, line));
		p->in_line = end < 0;
		rest = str_from(rest, line.len);
	}
	return OK;
}

static err write_outer(const struct mime *outer, struct sink *to)
{
	static const struct sink_ops ops = { .write = prefixing_write };
	struct prefixing state = { .below = to };
	struct sink prefixing = { &ops, &state };

	return mime_write_fields(outer, &prefixing);
}

err mime_write_entity(const struct mime *m, const struct mime *outer, const struct entropy *e, struct sink *to,
		      struct fault *f)
{
	TRY(outer ? mime_check(m, f) : mime_check_content(m, f));
	if (outer) {
		TRY(mime_write_fields(m, to));
		TRY(write_outer(outer, to));
	}
	return mime_write_content(m, outer != NULL, e, to);
}

/* ── base64 on the way down ──────────────────────────────────────────────────────────────────────── */

struct encoding {
	struct sink *below;
	size_t len;
	char window[BASE64_LINES * BASE64_IN];
};

static err encoding_write(void *state, const void *from, size_t len)
{
	struct encoding *c = state;
	str rest = { from, len };

	while (rest.len) {
		str taken = str_upto(rest, sizeof c->window - c->len);
		memcpy(c->window + c->len, taken.at, taken.len);
		c->len += taken.len;
		rest = str_from(rest, taken.len);
		if (c->len < sizeof c->window)
			continue;
		TRY(mime_base64_lines(c->below, c->window, c->len));
		c->len = 0;
	}
	return OK;
}

static err encoding_finish(void *state)
{
	struct encoding *c = state;

	return mime_base64_lines(c->below, c->window, c->len);
}

err mime_base64_sink(struct arena *a, struct sink *below, struct sink *out)
{
	static const struct sink_ops ops = { .write = encoding_write, .finish = encoding_finish };
	struct encoding *c;

	TRY(NEW(a, c));
	c->below = below;
	*out = (struct sink){ &ops, c };
	return OK;
}
