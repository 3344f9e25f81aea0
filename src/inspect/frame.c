#include "inspect/frame.h"

void frame_head(enum frame_kind kind, size_t len, uint8_t to[FRAME_HEAD])
{
	to[0] = (uint8_t)kind;
	put_u32be(to + 1, (uint32_t)len);
}

void buf_add_frame(struct buf *b, enum frame_kind kind, str body)
{
	uint8_t head[FRAME_HEAD];

	if (body.len > FRAME_BODY_MAX) {
		b->overflow = true;
		return;
	}
	frame_head(kind, body.len, head);
	buf_add(b, str_bytes(head, sizeof head));
	buf_add(b, body);
}

static bool known(uint8_t kind)
{
	switch (kind) {
	case FRAME_READY:
	case FRAME_JOB:
	case FRAME_DATA:
	case FRAME_END:
	case FRAME_RESULT:
	case FRAME_ANSWER:
	case FRAME_DONE:
	case FRAME_FAULT:
		return true;
	default:
		return false;
	}
}

err frame_read(str *bytes, struct frame *out, bool *whole)
{
	struct reader r = READER(*bytes);

	*whole = false;
	if (bytes->len < FRAME_HEAD)
		return OK;
	uint8_t kind = reader_u8(&r);
	uint32_t len = reader_u32be(&r);
	if (!known(kind) || len > FRAME_BODY_MAX)
		return NEVER(PROTOCOL, "not a frame");
	if (r.rest.len < len)
		return OK;
	*out = (struct frame){ (enum frame_kind)kind, reader_take(&r, len) };
	*bytes = r.rest;
	*whole = true;
	return OK;
}

/* ── Bodies ──────────────────────────────────────────────────────────────────────────────────────── */

/* The body is built behind the room for its head, which is filled in when its length is known. */
static size_t body_begin(struct buf *b, enum frame_kind kind)
{
	size_t at = b->len;

	buf_add_frame(b, kind, STR_NONE);
	return at;
}

static void body_end(struct buf *b, size_t at)
{
	if (b->overflow)
		return;
	size_t len = b->len - at - FRAME_HEAD;
	if (len > FRAME_BODY_MAX)
		b->overflow = true;
	else
		put_u32be(b->at + at + 1, (uint32_t)len);
}

static void add_u64(struct buf *b, uint64_t n)
{
	uint8_t bytes[8];

	put_u64be(bytes, n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

static void add_u16(struct buf *b, size_t n)
{
	uint8_t bytes[2];

	put_u16be(bytes, (uint16_t)n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

void buf_add_frame_ready(struct buf *b, const struct frame_ready *r)
{
	size_t at = body_begin(b, FRAME_READY);

	buf_add_char(b, r->filtered);
	buf_add_char(b, (char)r->landlock);
	buf_add(b, r->version);
	body_end(b, at);
}

err frame_ready_read(str body, struct frame_ready *out)
{
	struct reader r = READER(body);
	uint8_t filtered = reader_u8(&r), landlock = reader_u8(&r);

	if (r.failed || filtered > 1)
		return NEVER(PROTOCOL, "not ready");
	*out = (struct frame_ready){ .version = r.rest, .filtered = filtered, .landlock = landlock };
	return OK;
}

void buf_add_frame_job(struct buf *b, const struct frame_job *j)
{
	size_t at = body_begin(b, FRAME_JOB);

	must(j->name.len > 0 && j->name.len <= UINT8_MAX);
	buf_add_char(b, (char)j->name.len);
	buf_add(b, j->name);
	buf_add(b, j->parameters);
	body_end(b, at);
}

err frame_job_read(str body, struct frame_job *out)
{
	struct reader r = READER(body);
	str name = reader_take(&r, reader_u8(&r));

	if (r.failed || name.len == 0)
		return NEVER(PROTOCOL, "not a job");
	*out = (struct frame_job){ .name = name, .parameters = r.rest };
	return OK;
}

void buf_add_frame_fault(struct buf *b, err e, const struct fault *f)
{
	size_t at = body_begin(b, FRAME_FAULT);
	str where = str_of(f->where);

	must(failed(e));
	buf_add_char(b, (char)e.fate);
	add_u16(b, e.why);
	add_u64(b, f->line);
	add_u64(b, f->column);
	add_u64(b, f->row);
	add_u16(b, where.len);
	buf_add(b, where);
	buf_add(b, fault_empty(f) ? str_of(e.note) : str_of(f->what));
	body_end(b, at);
}

err frame_fault_read(str body, err *reported, struct fault *f)
{
	struct reader r = READER(body);
	err e = { .fate = reader_u8(&r), .why = reader_u16be(&r) };
	uint64_t line = reader_u64be(&r), column = reader_u64be(&r), row = reader_u64be(&r);
	str where = reader_take(&r, reader_u16be(&r));

	if (r.failed || e.fate == FATE_OK || e.fate > FATE_BROKEN || e.why == WHY_NONE || e.why >= WHY_COUNT)
		return NEVER(PROTOCOL, "not a fault");
	if (e.fate == FATE_BROKEN)
		e.fate = FATE_LATER;
	e.note = err_verdict(e)->words;
	fault_where(f, where, line, column);
	if (f)
		f->row = row;
	if (r.rest.len)
		fault_set(f, "%.*s", STR_ARG(r.rest));
	*reported = e;
	return OK;
}
