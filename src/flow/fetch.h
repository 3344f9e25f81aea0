/* flow/fetch: the recipient's side of the sentence. A token is looked up; a proof is tried; what was proven opens the
 * recipient's objects, streamed from the store for a quarter of an hour; and what happened is written down.
 *
 * Looking changes nothing. Whatever does not open, unknown, expired, locked, revoked or renewed, is one answer, NEVER
 * NOT_FOUND: only the operator learns which. A transfer that is under way when its link is revoked or expires stops
 * within a second.
 *
 * Thread-safe: each call borrows a connection to the database. */
#ifndef LETTERLOCK_FLOW_FETCH_H
#define LETTERLOCK_FLOW_FETCH_H

#include "config/config.h"
#include "link/link.h"
#include "store/store.h"
#include "sys/listen.h"

/* What the configuration says of links at the page. */
struct fetch_rules {
	uint32_t codes;                    /* sent for one link at most */
	struct link_renewal_rules renewal; /* most 0: no recipient gets a new link by asking */
	bool notice_opened;                /* the sender wants to know of first openings */
	uint32_t guesses_free;             /* wrong proofs from one range of addresses, until it is slowed */
	unsigned range_ipv4, range_ipv6;   /* bits of a range */
};
struct fetch_rules fetch_rules(const struct config *c);

struct fetch_parts {
	const char *database; /* path */
	struct keyring *keys;
	struct store *store;
	struct clock clock;
	struct entropy entropy;
	struct fetch_rules rules;
};
struct fetch;
err fetch_open(const struct fetch_parts *parts, struct fetch **out); /* parts outlive it */
void fetch_done(struct fetch **f);

/* A live link and all that is behind it, in the arena but for the submission's key. */
struct fetch_view {
	struct link_view link;
	struct submission *sub;
	struct recipient *to; /* with documents and objects */
	str prompt;           /* details asked for, joined by '+'; empty for a password */
};
err flow_fetch_view(struct fetch *f, struct arena *a, str token, struct fetch_view *out);
/* The same with that one object alone in view->to, and nothing else of the recipient. NEVER DENIED if it is not theirs.
 */
err flow_fetch_view_object(struct fetch *f, struct arena *a, str token, id object, struct fetch_view *out);
void fetch_view_done(struct fetch_view *v); /* wipes the submission's key; for OWNED */

/* One try of `from`. For a link that does not open the same work is done, and the answer is LINK_CLOSED. With
 * LINK_RIGHT, *session is the spelling of a session and *link whose it is. NEVER PROOF if nothing was shown that could
 * be right; that is not a try. */
err flow_fetch_prove(struct fetch *f, struct arena *secret, str token, const struct peer *from, const str *parts,
		     size_t count, struct link_outcome *out, id *link, str *session);
/* The recipient asks for a code, or after expiry for a new link. What shall happen is durable when it returns. OK
 * whatever the token is and whether anything will happen: who asks learns nothing. */
err flow_fetch_want_code(struct fetch *f, str token);
err flow_fetch_want_link(struct fetch *f, str token);
err flow_fetch_session(struct fetch *f, const struct fetch_view *v, str text, struct link_session *out);

/* Forms that come from us; see link_form_new(). */
err flow_fetch_form(struct fetch *f, struct arena *a, str token, str *out);
err flow_fetch_form_check(struct fetch *f, str token, str text);

/* `len` bytes of an object of the view's recipient, from `first` on; else as link_may_open(). */
err flow_fetch_stream(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		      const struct object *object, uint64_t first, uint64_t len, struct source *out);
/* All objects of the recipient as one zip of *size bytes; the view outlives *out. NEVER as before. */
err flow_fetch_bundle(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		      uint64_t *size, struct source *out);
/* A direct object is fetched from the store: a URL for it, good for a minute, and written down as an opening before
 * anybody has it. Takes the key of the view. NEVER as before; LATER while the store's login cannot sign. */
err flow_fetch_lend(struct fetch *f, struct arena *a, struct fetch_view *v, const struct link_session *session,
		    const struct object *object, str *url);
/* After the stream: `whole` if the last byte of the object has arrived. Takes the key of the view. Failing to write it
 * down is reported, but what has left has left. */
err flow_fetch_sent(struct fetch *f, struct fetch_view *v, const struct link_session *session,
		    const struct object *object, uint64_t bytes, bool whole);

/* Stored bytes of this object do not authenticate, or are gone: the operator is told. */
err flow_fetch_damaged(struct fetch *f, const struct fetch_view *v, const struct object *object);

/* Whoever holds the link says that it is not for them; the sender is told once. OK also for a link that does not open,
 * so that nobody learns which it is. */
err flow_fetch_disown(struct fetch *f, str token);

const struct fetch_rules *fetch_rules_of(const struct fetch *f);
/* The question's page was shown, to a person or a machine; gathered and written down now and then. */
void flow_fetch_seen(struct fetch *f, const struct fetch_view *v);

struct clock fetch_clock(const struct fetch *f);

#endif
