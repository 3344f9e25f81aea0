/* One connection to clamd, from dialling to the end of its answer. */
#include "check/clamd_inside.h"

#define SILENCE (60 * SECOND) /* after no answer came */

err clamd_trouble(const struct clamd *c, struct fault *fault, const char *words)
{
	fault_set(fault, "clamd at %.*s %s", STR_ARG(c->options.address), words);
	return LATER(UNSCANNED, "the document could not be scanned");
}

err clamd_refused(const struct clamd *c, struct fault *fault, enum clamd_answer answer, str bytes)
{
	char room[300], text[CLAMD_NAME_MAX];
	struct buf words = BUF_ON(room);

	if (answer == CLAMD_TOO_LARGE)
		return clamd_trouble(c, fault,
				     "takes no document of this size: raise its StreamMaxLength, or lower "
				     "check.clamd_bytes");
	if (bytes.len == 0)
		return clamd_trouble(c, fault, "hung up without an answer");
	escaped_copy(text, sizeof text, str_upto(bytes, bytes.len - (bytes.at[bytes.len - 1] == 0)));
	buf_add_format(&words, "%s: %s", answer == CLAMD_ERROR ? "failed" : "gave an answer that is none", text);
	return clamd_trouble(c, fault, buf_c(&words));
}

/* ── Its address ── */

static err split(str address, str *host, uint16_t *port, const char **reason)
{
	size_t colon = address.len;
	uint64_t number;

	while (colon > 0 && address.at[colon - 1] != ':')
		colon--;
	*host = str_upto(address, colon ? colon - 1 : 0);
	if (str_starts(*host, STR("[")) && str_ends(*host, STR("]")))
		*host = str_upto(str_from(*host, 1), host->len - 2);
	*reason = "it is the absolute path of clamd's socket, or 127.0.0.1:PORT; documents go there as they are, so "
		  "it is on this machine";
	if (!str_same(*host, STR("127.0.0.1")) && !str_same(*host, STR("::1")))
		return NEVER(CONFIG, "not an address of this machine");
	if (!str_number(str_from(address, colon), &number) || number == 0 || number > UINT16_MAX)
		return NEVER(CONFIG, "not a port");
	*port = (uint16_t)number;
	return OK;
}

err clamd_open(struct arena *a, const struct clamd_options *o, struct clamd **out, struct fault *fault)
{
	const char *reason;
	struct clamd *c;
	str host;

	TRY(NEW(a, c));
	c->options = *o;
	if (str_starts(o->address, STR("/"))) {
		TRY(str_c(a, o->address, &c->path));
	} else {
		err e = split(o->address, &host, &c->port, &reason);
		if (failed(e))
			fault_set(fault, "clamd: %s", reason);
		TRY(e);
		TRY(str_c(a, host, &c->host));
	}
	*out = c;
	return OK;
}

uint64_t clamd_bytes_max(const struct clamd *c)
{
	return c->options.bytes_max;
}

/* ── Talking ── */

static int64_t ticks_now(void)
{
	struct clock clock = sys_clock();

	return clock_ticks(&clock);
}

/* Every failure becomes the one that holds the document; the sentence keeps the reason. */
static err lost(struct clamd_talk *t, struct fault *fault, err e)
{
	if (e.why == WHY_TIMEOUT)
		atomic_store(&t->clamd->silent_until, ticks_now() + SILENCE);
	return clamd_trouble(t->clamd, fault,
			     e.why == WHY_TIMEOUT     ? "did not answer in time (check.clamd_timeout)"
			     : e.why == WHY_CLOSED    ? "hung up"
			     : e.why == WHY_CANCELLED ? "was left, because we were asked to stop"
						      : e.note);
}

static err dial(struct clamd *c, struct clamd_talk *t, struct fault *why)
{
	return c->path ? socket_dial_path(c->path, &t->wait, &t->fd, why)
		       : socket_dial(c->host, c->port, &t->wait, &t->fd, why);
}

err clamd_dial(struct clamd *c, struct clamd_talk *t, struct fault *fault)
{
	char room[400];
	struct buf words = BUF_ON(room);
	struct fault why = { 0 };

	*t = (struct clamd_talk){ .clamd = c,
				  .fd = -1,
				  .wait = { .stop_fd = c->options.stop_fd, .grace = c->options.grace } };
	if (ticks_now() < atomic_load(&c->silent_until))
		return clamd_trouble(c, fault, "did not answer in time a moment ago, and is left alone for a minute");
	wait_begin(&t->wait, c->options.timeout);
	err e = dial(c, t, &why);
	if (!failed(e) || e.why == WHY_TIMEOUT || e.why == WHY_CANCELLED)
		return failed(e) ? lost(t, fault, e) : OK;
	buf_add_format(&words, "cannot be reached: %.*s",
		       STR_ARG(str_upto(str_of(fault_empty(&why) ? e.note : why.what), 300)));
	return clamd_trouble(c, fault, buf_c(&words));
}

/* It hangs up on what is too large for it, and says so before: then that is the reason. */
static err hung_up(struct clamd_talk *t, struct fault *fault, err e)
{
	struct clamd_verdict none;
	str said = str_bytes(t->answer, t->answered);
	enum clamd_answer answer = clamd_answer_parse(said, &none);

	if (e.why == WHY_CLOSED && (answer == CLAMD_TOO_LARGE || answer == CLAMD_ERROR))
		return clamd_refused(t->clamd, fault, answer, said);
	return lost(t, fault, e);
}

static err hear(struct clamd_talk *t)
{
	size_t got;

	do {
		TRY(socket_read(t->fd, t->answer + t->answered, sizeof t->answer - t->answered, &t->wait, &got));
		t->answered += got;
	} while (got && t->answered < sizeof t->answer);
	return OK;
}

err clamd_say(struct clamd_talk *t, str bytes, struct fault *fault)
{
	wait_begin(&t->wait, t->clamd->options.timeout);
	err e = socket_write(t->fd, bytes, &t->wait);
	if (!failed(e))
		return OK;
	if (e.why == WHY_CLOSED)
		(void)failed(hear(t));
	return hung_up(t, fault, e);
}

err clamd_hear(struct clamd_talk *t, struct fault *fault)
{
	wait_begin(&t->wait, t->clamd->options.timeout);
	err e = hear(t);
	return failed(e) ? hung_up(t, fault, e) : OK;
}

bool clamd_spoke(struct clamd_talk *t)
{
	struct wait past = { .until = INT64_MIN, .stop_fd = -1 };
	size_t got = 0;
	err e = socket_read(t->fd, t->answer + t->answered, sizeof t->answer - t->answered, &past, &got);

	t->answered += got;
	return e.why != WHY_TIMEOUT;
}

void clamd_talk_done(struct clamd_talk *t)
{
	fd_done(&t->fd);
	t->fd = -1;
}
