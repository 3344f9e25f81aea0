/* One job after the other, or one alone. */
#include "inspector/inspector.h"

#include "inspect/frame.h"
#include "sys/sys.h"

enum { JOB_ARENA_MAX = 1024 * 1024 * 1024, NAME_MAX_BYTES = 64, LEAVES_AT = 3 * FRAME_WINDOW };

static struct conversation {
	char in_room[FRAME_MAX + FRAME_WINDOW], out_room[FRAME_MAX + FRAME_WINDOW];
	struct buf in, out;
	size_t looked;
	str data;   /* of the document, not yet read by the job */
	bool ended; /* its END came */
} it;

/* ── Frames ──────────────────────────────────────────────────────────────────────────────────────── */

static err say_all(void)
{
	err e = file_write(1, buf_str(&it.out));

	it.out.len = 0;
	return e;
}

static err say(enum frame_kind kind, str body)
{
	if (it.out.len + FRAME_HEAD + body.len > it.out.max)
		TRY(say_all());
	buf_add_frame(&it.out, kind, body);
	return buf_check(&it.out);
}

static err read_more(size_t *got)
{
	size_t left = it.in.len - it.looked;

	memmove(it.in.at, it.in.at + it.looked, left);
	explicit_bzero(it.in.at + left, it.looked); /* parameters may be secrets */
	it.in.len = left;
	it.looked = 0;
	TRY(file_read(0, it.in.at + it.in.len, it.in.max - it.in.len, got));
	it.in.len += *got;
	return OK;
}

/* LATER CLOSED when the other side closes. */
static err hear(struct frame *f)
{
	bool whole = false;
	size_t got = 1;

	for (;;) {
		str rest = str_from(buf_str(&it.in), it.looked);
		TRY(frame_read(&rest, f, &whole));
		if (whole) {
			it.looked = it.in.len - rest.len;
			return OK;
		}
		if (got == 0)
			return LATER(CLOSED, "no more jobs");
		TRY(read_more(&got));
	}
}

/* ── The document and the result as streams ──────────────────────────────────────────────────────── */

static err hear_data(void)
{
	struct frame f;

	TRY(hear(&f));
	if (f.kind == FRAME_END && f.body.len == 0)
		it.ended = true;
	else if (f.kind == FRAME_DATA && f.body.len > 0)
		it.data = f.body;
	else
		return NEVER(PROTOCOL, "neither data nor their end");
	return OK;
}

static err document_read(void *state, void *to, size_t max, size_t *got)
{
	(void)state;
	while (it.data.len == 0 && !it.ended)
		TRY(hear_data());
	str part = str_upto(it.data, max);
	if (part.len)
		memcpy(to, part.at, part.len);
	it.data = str_from(it.data, part.len);
	*got = part.len;
	return OK;
}

/* A result leaves when three windows of it are there, which a socket takes at once, or with the answer. */
static err result_write(void *state, const void *from, size_t len)
{
	str rest = str_bytes(from, len);

	(void)state;
	while (rest.len) {
		str part = str_upto(rest, FRAME_WINDOW);
		TRY(say(FRAME_RESULT, part));
		if (it.out.len >= LEAVES_AT)
			TRY(say_all());
		rest = str_from(rest, part.len);
	}
	return OK;
}

/* ── A job ───────────────────────────────────────────────────────────────────────────────────────── */

static const struct row {
	const char *name;
	job_handler *handler;
} rows[] = {
#define JOB(job, ...) { #job, job_##job },
#include "inspect/jobs.def"
#undef JOB
};

static const struct row *find_row(str name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_same(name, str_of(rows[i].name)))
			return &rows[i];
	return NULL;
}

static err do_job(struct job *job, const struct frame_job *wanted, json_t **parameters, struct fault *fault)
{
	const struct row *row = find_row(wanted->name);

	*parameters = json_loadb(wanted->parameters.at, wanted->parameters.len, JSON_REJECT_DUPLICATES, NULL);
	if (!row || !json_is_object(*parameters))
		return NEVER(PROTOCOL, "no such job");
	job->parameters = *parameters;
	return row->handler(job, fault);
}

static err say_answer(str answer)
{
	while (answer.len) {
		str part = str_upto(answer, FRAME_WINDOW);
		TRY(say(FRAME_ANSWER, part));
		answer = str_from(answer, part.len);
	}
	return say(FRAME_DONE, STR_NONE);
}

static err say_fault(err e, const struct fault *fault)
{
	char room[4096];
	struct buf b = BUF_ON(room);

	if (e.why == WHY_MEMORY)
		e = NEVER(LIMIT, "it needs more memory than a document may take");
	buf_add_frame_fault(&b, e, fault);
	if (it.out.len + b.len > it.out.max)
		TRY(say_all());
	buf_add(&it.out, buf_str(&b));
	return buf_check(&it.out);
}

/* The answer may leave before the document has come whole; the next job begins behind its end. */
static err finish(const struct job *job, err e, const struct fault *fault)
{
	TRY(failed(e) ? say_fault(e, fault) : say_answer(job->answer));
	TRY(say_all());
	while (!it.ended)
		TRY(hear_data());
	it.data = STR_NONE;
	return OK;
}

static err serve_one(str body)
{
	static const struct source_ops document_ops = { .read = document_read };
	static const struct sink_ops result_ops = { .write = result_write };
	OWNED(arena_done) struct arena *a = NULL;
	struct source document = { &document_ops, &it };
	struct sink result = { &result_ops, &it };
	struct job job = { .document = &document, .result = &result, .answer = STR("{}") };
	struct fault fault = { 0 };
	struct frame_job wanted;
	json_t *parameters = NULL;

	it.ended = false;
	it.data = STR_NONE;
	TRY(frame_job_read(body, &wanted));
	TRY(arena_open(JOB_ARENA_MAX, &a));
	job.arena = a;
	err e = do_job(&job, &wanted, &parameters, &fault);
	json_decref(parameters);
	return finish(&job, e, &fault);
}

err inspector_serve(bool once)
{
	struct frame f;

	do {
		err e = hear(&f);
		if (e.why == WHY_CLOSED)
			return OK;
		TRY(e);
		if (f.kind != FRAME_JOB)
			return NEVER(PROTOCOL, "not a job");
		TRY(serve_one(f.body));
		explicit_bzero(it.in.at, it.looked);
	} while (!once);
	return OK;
}

err inspector_ready(bool filtered, unsigned landlock)
{
	const struct frame_ready r = { .version = STR(LETTERLOCK_VERSION), .filtered = filtered, .landlock = landlock };

	it.in = BUF_ON(it.in_room);
	it.out = BUF_ON(it.out_room);
	buf_add_frame_ready(&it.out, &r);
	return say_all();
}
