#include "deliver/engine.h"

#include <stdlib.h>
#include <string.h>

static const struct engine *const engines[] = {
	[TRANSPORT_MAILDIR] = &maildir_engine,
	[TRANSPORT_SMTP] = &smtp_engine,
	[TRANSPORT_SES] = &ses_engine,
};

enum { SESSION_MEMORY = 256 * 1024 };

struct transport_options transport_defaults(enum transport_kind kind)
{
	return (struct transport_options){
		.kind = kind,
		.port = 587,
		.security = SMTP_STARTTLS,
		.helo = "localhost",
		.messages_max = 1000,
		/* RFC 5321 4.5.3.2, but for the connection, where nothing is known to wait for. */
		.patience = { .connect = 30 * SECOND,
			      .greeting = 5 * MINUTE,
			      .reply = 5 * MINUTE,
			      .data = 5 * MINUTE,
			      .dot = 10 * MINUTE,
			      .quit = 5 * SECOND },
		.stop_fd = -1,
		.grace = 20 * SECOND,
	};
}

str outcome_result_name(enum outcome_result r)
{
	return r == OUTCOME_DELIVERED ? STR("delivered") : r == OUTCOME_LATER ? STR("later") : STR("never");
}

err outcome_refuse(struct outcome *o, err why)
{
	o->result = why.fate == FATE_NEVER ? OUTCOME_NEVER : OUTCOME_LATER;
	o->why = why.why;
	escaped_copy(o->enhanced, sizeof o->enhanced, str_of(err_verdict(why)->enhanced));
	escaped_copy(o->text, sizeof o->text, str_of(why.note));
	return OK;
}

err transport_open(const struct transport_options *options, struct transport **out, struct fault *fault)
{
	OWNED(transport_done) struct transport *t = calloc(1, sizeof *t);

	if (!t) {
		struct aws_login *login = options->signer;
		aws_login_done(&login);
		return LATER(MEMORY, "no memory");
	}
	must(options->kind < sizeof engines / sizeof *engines);
	t->options = *options;
	t->engine = engines[options->kind];
	TRY(t->engine->prepare(t, fault));
	*out = t;
	t = NULL;
	return OK;
}

void transport_done(struct transport **t)
{
	if (*t && (*t)->engine->finish)
		(*t)->engine->finish(*t);
	if (*t)
		tls_client_done(&(*t)->tls);
	free(*t);
	*t = NULL;
}

static err fill_session(struct arena *a, struct transport *t, struct session **out)
{
	struct session *s;

	TRY(NEW(a, s));
	s->transport = t;
	s->arena = a;
	TRY(t->engine->session_open(t, s));
	*out = s;
	return OK;
}

err session_open(struct transport *t, struct session **out)
{
	OWNED(arena_done) struct arena *a = NULL;

	TRY(arena_open(SESSION_MEMORY, &a));
	TRY(fill_session(a, t, out));
	a = NULL;
	return OK;
}

void session_done(struct session **s)
{
	if (!*s)
		return;
	if ((*s)->transport->engine->session_close)
		(*s)->transport->engine->session_close(*s);
	arena_close((*s)->arena);
	*s = NULL;
}

err session_send(struct session *s, const struct message *message, struct outcome *out)
{
	const struct transport_options *options = &s->transport->options;
	struct wait w = { .stop_fd = options->stop_fd };

	*out = (struct outcome){ .result = OUTCOME_LATER, .stage = "start" };
	if (options->host)
		escaped_copy(out->host, sizeof out->host, str_of(options->host));
	if (wait_stopping(&w)) {
		err e = LATER(CANCELLED, "stopping: nothing new is begun");
		(void)outcome_refuse(out, e);
		return e;
	}
	return s->transport->engine->send(s, message, out);
}

err transport_probe(struct arena *a, struct transport *t, str *words, struct allowance *allowed, struct fault *fault)
{
	OWNED(session_done) struct session *s = NULL;

	*allowed = (struct allowance){ 0 };
	TRY(session_open(t, &s));
	return t->engine->probe(s, a, words, allowed, fault);
}

err transport_allowance(struct transport *t, struct allowance *out, struct fault *fault)
{
	OWNED(session_done) struct session *s = NULL;

	*out = (struct allowance){ 0 };
	if (!t->engine->allowance)
		return OK;
	TRY(session_open(t, &s));
	return t->engine->allowance(s, out, fault);
}
