/* What Amazon SES reports about mail that it took: the Message of an SNS notification. Both forms are read, the one of
 * identities ("notificationType") and the one of configuration sets ("eventType").
 *
 * The notification is signed, but most of what it holds was written by strangers: diagnostic codes by their servers,
 * addresses by whoever wrote the bounce. Every text is bounded and cut to one clean line; what has another type than it
 * should is refused. */
#ifndef LETTERLOCK_WIRE_SES_EVENT_H
#define LETTERLOCK_WIRE_SES_EVENT_H

#include "base/base.h"

enum ses_event_kind {
	SES_BOUNCE,
	SES_COMPLAINT,
	SES_DELIVERY,
	SES_DELIVERY_DELAY,
	SES_REJECT,
	SES_RENDERING_FAILURE,
	SES_SEND,
	SES_OPEN,
	SES_CLICK,
	SES_SUBSCRIPTION,
	SES_GREETING, /* of the topic itself, when it is set up: it is about no mail */
	SES_EVENT_KINDS
};
str ses_event_name(enum ses_event_kind k); /* "Bounce" */

enum { SES_RECIPIENTS_MAX = 100, SES_TEXT_MAX = 1024, SES_ID_MAX = 200 };

struct ses_recipient {
	struct ses_recipient *next;
	str address;
	str status, said; /* "5.1.1" and what the server said; may be empty */
};

struct ses_event {
	enum ses_event_kind kind;
	str message_id; /* as SendEmail answered it */
	str tag;        /* as it was given to SendEmail; empty: there is none, or none of ours */
	moment sent_at, at;
	bool permanent;                   /* bounce: for good */
	str what;                         /* "NoEmail", "MailboxFull", "abuse", "not-spam", a reason; may be empty */
	struct ses_recipient *recipients; /* whom it is about */
};

/* NEVER SYNTAX, NEVER LIMIT. */
err ses_event_read(struct arena *a, str json, struct ses_event *out, struct fault *fault);

#endif
