/* AUTH (RFC 4954), only under verified TLS. Secrets pass through an arena of their own and leave no copy behind. */
#include "deliver/smtp.h"

#include <stdio.h>

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

/* The beginning is enough: a reply is cut where its room ends. */
static bool repeats(str text, str secret)
{
	return secret.len >= 4 && str_find(text, str_upto(secret, secret.len < 8 ? secret.len : 8)) >= 0;
}

/* Some servers say back what they did not understand. Replies are kept and shown; what was said to this one is not. */
static void hide_repeated(struct smtp_session *s, str line, str password)
{
	str text = str_of(s->reply.text), last = line;

	for (str rest = str_trim(line); str_cut(rest, ' ', &last, &rest);)
		last = rest;
	if (repeats(text, password) || (!str_same(last, STR("LOGIN")) && repeats(text, last)))
		snprintf(s->reply.text, sizeof s->reply.text, "(the server repeated the login; it is left out)");
}

static err say_secret(struct smtp_session *s, const struct buf *line, str password)
{
	span patience = s->transport->options.patience.reply;

	err e = smtp_ask(s, "AUTH", buf_str(line), patience);
	connection_wipe(s->link);
	hide_repeated(s, buf_str(line), password);
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
		TRY(say_secret(s, &line, password));
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
	TRY(say_secret(s, &line, *password));
	if (s->login == SMTP_LOGIN_LOGIN)
		TRY(answer_questions(s, secret, o->user, *password));
	err e = judge(s);
	hide_repeated(s, buf_str(&line), *password);
	return e;
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
