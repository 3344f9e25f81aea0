/* flow/notification: messages of Amazon SNS, from the front's door to what they change, and what the courier has to ask
 * for them. The two meet in the database alone, because who is reached from outside does not dial out:
 *
 *     front      a message comes. Its topic is one of the configuration, it is not old, its signature is of a kind that
 * is allowed, and its certificate is said to lie at SNS in the topic's region: if we have that certificate, the
 *                signature is verified; if not, it is wanted, and SNS is told to come again (503).
 *     courier    fetches what is wanted from SNS and judges it: chain, name, time. Confirms subscriptions.
 *
 * So nothing that is not signed is ever acted on, or leads us anywhere: the hosts that are asked are built from the
 * configuration. A flood costs a parser's work for each message, for those of a configured topic a look into the
 * database, and sixteen files wanted at the most (THREATS B-64). While it lasts a certificate that is really new may
 * have to wait; one that is known does not, and Amazon changes its own about once a year.
 *
 * SNS delivers at least once: what was acted on is remembered by its MessageId until it is too old to be taken, and the
 * same again changes nothing and is answered with 200, so that SNS stops. A report that is faster than the courier's
 * own note of the message it is about is put off (503) for the first twenty seconds of that message's life. */
#ifndef LETTERLOCK_FLOW_NOTIFICATION_H
#define LETTERLOCK_FLOW_NOTIFICATION_H

#include "flow/line.h"

enum notification {
#define NOTIFICATION(name, label, words) NOTIFICATION_##name,
#include "flow/notification.def"
#undef NOTIFICATION
	NOTIFICATIONS
};
str notification_label(enum notification n);
str notification_words(enum notification n);

/* ── The front ── */

struct notification_door; /* thread-safe */
/* null where no topics are configured. */
err notification_door_open(struct line *line, struct notification_door **out);
void notification_door_done(struct notification_door **door);
/* OK: it needs not come again, whatever became of it. LATER: it should. NEVER: it was refused, and why. */
err flow_notification(struct notification_door *door, struct arena *a, str body, enum notification *what,
		      struct fault *fault);

/* ── The courier ── */

struct notification_asks_options {
	/* Something was fetched or confirmed (OK), or could not be; in words. May be null. */
	void (*said)(void *state, err e, const struct fault *fault);
	void *state;
};
struct notification_asks; /* null where no topics are configured */
err notification_asks_begin(struct line *line, const struct notification_asks_options *options,
			    struct notification_asks **out, struct fault *fault);
void notification_asks_end(struct notification_asks **asks);

/* ── For people ── */

/* When the subscription to a topic was confirmed and when SNS said that it ended; 0: never. */
err notification_subscription(struct db *db, str topic, moment *confirmed_at, moment *ended_at);

#endif
