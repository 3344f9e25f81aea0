#include "deliver/smtp.h"

/* What a server says unasked is either good-bye or out of place. */
static err heard_unasked(struct smtp_session *s, err e)
{
	connection_patience(s->link, SECOND);
	err reply = smtp_hear(s, "between commands", SECOND, NULL);
	connection_close(s->link);
	return failed(reply) && s->reply.code == 421 ? reply : e;
}

err smtp_quiet(struct smtp_session *s)
{
	err e = connection_quiet(s->link);

	return failed(e) && e.why == WHY_PROTOCOL ? heard_unasked(s, e) : e;
}

err smtp_flush(struct smtp_session *s, span patience)
{
	TRY(smtp_quiet(s));
	connection_patience(s->link, patience);
	return connection_flush(s->link);
}

static err hear_lines(struct smtp_session *s, struct smtp_capabilities *can)
{
	while (!s->reply.complete) {
		str line, text;
		TRY(connection_line(s->link, SMTP_REPLY_LINE_MAX, &line));
		TRY(smtp_reply_add(&s->reply, line, &text));
		if (can && s->reply.lines > 1)
			smtp_capability_add(can, text);
	}
	return OK;
}

err smtp_hear(struct smtp_session *s, const char *stage, span patience, struct smtp_capabilities *can)
{
	s->stage = stage;
	s->reply = (struct smtp_reply){ 0 };
	connection_patience(s->link, patience);
	err e = hear_lines(s, can);
	if (failed(e)) {
		/* Half a reply is no reply: nothing of it may be taken for an answer. */
		s->reply = (struct smtp_reply){ 0 };
		connection_close(s->link);
		return e;
	}
	if (s->reply.code == 421) {
		connection_close(s->link);
		return LATER(REPLY_LATER, "the server is closing the connection");
	}
	s->heard++;
	return OK;
}

err smtp_ask(struct smtp_session *s, const char *stage, str line, span patience)
{
	s->stage = stage;
	s->reply = (struct smtp_reply){ 0 };
	TRY(connection_put(s->link, line));
	TRY(smtp_flush(s, patience));
	return smtp_hear(s, stage, patience, NULL);
}
