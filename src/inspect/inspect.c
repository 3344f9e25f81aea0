/* One job: the document goes out while the result comes back. */
#include "inspect/inside.h"

#include "sys/sys.h"

#define READY_WITHIN MINUTE
#define RESTS_WITHIN (5 * SECOND)
enum { ANSWER_USUAL = 1024 * 1024 };

enum worker_kind { SHARED, ALONE };
struct job_limits {
	const char *name;
	struct worker_limits process;
	span wall;
	uint64_t input, output;
	enum worker_kind worker;
};
static const struct job_limits limits[] = {
#define JOB(job, mib, cpu, seconds, in, out, kind)                                                                     \
	[INSPECT_##job] = { .name = #job,                                                                              \
			    .process = { .address_space = (uint64_t)(mib) << 20, .cpu_seconds = (cpu) },               \
			    .wall = (seconds)*SECOND,                                                                  \
			    .input = (in),                                                                             \
			    .output = (out),                                                                           \
			    .worker = (kind) },
#include "inspect/jobs.def"
#undef JOB
};

static int64_t ticks(void)
{
	struct clock clock = sys_clock();

	return clock_ticks(&clock);
}

/* ── Frames from the worker ──────────────────────────────────────────────────────────────────────── */

/* What was looked at is moved out of the way. */
static void make_room(struct buf *in, size_t *looked)
{
	memmove(in->at, in->at + *looked, in->len - *looked);
	in->len -= *looked;
	*looked = 0;
}

static err next_frame(struct one *o, struct frame *f, bool *whole)
{
	str rest = str_from(buf_str(&o->in), o->looked);

	TRY(frame_read(&rest, f, whole));
	if (*whole)
		o->looked = o->in.len - rest.len;
	return OK;
}

err one_talk(struct one *o, int64_t until, struct frame *f, bool *whole)
{
	size_t got;

	TRY(next_frame(o, f, whole));
	if (*whole)
		return OK;
	make_room(&o->in, &o->looked);
	str out = str_from(buf_str(&o->out), o->sent);
	err e = worker_talk(&o->worker, &out, o->in.at + o->in.len, o->in.max - o->in.len, &got, until);
	o->sent = o->out.len - out.len;
	TRY(e);
	o->in.len += got;
	return next_frame(o, f, whole);
}

/* ── Its first words ─────────────────────────────────────────────────────────────────────────────── */

static err judge_ready(const struct inspectors_options *options, const struct frame_ready *r, struct fault *fault)
{
	if (!str_same(r->version, STR(LETTERLOCK_VERSION))) {
		fault_set(fault,
			  "letterlock-inspector is of version %.*s and letterlock of " LETTERLOCK_VERSION
			  ": install both together",
			  STR_ARG(r->version));
		return NEVER(CONFIG, "an inspector of another version");
	}
	if (!r->filtered && !options->without) {
		fault_set(fault, "the kernel gives no sandbox (seccomp) to what looks into documents; where that is "
				 "accepted, write why into inspector.allow_no_sandbox_reason");
		return NEVER(UNSUPPORTED, "no sandbox");
	}
	if (!r->landlock && options->every_layer && !options->without) {
		fault_set(fault,
			  "inspector.sandbox is `required`, and this kernel knows no Landlock; `wanted` does with "
			  "the filter of system calls");
		return NEVER(UNSUPPORTED, "no Landlock");
	}
	return OK;
}

bool one_rests(struct one *o)
{
	o->working = !worker_rested(&o->worker, ticks() + RESTS_WITHIN);
	return !o->working;
}

err one_ready(const struct inspectors_options *options, struct one *o, struct fault *fault)
{
	int64_t until = ticks() + READY_WITHIN;
	struct frame_ready r;
	struct frame f;
	bool whole = false;
	err e = OK;

	while (!failed(e) && !whole)
		e = one_talk(o, until, &f, &whole);
	if (!failed(e) && f.kind != FRAME_READY)
		e = LATER(PROTOCOL, "an inspector that does not begin");
	if (!failed(e))
		e = frame_ready_read(f.body, &r);
	if (failed(e)) {
		fault_set(fault, "letterlock-inspector did not begin: %s", err_verdict(e)->words);
		return LATER(SYSTEM, "an inspector that does not begin");
	}
	TRY(judge_ready(options, &r, fault));
	o->ready = true;
	o->landlock = r.landlock;
	return OK;
}

/* ── The document out ────────────────────────────────────────────────────────────────────────────── */

struct call {
	struct one *one;
	const struct inspection *what;
	const struct job_limits *limits;
	struct arena *arena;
	struct buf answer; /* so far, in the arena */
	span patience;
	int64_t until;
	uint64_t sent, received;
	bool ended_input, over; /* END is in o->out; DONE or FAULT was heard */
	enum inspect_end end;
	err verdict;
	struct fault *fault;
};

static bool all_sent(const struct one *o)
{
	return o->sent == o->out.len;
}

static void send_end(struct call *c)
{
	buf_add_frame(&c->one->out, FRAME_END, STR_NONE);
	c->ended_input = true;
}

static err send_window(struct call *c)
{
	struct one *o = c->one;
	size_t got = 0;

	if (!c->what->document || c->over) {
		send_end(c);
		return OK;
	}
	c->end = INSPECT_NOT_ASKED;
	TRY(source_read_full(c->what->document, o->out.at + o->out.len + FRAME_HEAD, FRAME_WINDOW, &got));
	if (got > c->limits->input - c->sent) {
		c->end = INSPECT_TOO_MUCH;
		fault_set(c->fault, "the document is too large to be looked into: more than %llu bytes",
			  (unsigned long long)c->limits->input);
		return NEVER(LIMIT, "too large to be looked into");
	}
	c->sent += got;
	if (got) {
		frame_head(FRAME_DATA, got, (uint8_t *)o->out.at + o->out.len);
		o->out.len += FRAME_HEAD + got;
	}
	if (got < FRAME_WINDOW)
		send_end(c);
	return OK;
}

/* Small jobs go out in one piece: the request, the document and its end. */
static err fill(struct call *c)
{
	struct one *o = c->one;

	if (all_sent(o) && !c->ended_input) {
		if (o->sent) {
			explicit_bzero(o->out.at, o->out.len);
			o->out.len = o->sent = 0;
		}
		return send_window(c);
	}
	return c->sent == 0 && o->sent == 0 && !c->ended_input ? send_window(c) : OK;
}

/* ── The answer in ───────────────────────────────────────────────────────────────────────────────── */

static err garbage(struct call *c)
{
	c->end = INSPECT_GARBAGE;
	return NEVER(PROTOCOL, "the inspector does not answer as it should");
}

static err count_output(struct call *c, size_t len)
{
	c->received += len;
	if (c->received <= c->limits->output)
		return OK;
	c->end = INSPECT_TOO_MUCH;
	return NEVER(LIMIT, "the inspector says too much");
}

static err hear_result(struct call *c, str body)
{
	if (!c->what->result)
		return garbage(c);
	TRY(count_output(c, body.len));
	c->end = INSPECT_NOT_ASKED;
	return sink_put(c->what->result, body);
}

/* Twice as large each time: many small pieces cost no more than one large one. */
static err grow_answer(struct call *c, size_t len)
{
	struct buf larger;

	if (c->answer.len + len <= c->answer.max)
		return OK;
	TRY(buf_open(c->arena, 2 * c->answer.len + len, &larger));
	buf_add(&larger, buf_str(&c->answer));
	c->answer = larger;
	return OK;
}

static err hear_answer(struct call *c, str body)
{
	size_t most = c->what->answer_max ? c->what->answer_max : ANSWER_USUAL;

	TRY(count_output(c, body.len));
	if (body.len > most - c->answer.len) {
		c->end = INSPECT_TOO_MUCH;
		return NEVER(LIMIT, "the inspector says too much");
	}
	c->end = INSPECT_NOT_ASKED;
	TRY(grow_answer(c, body.len));
	buf_add(&c->answer, body);
	return OK;
}

static err hear_done(struct call *c, str body)
{
	c->over = true;
	c->end = INSPECT_ANSWERED;
	return body.len || c->answer.len == 0 ? garbage(c) : OK;
}

static err hear_fault(struct call *c, str body)
{
	if (failed(frame_fault_read(body, &c->verdict, c->fault)))
		return garbage(c);
	c->over = true;
	c->end = INSPECT_SAID_NO;
	return OK;
}

static err hear(struct call *c, const struct frame *f)
{
	if (c->over)
		return garbage(c);
	switch (f->kind) {
	case FRAME_RESULT:
		return hear_result(c, f->body);
	case FRAME_ANSWER:
		return hear_answer(c, f->body);
	case FRAME_DONE:
		return hear_done(c, f->body);
	case FRAME_FAULT:
		return hear_fault(c, f->body);
	default:
		return garbage(c);
	}
}

/* ── The call ────────────────────────────────────────────────────────────────────────────────────── */

static err begin(struct call *c)
{
	const str none = STR("{}");
	const struct frame_job job = {
		.name = str_of(c->limits->name),
		.parameters = c->what->parameters.len ? c->what->parameters : none,
	};
	struct one *o = c->one;

	o->out.len = o->sent = 0;
	o->out.max = FRAME_MAX;
	buf_add_frame_job(&o->out, &job);
	o->out.max = sizeof o->out_room;
	if (o->out.overflow) {
		o->out.overflow = false;
		o->out.len = 0;
		return NEVER(LIMIT, "too many parameters for a job");
	}
	c->until = ticks() + c->patience;
	o->working = o->alone;
	return worker_limit(&o->worker, &c->limits->process);
}

static err converse(struct call *c)
{
	struct frame f;
	bool whole;

	TRY(begin(c));
	while (!c->over || !c->ended_input || !all_sent(c->one)) {
		TRY(fill(c));
		err e = one_talk(c->one, c->until, &f, &whole);
		if (failed(e)) {
			c->end = INSPECT_CRASHED;
			return e;
		}
		if (whole)
			TRY(hear(c, &f));
	}
	return c->one->looked == c->one->in.len ? OK : garbage(c); /* it speaks on unasked */
}

/* What ended a worker, in words. A document that ends workers is never let through, and trying again helps only where
 * the end came from elsewhere. */
static enum inspect_end why_it_ended(const struct call *c, err e, int signal)
{
	static const enum inspect_end by_signal[] = {
		[WORKER_CPU] = INSPECT_CPU,
		[WORKER_REFUSED_CALL] = INSPECT_REFUSED_CALL,
		[WORKER_KILLED] = INSPECT_KILLED,
		[WORKER_OTHER_SIGNAL] = INSPECT_CRASHED,
	};

	if (c->end != INSPECT_CRASHED)
		return c->end;
	if (e.why == WHY_TIMEOUT)
		return INSPECT_SILENT;
	if (e.why == WHY_PROTOCOL)
		return INSPECT_GARBAGE;
	return signal ? by_signal[worker_signal_means(signal)] : INSPECT_CRASHED;
}

static err in_words(struct call *c, err e, int signal)
{
	static const char cannot[] = "the document could not be looked into";

	c->end = why_it_ended(c, e, signal);
	switch (c->end) {
	case INSPECT_REFUSED_CALL:
		fault_set(c->fault, "%s: what reads it tried to leave its sandbox and was ended", cannot);
		return NEVER(DOCUMENT, "a call that the sandbox refuses");
	case INSPECT_CPU:
		fault_set(c->fault, "%s: it takes more than %llu s of computing", cannot,
			  (unsigned long long)c->limits->process.cpu_seconds);
		return NEVER(LIMIT, "more computing than a document may take");
	case INSPECT_CRASHED:
		fault_set(c->fault, "%s: what reads it broke down over it", cannot);
		return NEVER(DOCUMENT, "the inspector broke down");
	case INSPECT_KILLED:
		fault_set(c->fault, "%s: what reads it was killed from outside, perhaps for want of memory", cannot);
		return LATER(SYSTEM, "the inspector was killed");
	case INSPECT_SILENT:
		fault_set(c->fault, "%s: not done within %llu s", cannot, (unsigned long long)(c->patience / SECOND));
		return LATER(TIMEOUT, "the inspector was too slow");
	case INSPECT_GARBAGE:
		fault_set(c->fault, "%s: what reads it did not answer as it should", cannot);
		return NEVER(DOCUMENT, "the inspector does not answer as it should");
	case INSPECT_TOO_MUCH:
		if (fault_empty(c->fault))
			fault_set(c->fault, "%s: too much comes out of it", cannot);
		return NEVER(LIMIT, "too much comes out of the document");
	default:
		if (fault_empty(c->fault))
			fault_set(c->fault, "%s: %s", cannot, err_verdict(e)->words);
		return e;
	}
}

/* After anything unforeseen nobody knows in what state the worker is: it is ended, and its end says why. */
static err settle(struct inspectors *p, struct call *c, err e)
{
	int signal = 0;

	explicit_bzero(c->one->out.at, c->one->out.len);
	if (!failed(e)) {
		if (c->one->alone && !worker_sent(&c->one->worker))
			pool_end(p, c->one, NULL); /* this job it has done, and will do no other */
		else
			pool_give_back(p, c->one);
		return c->verdict;
	}
	pool_end(p, c->one, &signal);
	return in_words(c, e, signal);
}

static span patience_for(const struct inspectors *p, const struct job_limits *l)
{
	span most = pool_options(p)->patience_max;

	return most && most < l->wall ? most : l->wall;
}

err inspect(struct inspectors *p, struct arena *a, const struct inspection *what, str *answer, struct fault *fault)
{
	struct fault unheard = { 0 };
	struct call c = { .what = what, .arena = a, .end = INSPECT_NOT_ASKED, .fault = fault ? fault : &unheard };

	must(what->job < INSPECT_JOBS);
	c.limits = &limits[what->job];
	c.patience = patience_for(p, c.limits);
	err e = pool_take(p, c.limits->worker == ALONE, &c.one, c.fault);
	if (!failed(e))
		e = settle(p, &c, converse(&c));
	if (what->end)
		*what->end = c.end;
	TRY(e);
	*answer = buf_str(&c.answer);
	return OK;
}
