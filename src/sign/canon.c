/* The canonical forms of RFC 6376 3.4: "simple" tolerates nothing, "relaxed" tolerates what relays do to white
 * space and to the case of field names. Pure: bytes in, bytes out. */
#include "sign/sign.h"

#include <string.h>

bool canon_parse(str name, enum canon *out)
{
	if (str_same(name, STR("simple")))
		*out = CANON_SIMPLE;
	else if (str_same(name, STR("relaxed")))
		*out = CANON_RELAXED;
	else
		return false;
	return true;
}

/* ── Fields ──────────────────────────────────────────────────────────────────────────────────────── */

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void add_lower(struct buf *out, str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		buf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
}

/* 3.4.2: unfolded, each run of white space one space, none at either end. */
static void add_relaxed_body(struct buf *out, str body)
{
	bool held = false, any = false;

	for (size_t i = 0; i < body.len; i++) {
		if (white(body.at[i])) {
			held = any;
			continue;
		}
		if (held)
			buf_add_char(out, ' ');
		buf_add_char(out, body.at[i]);
		held = false;
		any = true;
	}
}

void canon_field(enum canon how, const struct header_field *f, struct buf *out)
{
	if (how == CANON_SIMPLE) {
		buf_add(out, f->raw);
	} else {
		add_lower(out, f->name);
		buf_add_char(out, ':');
		add_relaxed_body(out, f->body);
	}
	buf_add(out, STR("\r\n"));
}

/* ── Body ────────────────────────────────────────────────────────────────────────────────────────── */

void canon_body_begin(struct canon_body *c, enum canon how, struct sink *to)
{
	c->how = how;
	c->to = to;
	c->held_lines = 0;
	c->held_blank = c->after_cr = c->any = false;
	c->len = 0;
}

static err flush(struct canon_body *c)
{
	size_t len = c->len;

	c->len = 0;
	return sink_write(c->to, c->window, len);
}

static err put(struct canon_body *c, str bytes)
{
	if (bytes.len > sizeof c->window - c->len)
		TRY(flush(c));
	if (bytes.len > sizeof c->window)
		return sink_put(c->to, bytes);
	memcpy(c->window + c->len, bytes.at, bytes.len);
	c->len += bytes.len;
	return OK;
}

/* Something that counts: what was held back before it counts now. */
static err content(struct canon_body *c, str bytes)
{
	for (; c->held_lines; c->held_lines--)
		TRY(put(c, STR("\r\n")));
	if (c->held_blank)
		TRY(put(c, STR(" ")));
	c->held_blank = false;
	c->any = true;
	return put(c, bytes);
}

/* CR, LF, and with relaxed the blanks. */
static err special(struct canon_body *c, char byte)
{
	if (byte == '\n') {
		if (!c->after_cr)
			return NEVER(SYNTAX, "a bare LF in the body");
		c->after_cr = false;
		c->held_blank = false; /* 3.4.4: white space at the end of a line is ignored */
		c->held_lines++;
	} else if (c->after_cr) {
		return NEVER(SYNTAX, "a bare CR in the body");
	} else if (byte == '\r') {
		c->after_cr = true;
	} else {
		c->held_blank = true;
	}
	return OK;
}

static const bool stops[2][256] = {
	[CANON_SIMPLE] = { ['\r'] = true, ['\n'] = true },
	[CANON_RELAXED] = { ['\r'] = true, ['\n'] = true, [' '] = true, ['\t'] = true },
};

/* How much from here on is canonical as it stands. One space between two words is, and so is one end of line between
 * two lines: ordinary text passes in runs of many lines. */
static size_t run_len(const bool stop[256], str s)
{
	const unsigned char *at = (const unsigned char *)s.at;
	size_t i = 0;

	for (;;) {
		while (i < s.len && !stop[at[i]])
			i++;
		if (i == 0 || i + 2 >= s.len)
			return i;
		if (at[i] == ' ' && !stop[at[i + 1]])
			i += 2;
		else if (at[i] == '\r' && at[i + 1] == '\n' && !stop[at[i + 2]])
			i += 3;
		else
			return i;
	}
}

err canon_body_add(struct canon_body *c, str bytes)
{
	while (bytes.len) {
		size_t run = run_len(stops[c->how], bytes);
		if (run && c->after_cr)
			return NEVER(SYNTAX, "a bare CR in the body");
		if (run)
			TRY(content(c, str_upto(bytes, run)));
		else
			TRY(special(c, bytes.at[0]));
		bytes = str_from(bytes, run ? run : 1);
	}
	return OK;
}

/* Empty lines at the end are ignored, a missing CRLF is added; an empty body is a CRLF to simple (3.4.3) and
 * nothing to relaxed (3.4.4). */
err canon_body_finish(struct canon_body *c)
{
	if (c->after_cr)
		return NEVER(SYNTAX, "a bare CR in the body");
	if (c->any || c->how == CANON_SIMPLE)
		TRY(put(c, STR("\r\n")));
	return flush(c);
}
