/* Lines to parts: RFC 2046 5.1, where no line is a boundary by halves. */
#include "wire/mime_scan_inner.h"

bool mime_part_is_leaf(const struct mime_part *p)
{
	return !p->parts;
}

static void keep_line(struct mime_scan *s, str line)
{
	buf_add(&s->skeleton, line);
	buf_add(&s->skeleton, STR("\r\n"));
}

err scan_part_begin(struct mime_scan *s, struct mime_part **place)
{
	if (++s->parts > s->limits.parts)
		return scan_limit(s, "the message has too many parts", s->limits.parts);
	TRY(NEW(s->arena, *place));
	s->part = *place;
	s->at = SCAN_HEADER;
	s->header_begin = s->skeleton.len;
	s->header_line = s->part == s->root ? 1 : s->number + 1;
	s->fields = s->field_len = 0;
	return OK;
}

/* ── The end of a header ─────────────────────────────────────────────────────────────────────────── */

static err frame_add(struct mime_scan *s, str boundary)
{
	if (s->depth == s->limits.depth)
		return scan_limit(s, "the message is nested too deep", s->limits.depth);
	for (size_t i = 0; boundary.len && i < s->depth; i++) {
		str other = s->frames[i].boundary;
		if (other.len && (str_starts(other, boundary) || str_starts(boundary, other)))
			return scan_refuse(s, "the boundary begins like that of a part around it");
	}
	s->frames[s->depth++] = (struct scan_frame){ .part = s->part, .end = &s->part->parts, .boundary = boundary };
	return OK;
}

static err leaf_begin(struct mime_scan *s, uint64_t body_begin)
{
	s->at = SCAN_BODY;
	s->body_begin = s->body_end = body_begin;
	s->decoder = (struct mime_decoder){ 0 };
	return mime_decoding_find(s->part->encoding, &s->decoder.how);
}

static err header_end(struct mime_scan *s, uint64_t body_begin)
{
	str header = str_from(buf_str(&s->skeleton), s->header_begin), boundary = STR_NONE;
	bool within = false;

	TRY(buf_check(&s->skeleton));
	TRY(scan_header(s, header, &boundary, &within));
	keep_line(s, STR(""));
	if (boundary.len) {
		s->at = SCAN_PREAMBLE;
		return frame_add(s, boundary);
	}
	if (!within)
		return leaf_begin(s, body_begin);
	TRY(frame_add(s, STR_NONE));
	return scan_part_begin(s, &s->part->parts);
}

static err header_line(struct mime_scan *s, str line, str end)
{
	bool folded = line.len && (line.at[0] == ' ' || line.at[0] == '\t');

	if (line.len == 0 && end.len)
		return header_end(s, s->line_begin + end.len);
	if (!end.len)
		return scan_refuse(s, "the message ends within a header");
	if (folded && (!s->fields || !str_trim(line).len))
		return scan_refuse(s, s->fields ? "a header line of blanks alone, which some readers take for its end"
						: "the first line of a header continues nothing");
	s->field_len = folded ? s->field_len + line.len + 2 : line.len;
	s->fields += !folded;
	s->headers_len += line.len + 2;
	if (s->field_len > s->limits.field)
		return scan_limit(s, "a header field is too long in bytes", s->limits.field);
	if (s->fields > s->limits.fields)
		return scan_limit(s, "a header has too many fields", s->limits.fields);
	if (s->headers_len > s->limits.headers)
		return scan_limit(s, "the headers of all parts are too long in bytes", s->limits.headers);
	if (s->skeleton.len + line.len - s->header_begin > s->limits.header)
		return scan_limit(s, "a header is too long in bytes", s->limits.header);
	keep_line(s, line);
	return OK;
}

/* ── Boundaries ──────────────────────────────────────────────────────────────────────────────────── */

/* The frame whose boundary the line begins with, or null. No boundary begins like another. */
static struct scan_frame *frame_of(struct mime_scan *s, str line)
{
	str rest = str_from(line, 2);

	if (!str_starts(line, STR("--")))
		return NULL;
	for (size_t i = s->depth; i > 0; i--)
		if (s->frames[i - 1].boundary.len && str_starts(rest, s->frames[i - 1].boundary))
			return &s->frames[i - 1];
	return NULL;
}

static err leaf_end(struct mime_scan *s, bool whole)
{
	const char *wrong = NULL;
	err e = mime_decode_finish(&s->decoder, whole, &s->body, &wrong);

	if (failed(e))
		return wrong ? scan_refuse(s, wrong) : e;
	s->part->offset = s->body_begin;
	s->part->length = s->body_end - s->body_begin;
	return s->hash->finish(s->hash->state, s->part->sha256);
}

/* Everything within `frame` is over. */
static err leave(struct mime_scan *s, struct scan_frame *frame)
{
	if (s->at == SCAN_HEADER)
		return scan_refuse(s, "the header of a part is not ended by an empty line");
	for (size_t i = s->depth; &s->frames[i - 1] > frame; i--)
		if (s->frames[i - 1].boundary.len && !s->frames[i - 1].closed)
			return scan_refuse(
				s, "a boundary of the part around comes before the last boundary of the part within");
	if (s->at == SCAN_BODY)
		TRY(leaf_end(s, false));
	s->depth = (size_t)(frame - s->frames) + 1;
	return OK;
}

static err boundary_line(struct mime_scan *s, struct scan_frame *frame, str line)
{
	str after = str_from(line, 2 + frame->boundary.len);
	bool last = str_same(after, STR("--"));

	if (frame->closed)
		return scan_refuse(s, "a boundary comes again after its end");
	if (after.len && !last)
		return scan_refuse(s, "a line begins like a boundary and goes on otherwise");
	TRY(leave(s, frame));
	if (last && frame->end == &frame->part->parts)
		return scan_refuse(s, "a multipart has no parts");
	keep_line(s, line);
	s->at = SCAN_EPILOGUE;
	frame->closed = last;
	if (last)
		return OK;
	struct mime_part **place = frame->end;
	TRY(scan_part_begin(s, place));
	frame->end = &(*place)->next;
	return OK;
}

/* ── Lines ───────────────────────────────────────────────────────────────────────────────────────── */

static err body_line(struct mime_scan *s, str line, str end)
{
	const char *wrong = NULL;
	err e = mime_decode_line(&s->decoder, line, end, &s->body, &wrong);

	s->body_end = s->line_begin + line.len;
	return wrong ? scan_refuse(s, wrong) : e;
}

err scan_line(struct mime_scan *s, str line, str end)
{
	struct scan_frame *frame = frame_of(s, line);

	if (frame)
		return boundary_line(s, frame, line);
	if (s->at == SCAN_HEADER)
		return header_line(s, line, end);
	return s->at == SCAN_BODY ? body_line(s, line, end) : OK;
}

err scan_end(struct mime_scan *s)
{
	/* A message may be a header alone (RFC 5322 3.5). */
	if (s->at == SCAN_HEADER && s->part == s->root)
		TRY(header_end(s, s->offset));
	if (s->at == SCAN_HEADER)
		return scan_refuse(s, "the message ends within the header of a part");
	for (size_t i = 0; i < s->depth; i++)
		if (s->frames[i].boundary.len && !s->frames[i].closed)
			return scan_refuse(s, "the message ends before the last boundary of a multipart");
	if (s->at != SCAN_BODY)
		return OK;
	/* Here no boundary takes the last end of line. */
	if (s->body_end > s->body_begin || s->decoder.end.len)
		s->body_end = s->offset;
	return leaf_end(s, true);
}
