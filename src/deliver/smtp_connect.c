/* From nothing to a connection that may carry mail: dial, TLS, greeting, EHLO, STARTTLS, EHLO, AUTH. What was
 * learned before TLS is forgotten when it begins (RFC 3207 4.2). */
#include "deliver/smtp.h"

static const struct transport_options *options(const struct smtp_session *s)
{
	return &s->transport->options;
}

static err greeting(struct smtp_session *s)
{
	TRY(smtp_hear(s, "greeting", options(s)->patience.greeting, NULL));
	return smtp_reply_class(&s->reply) == 2 ? OK : LATER(CONNECT, "the server does not want the connection");
}

err smtp_say_hello(struct smtp_session *s)
{
	char bytes[512];
	struct buf line = BUF_ON(bytes);

	s->stage = "EHLO";
	s->can = (struct smtp_capabilities){ 0 };
	TRY(smtp_ehlo(&line, str_of(options(s)->helo)));
	TRY(connection_put(s->link, buf_str(&line)));
	TRY(smtp_flush(s, options(s)->patience.reply));
	TRY(smtp_hear(s, "EHLO", options(s)->patience.reply, &s->can));
	return smtp_reply_class(&s->reply) == 2 ? OK : LATER(PROTOCOL, "the server refused EHLO");
}

static err secure(struct smtp_session *s, const char *stage)
{
	s->stage = stage;
	connection_patience(s->link, options(s)->patience.connect);
	return connection_secure(s->link, s->transport->tls, options(s)->host, &s->fault);
}

static err start_tls(struct smtp_session *s)
{
	s->stage = "STARTTLS";
	if (!s->can.starttls)
		return LATER(TLS, "the server does not offer STARTTLS, and nothing is sent in the clear");
	TRY(smtp_ask(s, "STARTTLS", STR("STARTTLS\r\n"), options(s)->patience.reply));
	if (smtp_reply_class(&s->reply) != 2)
		return LATER(TLS, "the server refused STARTTLS, and nothing is sent in the clear");
	TRY(secure(s, "STARTTLS"));
	return smtp_say_hello(s);
}

static err may_be_clear(struct smtp_session *s)
{
	s->stage = "connect";
	return options(s)->allow_clear || connection_is_local(s->link)
		       ? OK
		       : NEVER(TLS, "an unprotected connection to another machine is not allowed");
}

static err introduce(struct smtp_session *s)
{
	switch (options(s)->security) {
	case SMTP_IMPLICIT:
		TRY(secure(s, "TLS"));
		TRY(greeting(s));
		TRY(smtp_say_hello(s));
		break;
	case SMTP_STARTTLS:
		TRY(greeting(s));
		TRY(smtp_say_hello(s));
		TRY(start_tls(s));
		break;
	case SMTP_CLEAR:
		TRY(may_be_clear(s));
		TRY(greeting(s));
		TRY(smtp_say_hello(s));
		break;
	}
	return options(s)->user.len ? smtp_log_in(s) : OK;
}

static void forget(struct smtp_session *s)
{
	s->can = (struct smtp_capabilities){ 0 };
	s->reply = (struct smtp_reply){ 0 };
	s->fault = (struct fault){ 0 };
	s->stage = "connect";
	s->login = SMTP_LOGIN_NONE;
	s->heard = s->sent = 0;
	s->unclean = s->sender_taken = false;
}

static err close_if_failed(struct smtp_session *s, err e)
{
	if (failed(e))
		connection_close(s->link);
	return e;
}

err smtp_connect_over(struct smtp_session *s, int fd)
{
	forget(s);
	connection_adopt(s->link, fd, options(s)->stop_fd, SMTP_GRACE);
	return close_if_failed(s, introduce(s));
}

err smtp_connect(struct smtp_session *s)
{
	struct dial how = { .host = options(s)->host,
			    .port = options(s)->port,
			    .timeout = options(s)->patience.connect,
			    .stop_fd = options(s)->stop_fd,
			    .grace = SMTP_GRACE };

	connection_close(s->link);
	forget(s);
	TRY(connection_dial(s->link, &how, &s->fault));
	return close_if_failed(s, introduce(s));
}

void smtp_leave(struct smtp_session *s)
{
	/* Good manners (RFC 5321 4.1.1.10), not a condition: whatever comes of it, the connection is closed. */
	if (connection_is_open(s->link))
		(void)failed(smtp_ask(s, "QUIT", STR("QUIT\r\n"), options(s)->patience.quit));
	connection_close(s->link);
}
