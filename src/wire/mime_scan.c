/* Bytes to lines, within the bounds. */
#include "wire/mime_scan_inner.h"

#include <string.h>

const struct mime_limits mime_limits = {
	.message = (uint64_t)4 << 30,
	.line = MIME_LINE_HARD,
	.field = 64 * 1024,
	.header = 256 * 1024,
	.headers = 1024 * 1024,
	.fields = 1000,
	.parts = 1000,
	.depth = 50,
	.parameters = 50,
};

uint64_t *mime_limit_named(struct mime_limits *l, str name)
{
	const struct {
		str name;
		uint64_t *bound;
	} bounds[] = {
		{ STR("message"), &l->message }, { STR("line"), &l->line },       { STR("field"), &l->field },
		{ STR("header"), &l->header },   { STR("headers"), &l->headers }, { STR("fields"), &l->fields },
		{ STR("parts"), &l->parts },     { STR("depth"), &l->depth },     { STR("parameters"), &l->parameters },
	};

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		if (str_same(name, bounds[i].name))
			return bounds[i].bound;
	return NULL;
}

err scan_refuse(struct mime_scan *s, const char *what)
{
	fault_where(s->fault, STR("message"), s->number, 0);
	fault_set(s->fault, "%s", what);
	return NEVER(HEADER, "a message that can be read in two ways, or in none");
}

err scan_limit(struct mime_scan *s, const char *what, uint64_t bound)
{
	fault_where(s->fault, STR("message"), s->number, 0);
	fault_set(s->fault, "%s: at most %llu", what, (unsigned long long)bound);
	return NEVER(LIMIT, "a message beyond its bounds");
}

/* Part of a message's own accounting: the hash of the body that is being read, and its size. */
static err body_write(void *state, const void *from, size_t len)
{
	struct mime_scan *s = state;

	s->part->size += len;
	return s->hash->add(s->hash->state, str_bytes(from, len));
}

static const struct sink_ops body_ops = { .write = body_write };

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct mime_limits lowered(const struct mime_limits *wish)
{
	const struct mime_limits *most = &mime_limits;

	if (!wish)
		return *most;
	return (struct mime_limits){
		.message = least(wish->message, most->message),
		.line = least(wish->line, most->line),
		.field = least(wish->field, most->field),
		.header = least(wish->header, most->header),
		.headers = least(wish->headers, most->headers),
		.fields = least(wish->fields, most->fields),
		.parts = least(wish->parts, most->parts),
		.depth = least(wish->depth, most->depth),
		.parameters = least(wish->parameters, most->parameters),
	};
}

err mime_scan_open(struct arena *a, const struct mime_limits *limits, bool strict, const struct mime_hash *hash,
		   struct mime_scan **out)
{
	struct mime_scan *s;

	TRY(NEW(a, s));
	s->arena = a;
	s->strict = strict;
	s->hash = hash;
	s->limits = lowered(limits);
	s->number = 1;
	s->body = (struct sink){ &body_ops, s };
	TRY(buf_open(a, s->limits.line + 2, &s->line));
	/* Besides headers there are two boundaries a part at most, of 76 bytes. */
	TRY(buf_open(a, s->limits.headers + (s->limits.parts + 1) * 160, &s->skeleton));
	TRY(NEW_ARRAY(a, s->limits.depth + 1, s->frames));
	TRY(scan_part_begin(s, &s->root));
	*out = s;
	return OK;
}

/* ── Lines ───────────────────────────────────────────────────────────────────────────────────────── */

/* `raw` ends with LF, or is the last. */
static err whole_line(struct mime_scan *s, str raw)
{
	str end = str_ends(raw, STR("\r\n")) ? STR("\r\n") : str_ends(raw, STR("\n")) ? STR("\n") : STR("");
	str line = str_upto(raw, raw.len - end.len);

	if (!s->line_end.at && end.len)
		s->line_end = end;
	if (end.len && (!str_same(end, s->line_end) || (s->strict && end.len == 1)))
		return scan_refuse(s, "this line does not end as the others do: all lines end with CRLF");
	if (str_has(line, '\r') || str_has(line, 0))
		return scan_refuse(s, "a bare CR or a NUL stands in this line");
	if (line.len > s->limits.line)
		return scan_limit(s, "a line is too long in octets", s->limits.line);
	TRY(scan_line(s, line, end));
	s->number++;
	return OK;
}

static err keep_for_later(struct mime_scan *s, str bytes)
{
	buf_add(&s->line, bytes);
	return s->line.overflow ? scan_limit(s, "a line is too long in octets", s->limits.line) : OK;
}

static err take_line(struct mime_scan *s, str raw)
{
	s->line_begin = s->offset - s->line.len;
	s->offset += raw.len;
	if (s->line.len == 0)
		return whole_line(s, raw);
	TRY(keep_for_later(s, raw));
	err e = whole_line(s, buf_str(&s->line));
	s->line.len = 0;
	return e;
}

static err add(struct mime_scan *s, str bytes)
{
	while (bytes.len) {
		ptrdiff_t lf = str_find_char(bytes, '\n');
		if (lf < 0) {
			s->offset += bytes.len;
			return keep_for_later(s, bytes);
		}
		TRY(take_line(s, str_upto(bytes, (size_t)lf + 1)));
		bytes = str_from(bytes, (size_t)lf + 1);
	}
	return OK;
}

err mime_scan_add(struct mime_scan *s, str bytes, struct fault *f)
{
	s->fault = f;
	must(!s->failed);
	err e = bytes.len > s->limits.message - s->offset
			? scan_limit(s, "the message is too long in bytes", s->limits.message)
			: add(s, bytes);
	s->failed = failed(e);
	return e;
}

err mime_scan_finish(struct mime_scan *s, struct mime_part **root, str *skeleton, struct fault *f)
{
	s->fault = f;
	must(!s->failed);
	s->failed = true; /* nothing may follow */
	if (s->line.len) {
		s->line_begin = s->offset - s->line.len;
		TRY(whole_line(s, buf_str(&s->line)));
	}
	TRY(scan_end(s));
	TRY(buf_check(&s->skeleton));
	*root = s->root;
	*skeleton = buf_str(&s->skeleton);
	return OK;
}
