/* Inside of deliver: a conversation with an SMTP server, in three layers. smtp_talk says lines and hears replies;
 * smtp_connect makes a connection that may be used for mail; smtp_send sends one message over it. */
#ifndef LETTERLOCK_DELIVER_SMTP_H
#define LETTERLOCK_DELIVER_SMTP_H

#include "deliver/engine.h"

/* How long anything but a message's text may still take once stopping is wanted: hanging up then costs nothing. */
#define SMTP_GRACE SECOND

struct smtp_session {
	struct transport *transport;
	struct connection *link;
	struct smtp_capabilities can;
	struct smtp_reply reply; /* the last one heard */
	const char *stage;       /* what it answers, for people */
	enum smtp_login login;   /* that was used */
	unsigned heard;          /* replies since the present message was begun */
	unsigned sent;           /* messages tried on this connection */
	bool sender_taken;       /* MAIL was accepted once on this connection */
	bool unclean;            /* the server may have a transaction open: RSET must be answered by 250 first */
	struct fault fault;      /* why the transport failed */
};

/* Talk. Before anything is said, nothing may have been heard: a reply that came ahead of its command is stale.
 * 421 is a failure wherever it comes (RFC 5321 3.8), and closes. */
err smtp_quiet(struct smtp_session *s);
err smtp_flush(struct smtp_session *s, span patience);
err smtp_hear(struct smtp_session *s, const char *stage, span patience, struct smtp_capabilities *can);
err smtp_ask(struct smtp_session *s, const char *stage, str line, span patience);

err smtp_connect(struct smtp_session *s); /* ready for MAIL; closed again if it fails */
void smtp_leave(struct smtp_session *s);  /* QUIT if possible, then close */
err smtp_log_in(struct smtp_session *s);
err smtp_say_hello(struct smtp_session *s);
/* As smtp_connect, over a socket that stands already. */
err smtp_connect_over(struct smtp_session *s, int fd);

err smtp_send(struct session *base, const struct message *m, struct outcome *o);
err smtp_probe(struct session *base, struct arena *a, str *words, struct allowance *allowed, struct fault *fault);

#endif
