/* What the API of Amazon SES (version 2) says: the account, the name of a message it took, why it refuses; and what it
 * is given. Pure code over the bodies of its answers, which are JSON. What it calls by an unknown name, what is of
 * another kind than it should be and what is said twice is not believed.
 *
 * What its refusals mean is one table, by the name of the exception (API reference of SendEmail and "Common errors").
 * None of them but a few is about the one message: an account that may not send, a key that lacks a right or a sender
 * that was not verified would refuse every message alike, and nobody's mail may be lost over that. */
#ifndef LETTERLOCK_WIRE_SES_H
#define LETTERLOCK_WIRE_SES_H

#include "base/base.h"

enum {
	SES_MESSAGE_MAX = 40 * 1024 * 1024, /* of one message, after MIME (quotas of the service) */
	SES_ANSWER_MAX = 64 * 1024,
	SES_WORDS_MAX = 400,
	SES_NAME_MAX = 64
};

/* GetAccount. */
struct ses_account {
	bool production;       /* else it is in the sandbox: to verified recipients alone */
	bool sending;          /* false: paused, by AWS or by its owner */
	char enforcement[32];  /* HEALTHY, PROBATION, SHUTDOWN */
	double day_max;        /* recipients in 24 hours; 0: no limit */
	double day_sent;       /* of them, in the last 24 hours */
	double per_second_max; /* recipients a second; 0: no limit */
};
err ses_read_account(str body, struct ses_account *out); /* LATER PROTOCOL */

/* SendEmail's answer: what SES calls the message from now on, within the arena. LATER PROTOCOL. */
err ses_read_sent(struct arena *a, str body, str *message_id);

/* ── Refusals ────────────────────────────────────────────────────────────────────────────────────── */

enum ses_fault {
	SES_UNCLEAR,   /* nobody can tell whether the request was carried out */
	SES_RECIPIENT, /* the message's own */
	SES_SANDBOX,   /* the message's own: the account may not mail this recipient yet */
	SES_DOUBT,     /* the message's own, if others were taken; else the transport's */
	SES_FAST,      /* asked too fast: soon again */
	SES_SPENT,     /* the quota of 24 hours */
	SES_BUSY,      /* theirs; it passes */
	SES_CLOSED,    /* the account, the sender or the settings: it does not get better by itself */
	SES_RIGHTS,    /* who signs lacks a right */
	SES_KEY,       /* who signs is not known, or not any more */
	SES_CLOCK,     /* the same, and the clocks are apart, perhaps */
};
struct ses_refusal {
	char name[SES_NAME_MAX];   /* of the exception, without what surrounds it; may be empty */
	char words[SES_WORDS_MAX]; /* theirs, escaped; may be empty */
	enum ses_fault fault;
	const char *meaning; /* ours: a literal, for people */
};
/* `type` is the field x-amzn-ErrorType, empty if it was not there; `sender` the address that mail is from. */
void ses_read_refusal(unsigned status, str type, str body, str sender, struct ses_refusal *out);

/* ── What config check looks at ──────────────────────────────────────────────────────────────────── */

/* GetEmailIdentity. */
struct ses_identity {
	bool verified;                            /* may send */
	char configuration_set[SES_NAME_MAX + 1]; /* that mail from it goes through by default; empty: none */
};
err ses_read_identity(str body, struct ses_identity *out);
/* GetConfigurationSetEventDestinations: whether opening or clicking is tracked, for which SES changes the mail. */
err ses_read_tracks(str body, bool *tracks);

/* ── What is asked ───────────────────────────────────────────────────────────────────────────────── */

/* The JSON of SendEmail around the message, whose base64 stands between the two. */
struct ses_mail {
	str sender, bounce, to;
	str configuration_set; /* empty: none */
	str tag;               /* comes back with every report (letters, digits, '-', '_'); empty: none */
};
#define SES_TAG "letterlock" /* the name of our tag */
#define SES_MAIL_BEGIN STR("{\"Content\":{\"Raw\":{\"Data\":\"")
void ses_mail_end(const struct ses_mail *mail, struct buf *out);

#endif
