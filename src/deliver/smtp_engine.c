#include "deliver/smtp.h"

static err prepare(struct transport *t, struct fault *fault)
{
	const struct transport_options *o = &t->options;
	struct tls_client_options trust = { .ca_file = o->ca_file };

	if (!o->host || !o->host[0] || o->port == 0)
		return NEVER(CONFIG, "a relay needs a host and a port");
	if (o->user.len && o->security == SMTP_CLEAR)
		return NEVER(CONFIG, "a login needs TLS: choose implicit TLS or STARTTLS");
	if (o->user.len && !o->secret)
		return NEVER(CONFIG, "a login needs a password");
	return o->security == SMTP_CLEAR ? OK : tls_client_open(&trust, &t->tls, fault);
}

static err open(struct transport *t, struct session *base)
{
	struct smtp_session *s;

	TRY(NEW(base->arena, s));
	TRY(connection_new(base->arena, &s->link));
	s->transport = t;
	base->state = s;
	return OK;
}

static void close(struct session *base)
{
	smtp_leave(base->state);
}

/* ── For `config check` ── */

static const char *const login_names[] = { "none", "PLAIN", "LOGIN", "XOAUTH2" };

static void add_abilities(struct buf *b, const struct smtp_capabilities *can)
{
	buf_add(b, can->pipelining ? STR(", PIPELINING") : STR(", no PIPELINING"));
	buf_add(b, can->smtputf8 ? STR(", SMTPUTF8") : STR(", no SMTPUTF8"));
	if (can->size_max)
		buf_add_format(b, ", messages up to %llu bytes", (unsigned long long)can->size_max);
}

static void describe(const struct smtp_session *s, struct buf *b)
{
	moment end = connection_certificate_end(s->link);
	str security = connection_security(s->link);

	buf_add_format(b, "%s port %u: ", s->transport->options.host, s->transport->options.port);
	buf_add(b, security.len ? security : STR("unprotected"));
	if (end != MOMENT_NEVER) {
		buf_add(b, STR(", certificate good until "));
		buf_add_moment(b, end);
	}
	add_abilities(b, &s->can);
	if (s->login)
		buf_add_format(b, ", logged in by %s", login_names[s->login]);
}

static void tell(const struct smtp_session *s, err e, struct fault *fault)
{
	if (smtp_reply_class(&s->reply) >= 4)
		fault_set(fault, "%s: %s (the server said at %s: %u %s)", s->transport->options.host, e.note, s->stage,
			  s->reply.code, s->reply.text);
	else if (!fault_empty(&s->fault))
		fault_set(fault, "%s", s->fault.what);
	else
		fault_set(fault, "%s: %s (at %s)", s->transport->options.host, e.note, s->stage);
}

err smtp_probe(struct session *base, struct arena *a, str *words, struct allowance *allowed, struct fault *fault)
{
	struct smtp_session *s = base->state;
	struct buf b;

	(void)allowed;
	err e = smtp_connect(s);
	if (failed(e)) {
		tell(s, e, fault);
		return e;
	}
	TRY(buf_open(a, 1024, &b));
	describe(s, &b);
	smtp_leave(s);
	*words = buf_str(&b);
	return buf_check(&b);
}

const struct engine smtp_engine = {
	.prepare = prepare,
	.session_open = open,
	.send = smtp_send,
	.session_close = close,
	.probe = smtp_probe,
};
