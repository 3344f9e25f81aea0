/* One document to clamd, as a sink: windows with their length before them, then a length of nothing, then the answer
 * (clamd(8), INSTREAM). */
#include "check/clamd_inside.h"

struct scan {
	struct clamd_talk talk;
	struct clamd_verdict *verdict;
	struct fault *fault;
	struct buf window; /* its first four bytes are its length */
};

enum { LENGTH = 4 };

static err send_window(struct scan *s)
{
	put_u32be(s->window.at, (uint32_t)(s->window.len - LENGTH));
	err e = clamd_say(&s->talk, buf_str(&s->window), s->fault);
	s->window.len = LENGTH;
	return e;
}

static err write_scan(void *state, const void *from, size_t len)
{
	struct scan *s = state;
	str rest = str_bytes(from, len);

	while (rest.len) {
		str part = str_upto(rest, s->window.max - s->window.len);
		buf_add(&s->window, part);
		rest = str_from(rest, part.len);
		if (s->window.len == s->window.max)
			TRY(send_window(s));
	}
	return OK;
}

/* An answer that was there before the document ended is none of this document. */
static err end_stream(struct scan *s)
{
	static const char nothing_more[LENGTH] = { 0 };

	if (s->window.len > LENGTH)
		TRY(send_window(s));
	if (!clamd_spoke(&s->talk))
		return clamd_say(&s->talk, str_bytes(nothing_more, LENGTH), s->fault);
	struct clamd_verdict none;
	str said = str_bytes(s->talk.answer, s->talk.answered);
	enum clamd_answer answer = clamd_answer_parse(said, &none);
	if (answer == CLAMD_CLEAN || answer == CLAMD_FOUND)
		return clamd_trouble(s->talk.clamd, s->fault, "answered before it had the whole document");
	return clamd_refused(s->talk.clamd, s->fault, answer, said);
}

static err finish_scan(void *state)
{
	struct scan *s = state;
	struct clamd_verdict verdict = { 0 };

	TRY(end_stream(s));
	TRY(clamd_hear(&s->talk, s->fault));
	str said = str_bytes(s->talk.answer, s->talk.answered);
	enum clamd_answer answer = clamd_answer_parse(said, &verdict);
	if (answer != CLAMD_CLEAN && answer != CLAMD_FOUND)
		return clamd_refused(s->talk.clamd, s->fault, answer, said);
	*s->verdict = verdict;
	clamd_talk_done(&s->talk);
	return OK;
}

static void abandon_scan(void *state)
{
	clamd_talk_done(&((struct scan *)state)->talk);
}

err clamd_scan(struct arena *a, struct clamd *c, struct clamd_verdict *verdict, struct fault *fault, struct sink *out)
{
	static const struct sink_ops ops = { write_scan, finish_scan, abandon_scan };
	struct scan *s;

	TRY(NEW(a, s));
	TRY(buf_open(a, LENGTH + STREAM_WINDOW, &s->window));
	s->window.len = LENGTH;
	s->verdict = verdict;
	s->fault = fault;
	TRY(clamd_dial(c, &s->talk, fault));
	*out = (struct sink){ &ops, s };
	err e = clamd_say(&s->talk, str_bytes("zINSTREAM", sizeof "zINSTREAM"), fault);
	if (failed(e))
		sink_done(out);
	return e;
}
