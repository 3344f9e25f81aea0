/* Inside of deliver: Amazon SES by its API, version 2, over HTTPS. ses_call is one signed request; ses_send sends one
 * message; ses_account knows what the account may do. A session is one kept connection.
 *
 * SendEmail has no way to say "this is the one I sent before": a request that went out whole and was not answered is
 * never repeated by us, but uncertain, like a message after its final dot. A refusal in the words of SES is certain. */
#ifndef LETTERLOCK_DELIVER_SES_H
#define LETTERLOCK_DELIVER_SES_H

#include "deliver/engine.h"
#include "net/http_client.h"
#include "sys/sys.h"
#include "wire/ses.h"

#include <pthread.h>

#define SES_PATIENCE (2 * MINUTE)      /* for the answer to a message; a quarter of it in silence is too long */
#define SES_ASK_PATIENCE (10 * SECOND) /* for other questions */
/* Clocks further apart than this are set by people: nothing else that has a date could be believed either. */
#define SES_SKEW_MAX DAY
#define SES_SKEW_BORNE (4 * MINUTE) /* SES bears five */

struct ses {
	char host[256], origin[320];
	pthread_mutex_t lock; /* over all that follows */
	bool known;
	struct ses_account account;
	double taken_since; /* recipients that SES took since it was asked about the account */
	span skew;          /* their clock minus ours, where it is more than they bear */
	bool taken;         /* SES took a message of ours: then a refusal in doubt is about the message */
};

struct ses_session {
	struct transport *transport;
	struct ses *ses;
	struct http_client *http;
	struct fault fault;
};

struct ses_request {
	str method, path;
	const struct ses_mail *mail; /* null: nothing is sent */
	str message;                 /* within it */
	span patience;
};
/* Once, or again by another key or their clock if they refused ours: *refusal tells why they refuse in the end, where
 * *status is not 200. An error is one of the conversation; *sent says whether the whole request had gone out. */
struct ses_answer {
	unsigned status;
	str body;
	struct ses_refusal refusal;
};
err ses_call(struct ses_session *s, struct arena *a, const struct ses_request *request, struct ses_answer *out,
	     bool *sent);

err ses_send(struct session *base, const struct message *m, struct outcome *o);
err ses_probe(struct session *base, struct arena *a, str *words, struct allowance *allowed, struct fault *fault);
err ses_allowance(struct session *base, struct allowance *out, struct fault *fault);
bool ses_is_spent(struct ses *s); /* the quota of 24 hours, as far as we know */
void ses_was_taken(struct ses *s);
span ses_skew(struct ses *s); /* as learnt; 0: none was needed */

#endif
