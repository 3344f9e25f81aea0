/* deliver: gets one message to one recipient and says what became of it. A transport is a way out (a maildir
 * for trying out, a relay by SMTP: RFC 5321, 3207, 8314, 4954, 2920, Amazon SES by its API); a session is one
 * conversation on it, used by one thread, kept over many messages. A transport may serve many sessions in many threads.
 *
 * Only certainty counts. A message is delivered when the other side said so in a whole reply; when the final
 * dot, or a whole request, went out and no whole reply came, the outcome is `later` and `uncertain`, and the next
 * attempt may make a second copy, with the same Message-ID. After the last reply to a message nothing more is said on
 * the connection until the caller asks, so that an outcome can be made durable before the other side moves on.
 *
 * Failures have two addresses. session_send() gives OK when the message has an outcome of its own, and an
 * error when the transport failed (no connection, TLS, login, 421, a broken protocol): then the message is
 * `later`, whatever the error's fate; the transport should rest, and NEVER means that it will not get better
 * by itself. Passwords go out only under verified TLS; nothing goes out in the clear unless allowed. */
#ifndef LETTERLOCK_DELIVER_H
#define LETTERLOCK_DELIVER_H

#include "model/model.h"
#include "net/aws_login.h"
#include "net/net.h"
#include "wire/smtp.h"

/* ── Transports ──────────────────────────────────────────────────────────────────────────────────── */

enum transport_kind { TRANSPORT_MAILDIR, TRANSPORT_SMTP, TRANSPORT_SES };
enum smtp_security {
	SMTP_IMPLICIT, /* TLS from the first byte (port 465, RFC 8314) */
	SMTP_STARTTLS, /* required: a server that does not offer it gets nothing (B-06) */
	SMTP_CLEAR,    /* only to this machine itself, or where `allow_clear` is set */
};
struct smtp_patience {
	span connect, greeting, reply, data, dot, quit; /* RFC 5321 4.5.3.2 */
};

/* What it points to must outlive the transport. */
struct transport_options {
	enum transport_kind kind;
	const char *dir; /* maildir: made if needed, with tmp, new and cur */

	const char *host;
	uint16_t port;
	enum smtp_security security;
	bool allow_clear;
	const char *ca_file;   /* PEM; null: the system's authorities */
	const char *helo;      /* a name of ours: domain or address literal */
	str user;              /* empty: no login */
	enum smtp_login login; /* NONE: PLAIN or LOGIN, as the server offers */
	err (*secret)(void *state, struct arena *secret_arena, str *out); /* asked before every login */
	void *secret_state;
	uint32_t messages_max; /* on one connection */
	struct smtp_patience patience;

	str region, endpoint;     /* SES; the endpoint https://HOST[:PORT], or empty: AWS, in that region */
	str configuration_set;    /* empty: none, or the default one of the sender */
	str sender;               /* the address in From */
	struct aws_login *signer; /* becomes the transport's, even if it cannot be opened */

	int stop_fd; /* readable when stopping is wanted: nothing new begins; -1: none */
	span grace;  /* for a message whose text is on its way then */
};
struct transport_options transport_defaults(enum transport_kind kind);

struct transport;
err transport_open(const struct transport_options *options, struct transport **out, struct fault *fault);
void transport_done(struct transport **t);

/* What whoever carries the mail lets us send, where it tells. */
struct allowance {
	bool told;
	double per_second;        /* recipients; 0: no limit */
	double day_max, day_left; /* recipients in 24 hours; no limit if day_max is 0 */
	bool sandbox;             /* only to recipients who were verified there */
	bool paused;              /* nothing at all, until somebody changes that */
	bool unseen;              /* only of a probe: not all that should be looked at could be */
	span skew;                /* their clock minus ours, if it is more than they bear */
	char words[512];          /* all of it, for people; may hold words though nothing is told */
};
err transport_allowance(struct transport *t, struct allowance *out, struct fault *fault);

/* For `config check`: connects, makes it safe, logs in, leaves; no message. *words tells what was found. */
err transport_probe(struct arena *a, struct transport *t, str *words, struct allowance *allowed, struct fault *fault);

/* ── Sessions ────────────────────────────────────────────────────────────────────────────────────── */

enum outcome_result { OUTCOME_DELIVERED, OUTCOME_LATER, OUTCOME_NEVER };
struct outcome {
	enum outcome_result result;
	bool uncertain;               /* the final dot went out and no whole reply came */
	bool fast;                    /* nothing is wrong but the pace: soon again */
	bool ask;                     /* what is allowed has changed: ask, before anything else is sent */
	enum why why;                 /* WHY_NONE if delivered */
	unsigned recipient;           /* index in the message; always 0 as long as each has one recipient */
	const char *stage;            /* a literal: connect, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, dot, SendEmail */
	unsigned code;                /* of the reply, or of the HTTP answer; 0: none came */
	char enhanced[12];            /* RFC 3463; the server's, else that of `why`; "2.0.0" if delivered */
	char text[SMTP_TEXT_MAX + 1]; /* the reply, or our words; escaped */
	char host[256];
	char security[96];                     /* "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none */
	char provider_id[PROVIDER_ID_MAX + 1]; /* what the service calls the message it took; empty: it did not say */
};
str outcome_result_name(enum outcome_result r); /* delivered, later, never */

struct session;
err session_open(struct transport *t, struct session **out); /* connects when there is something to send */
err session_send(struct session *s, const struct message *message, struct outcome *out);
void session_done(struct session **s); /* says QUIT if that can be said */

/* ── Pace ────────────────────────────────────────────────────────────────────────────────────────── */

/* How fast: messages and recipients a second, over the whole transport and to each destination domain; 0 is no
 * limit. Slots are handed out evenly, the first at once, without bursts at the start or after a pause. Time
 * that a late caller lost is made good, up to 10 ms. Memory is fixed: with very many domains some share a slot
 * and go slower, never faster. Thread-safe. */
struct pace_limits {
	double messages, recipients;
	double domain_messages, domain_recipients;
};
struct pace;
err pace_open(const struct pace_limits *limits, struct pace **out); /* NEVER CONFIG below one a day or not finite */
void pace_done(struct pace **p);
/* What whoever carries the mail allows, besides what is configured; 0: no limit. Holds from the next slot on. */
void pace_cap(struct pace *p, double recipients_per_second);
/* No slot begins before `ticks`. */
void pace_hold(struct pace *p, int64_t ticks);
/* True: a slot is taken, and the message may go at *at (ticks, never before now). False: the domain's turn is
 * later than the transport's; nothing was taken, do something else and ask again at *at. */
bool pace_reserve(struct pace *p, str domain, unsigned recipients, int64_t now_ticks, int64_t *at);
/* For who was refused: a turn in the domain's line, a slot apart from the one before. Turns within `near` are given to
 * whoever asks; beyond it there is a line of its own, so that who was sent away until shortly before a far turn finds
 * a near one free. Nothing is taken: pace_reserve() decides when the turn has come. */
int64_t pace_line_up(struct pace *p, str domain, unsigned recipients, int64_t now_ticks, span near);

#endif
