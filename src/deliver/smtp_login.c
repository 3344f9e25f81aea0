/* AUTH (RFC 4954), only under verified TLS. Secrets pass through an arena of their own and leave no copy behind. */
#include "deliver/smtp.h"

enum { SECRET_MEMORY = 64 * 1024, LINE_MAX_AUTH = 12288 };

static err choose(const struct smtp_session *s, enum smtp_login *out)
{
	enum smtp_login wanted = s->transport->options.login;

	if (wanted == SMTP_LOGIN_NONE)
		wanted = s->can.login[SMTP_LOGIN_PLAIN] ? SMTP_LOGIN_PLAIN : SMTP_LOGIN_LOGIN;
	if (!s->can.login[wanted])
		return NEVER(AUTH, "the server does not offer the way of logging in that is configured");
	*out = wanted;
	return OK;
}

static err say_secret(struct smtp_session *s, const struct buf *line)
{
	span patience = s->transport->options.patience.reply;

	err e = smtp_ask(s, "AUTH", buf_str(line), patience);
	connection_wipe(s->link);
	return e;
}

/* LOGIN asks for the user and then for the password; what it says while asking is of no interest. */
static err answer_questions(struct smtp_session *s, struct arena *secret, str user, str password)
{
	const str answers[] = { user, password };

	for (size_t i = 0; i < 2 && s->reply.code == 334; i++) {
		struct buf line;
		TRY(buf_open(secret, LINE_MAX_AUTH, &line));
		TRY(smtp_auth_answer(&line, answers[i]));
		TRY(say_secret(s, &line));
	}
	return OK;
}

static err judge(struct smtp_session *s)
{
	/* A challenge here is XOAUTH2's way of explaining a refusal; an empty answer brings the refusal itself. */
	if (s->reply.code == 334)
		TRY(smtp_ask(s, "AUTH", STR("\r\n"), s->transport->options.patience.reply));
	if (s->reply.code == 235)
		return OK;
	if (smtp_reply_class(&s->reply) == 5)
		return NEVER(AUTH, "the server refused the login");
	return smtp_reply_class(&s->reply) == 4 ? LATER(AUTH, "the server cannot check the login now")
						: LATER(PROTOCOL, "the server answered AUTH with something else");
}

static err log_in(struct smtp_session *s, struct arena *secret)
{
	const struct transport_options *o = &s->transport->options;
	struct buf line;
	str *password;

	TRY(choose(s, &s->login));
	TRY(NEW(secret, password));
	TRY(o->secret(o->secret_state, secret, password));
	TRY(buf_open(secret, LINE_MAX_AUTH, &line));
	TRY(smtp_auth(&line, s->login, o->user, *password));
	TRY(say_secret(s, &line));
	if (s->login == SMTP_LOGIN_LOGIN)
		TRY(answer_questions(s, secret, o->user, *password));
	return judge(s);
}

err smtp_log_in(struct smtp_session *s)
{
	OWNED(arena_done) struct arena *secret = NULL;

	s->stage = "AUTH";
	if (connection_security(s->link).len == 0)
		return NEVER(AUTH, "a password is not sent over an unprotected connection");
	TRY(arena_open_secret(SECRET_MEMORY, &secret));
	return log_in(s, secret);
}
