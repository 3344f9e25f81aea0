/* One message over one connection. Envelope and DATA go out in one write where the server allows it (RFC 2920), the
 * text and the final dot in another. Between the dot's reply and the next call nothing is said. */
#include "deliver/smtp.h"

struct transaction {
	struct smtp_session *s;
	const struct message *message;
	struct outcome *outcome;
	struct smtp_body facts;
};

enum { STEPS = 3, COMMANDS_MAX = 2048 };
static const char *const stages[STEPS] = { "MAIL", "RCPT", "DATA" };

static const struct smtp_patience *patience(const struct smtp_session *s)
{
	return &s->transport->options.patience;
}

/* What the present server cannot carry is refused before it hears of it. */
static err fits(const struct transaction *t)
{
	const struct smtp_capabilities *can = &t->s->can;

	if (can->size_max && t->message->bytes.len > can->size_max)
		return NEVER(LIMIT, "the message is larger than the server accepts");
	if (t->message->smtputf8 && !can->smtputf8)
		return NEVER(UNSUPPORTED, "the server cannot carry an address that is not ASCII (SMTPUTF8)");
	if (t->facts.eight_bit && !can->eight_bit_mime)
		return NEVER(UNSUPPORTED, "the server cannot carry a message with 8-bit text (8BITMIME)");
	return OK;
}

static err write_commands(const struct transaction *t, struct buf lines[STEPS])
{
	struct smtp_mail parameters = { .with_size = t->s->can.size,
					.size = t->message->bytes.len,
					.eight_bit = t->facts.eight_bit,
					.smtputf8 = t->message->smtputf8 };

	TRY(smtp_mail_from(&lines[0], t->message->from, &parameters));
	TRY(smtp_rcpt_to(&lines[1], t->message->to));
	buf_add(&lines[2], STR("DATA\r\n"));
	return OK;
}

/* The server's word on this message. */
static void take_reply(struct transaction *t, const char *stage, const struct smtp_reply *r)
{
	struct outcome *o = t->outcome;
	unsigned class = smtp_reply_class(r);

	o->result = class == 2 ? OUTCOME_DELIVERED : class == 5 ? OUTCOME_NEVER : OUTCOME_LATER;
	o->why = class == 2 ? WHY_NONE : class == 5 ? WHY_REPLY_NEVER : WHY_REPLY_LATER;
	o->stage = stage;
	o->code = r->code;
	const char *enhanced = r->enhanced[0] ? r->enhanced : class == 2 ? "2.0.0" : class == 5 ? "5.0.0" : "4.0.0";
	escaped_copy(o->enhanced, sizeof o->enhanced, str_of(enhanced));
	snprintf(o->text, sizeof o->text, "%s", r->text); /* escaped when it was heard */
}

/* SES's SMTP endpoint names the message that it took, as its API does, "Ok 0107019a…-…-000000": what it reports later
 * is known by that name. Other servers say things of their own there, which are nobody's name. */
static void take_name(struct outcome *o)
{
	static const size_t parts[] = { 16, 8, 4, 4, 4, 12, 6 };
	str rest = str_of(o->text), part;

	if (o->result != OUTCOME_DELIVERED || !str_starts(rest, STR("Ok ")))
		return;
	rest = str_from(rest, 3);
	str name = rest;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		(void)str_cut(rest, '-', &part, &rest);
		for (size_t k = 0; k < part.len; k++)
			if (!((part.at[k] >= '0' && part.at[k] <= '9') || (part.at[k] >= 'a' && part.at[k] <= 'f')))
				return;
		if (part.len != parts[i])
			return;
	}
	if (rest.len == 0)
		escaped_copy(o->provider_id, sizeof o->provider_id, name);
}

/* Some refusals are not about the message: that we are not logged in, or that the two sides disagree about where they
 * are. They must not cost a recipient the mail. */
static err about_us(const struct smtp_reply *r, const char *stage)
{
	if (r->code == 530 || r->code == 534 || r->code == 535 || r->code == 538)
		return NEVER(AUTH, "the server wants a login, or another one");
	if (r->code == 500 || r->code == 502 || r->code == 503)
		return LATER(PROTOCOL, "the server does not understand what it should");
	if (smtp_reply_class(r) == (stage == stages[2] ? 2 : 3))
		return LATER(PROTOCOL, "the server answered with a code that makes no sense here");
	return OK;
}

/* A server that takes no mail from our sender would refuse every message alike: nobody's mail may be lost over that.
 * 552 at MAIL is about the size, and so about the message (RFC 1870 6.2). */
static err sender_refused(const struct smtp_session *s, const struct smtp_reply *r, size_t step)
{
	if (step != 0 || s->sender_taken || smtp_reply_class(r) != 5 || r->code == 552)
		return OK;
	return NEVER(DENIED, "the server takes no mail from our sender");
}

/* True if the server goes along with this step. */
static bool agreed(const struct smtp_reply *r, size_t step)
{
	return step == 2 ? r->code == 354 : smtp_reply_class(r) == 2;
}

struct answers {
	struct smtp_reply reply[STEPS];
	size_t count;
};

static err one_by_one(struct smtp_session *s, struct buf lines[STEPS], struct answers *got)
{
	for (size_t i = 0; i < STEPS; i++) {
		TRY(smtp_ask(s, stages[i], buf_str(&lines[i]), patience(s)->reply));
		got->reply[got->count++] = s->reply;
		if (!agreed(&s->reply, i))
			break;
	}
	return OK;
}

static err all_at_once(struct smtp_session *s, struct buf lines[STEPS], struct answers *got)
{
	for (size_t i = 0; i < STEPS; i++)
		TRY(connection_put(s->link, buf_str(&lines[i])));
	TRY(smtp_flush(s, patience(s)->reply));
	for (size_t i = 0; i < STEPS; i++) {
		TRY(smtp_hear(s, stages[i], patience(s)->reply, NULL));
		got->reply[got->count++] = s->reply;
	}
	return OK;
}

/* RFC 2920 3.1: a server that takes DATA although it took nobody gets an empty message, and then silence. */
static err end_empty_data(struct smtp_session *s)
{
	TRY(smtp_ask(s, "dot", STR(".\r\n"), patience(s)->reply));
	return OK;
}

/* The first step that was refused decides; *go if none was. */
static err judge(struct transaction *t, const struct answers *got, bool *go)
{
	for (size_t i = 0; i < got->count; i++) {
		if (agreed(&got->reply[i], i)) {
			t->s->sender_taken = true;
			continue;
		}
		t->s->stage = stages[i];
		t->s->reply = got->reply[i];
		TRY(about_us(&got->reply[i], stages[i]));
		TRY(sender_refused(t->s, &got->reply[i], i));
		take_reply(t, stages[i], &got->reply[i]);
		*go = false;
		return got->count == STEPS && got->reply[2].code == 354 ? end_empty_data(t->s) : OK;
	}
	*go = true;
	return OK;
}

static err write_body(void *state, const void *from, size_t len)
{
	struct smtp_session *s = state;

	connection_patience(s->link, patience(s)->data);
	return connection_put(s->link, str_bytes(from, len));
}

static err send_text(struct transaction *t)
{
	static const struct sink_ops ops = { .write = write_body };
	struct smtp_session *s = t->s;
	struct sink to = { .ops = &ops, .state = s };

	s->stage = "DATA";
	s->reply = (struct smtp_reply){ 0 };
	/* Until here nothing is lost by hanging up; from here on the reply is worth waiting for. */
	if (connection_stopping(s->link))
		return LATER(CANCELLED, "stopping: the message was not begun");
	connection_grace(s->link, s->transport->options.grace);
	TRY(smtp_body_write(t->message->bytes, &to));
	TRY(smtp_flush(s, patience(s)->data)); /* hears whoever answers before the dot */
	t->outcome->uncertain = true;
	err e = smtp_hear(s, "dot", patience(s)->dot, NULL);
	t->outcome->uncertain = failed(e) && s->reply.code != 421;
	TRY(e);
	if (smtp_reply_class(&s->reply) == 3) {
		t->outcome->uncertain = true;
		return LATER(PROTOCOL, "the server answered the message with a question");
	}
	take_reply(t, "dot", &s->reply);
	take_name(t->outcome);
	return OK;
}

static err transact(struct transaction *t, struct buf lines[STEPS])
{
	struct smtp_session *s = t->s;
	struct answers got = { 0 };
	bool go;

	s->unclean = true;
	TRY(s->can.pipelining ? all_at_once(s, lines, &got) : one_by_one(s, lines, &got));
	TRY(judge(t, &got, &go));
	if (go)
		TRY(send_text(t));
	connection_grace(s->link, SMTP_GRACE);
	/* Only a message that was taken certainly ends its transaction. */
	s->unclean = t->outcome->result != OUTCOME_DELIVERED;
	return OK;
}

/* After a refusal the server's state is proven or the connection is given up. */
static bool is_clean(struct smtp_session *s)
{
	if (!s->unclean)
		return true;
	s->unclean = failed(smtp_ask(s, "RSET", STR("RSET\r\n"), patience(s)->reply)) || s->reply.code != 250;
	return !s->unclean;
}

static err be_connected(struct smtp_session *s)
{
	if (!connection_is_open(s->link))
		return smtp_connect(s);
	if (s->sent < s->transport->options.messages_max)
		return is_clean(s) ? OK : smtp_connect(s);
	smtp_leave(s);
	return smtp_connect(s);
}

/* The error of the inner call is the transport's; a refusal of our own is the message's and gives OK. */
static err attempt(struct transaction *t)
{
	char bytes[STEPS][COMMANDS_MAX];
	struct buf lines[STEPS] = { BUF_ON(bytes[0]), BUF_ON(bytes[1]), BUF_ON(bytes[2]) };
	struct smtp_session *s = t->s;

	TRY(be_connected(s));
	s->heard = 0; /* of this message, not of what came before it */
	s->stage = stages[0];
	s->reply = (struct smtp_reply){ 0 };
	snprintf(t->outcome->security, sizeof t->outcome->security, "%.*s", STR_ARG(connection_security(s->link)));
	err e = fits(t);
	e = failed(e) ? e : write_commands(t, lines);
	if (failed(e))
		return outcome_refuse(t->outcome, e);
	s->sent++;
	return transact(t, lines);
}

/* The transport failed: the message waits, with whatever is known about why. */
static err give_up(struct transaction *t, err e)
{
	struct smtp_session *s = t->s;
	struct outcome *o = t->outcome;

	connection_close(s->link);
	o->stage = s->stage;
	/* A reply that agreed is not why: then our own words say it. */
	if (smtp_reply_class(&s->reply) >= 4)
		take_reply(t, s->stage, &s->reply);
	else
		(void)failed(outcome_refuse(o, e));
	if (!fault_empty(&s->fault))
		escaped_copy(o->text, sizeof o->text, str_of(s->fault.what));
	o->result = OUTCOME_LATER;
	o->why = e.why;
	return e;
}

/* A connection that was left alone may have been closed meanwhile. If the server has said nothing about this message
 * but good-bye, it has nothing of it, and a new connection may try at once. */
static bool was_only_old(const struct smtp_session *s, err e)
{
	return s->heard == 0 && (e.why == WHY_CLOSED || s->reply.code == 421);
}

err smtp_send(struct session *base, const struct message *m, struct outcome *o)
{
	struct smtp_session *s = base->state;
	struct transaction t = { .s = s, .message = m, .outcome = o };
	bool reused = connection_is_open(s->link);

	s->fault = (struct fault){ 0 };
	err e = smtp_body_check(m->bytes, &t.facts);
	if (failed(e))
		return outcome_refuse(o, e);
	e = attempt(&t);
	if (failed(e) && reused && was_only_old(s, e)) {
		connection_close(s->link);
		e = attempt(&t);
	}
	return failed(e) ? give_up(&t, e) : OK;
}
