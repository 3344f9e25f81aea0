/* link: the right to open one recipient's objects until a moment. Its spelling is the token: 160 random bits as 32
 * letters and digits, which no mailer breaks. The token is in the mail and nowhere else; the database knows its MAC.
 *
 * A link is live, then locked (too many wrong proofs), expired, revoked or renewed. It opens only while it is live by
 * the state in the database, by the clock, and by the tries that are left; all three are looked at each time.
 *
 * A try is counted durably before the proof is compared, so that no crash and no crowd of parallel requests gives a
 * free one; the right proof gives its own try back and resets nothing. After three tries the next one has to wait, each
 * time twice as long. Proofs are kept as MACs with a salt, under the link key: a copied database cannot be searched for
 * birth dates.
 *
 * Openings are counted when the last byte of an object has left, once for each proven session: what was broken off, or
 * is fetched again within the session, costs nothing; but where openings are limited, bytes are too, at four times the
 * documents for each opening, so that leaving the last byte out again and again is bounded.
 *
 * Everything that changes rows runs in the caller's transaction if there is one, but link_prove(), which must not. */
#ifndef LETTERLOCK_LINK_H
#define LETTERLOCK_LINK_H

#include "db/db.h"
#include "model/model.h"

enum { LINK_TOKEN = 20, LINK_TOKEN_TEXT = 32, LINK_PROOF_MAX = 1024 };

/* ── Minting ── */

/* Id and token; the rest of to->link is the caller's to decide. */
err link_mint(const struct entropy *e, struct arena *a, struct recipient *to);
err link_url(struct arena *a, str base_url, str token, str *out); /* https://host/d/TOKEN */

/* What is compared of a proof, the same for the sender's list and the recipient's typing. `parts` are the password, or
 * the details in the order of the prompt. NEVER PROOF if nothing is left of one. */
err link_proof_text(struct arena *secret, enum proof_kind kind, const str *parts, size_t count, str *out);

/* NEVER PROOF without a secret. `scratch` holds sealed bytes for the length of the call. */
err link_record(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		const struct submission *sub, const struct recipient *to);

/* ── Looking ── */

struct link_view {
	id id, recipient, submission;
	enum link_state state; /* as the clock and the tries say, though nobody has written it down yet */
	moment created_at, expires_at;
	moment ended_at, tried_at, proved_at, opened_at; /* 0: never */
	enum proof_kind proof;
	uint32_t tries, tries_max, opens, opens_max;
	uint64_t sent;     /* bytes of objects that left the house */
	moment fetched_at; /* its page, first, by a person or a machine; 0: never */
	uint64_t fetches;
	uint32_t codes;      /* proof by code: sent so far */
	moment code_until;   /* until when the last one is good; 0: there is none */
	uint32_t renewals;   /* at the recipient's wish, in the whole chain of links */
	moment wanted_at;    /* a wish that is not answered yet; 0: none */
	enum link_mode mode; /* presigned: the store gives it out, and nobody here learns whether it was opened */
	bool direct; /* its documents are fetched from the store: an opening is a URL of the store that was given */
};
/* NEVER NOT_FOUND for an unknown or misspelt token; any state else. */
err link_find(struct db *db, struct keyring *k, str token, moment now, struct link_view *out);
err link_by_id(struct db *db, id link, moment now, struct link_view *out);
err link_of_recipient(struct db *db, id recipient, moment now, struct link_view *out); /* the newest */
/* What was opened, proved and fetched by all links of that recipient together, put into the view: a renewal does not
 * make undone what came before it. */
err link_history(struct db *db, id recipient, struct link_view *out);
/* Names of the details asked for; empty for a password. */
err link_prompt(struct db *db, struct arena *a, struct column_key *key, id link, str *out);

/* ── Proving ── */

enum link_answer { LINK_RIGHT, LINK_WRONG, LINK_TOO_EARLY, LINK_CLOSED };
struct link_outcome {
	enum link_answer answer;
	bool now_locked;     /* by this very try */
	uint32_t tries_left; /* after a wrong one */
	span wait;           /* before the next one */
};
/* `shown` by link_proof_text(). Outside a transaction: it makes two of its own. */
err link_prove(struct db *db, struct keyring *k, id link, str shown, moment now, struct link_outcome *out);
/* The same work for a link that is none, so that time does not tell. */
err link_prove_nothing(struct keyring *k, str shown);

/* ── Codes: the proof that is made when it is asked for ── */

enum { LINK_CODE_DIGITS = 6 };
#define LINK_CODE_GOOD (10 * MINUTE)
/* The recipient asks for one; what is written here is sent, whatever dies. Counted at once, at most `most` for a link.
 * NEVER STATE if there are no more, one is on its way already, or the link does not open by code. */
err link_code_want(struct db *db, id link, uint32_t most, moment now);
struct link_code_wish {
	id link;
	moment at;
};
err link_codes_wanted(struct db *db, struct link_code_wish *out, size_t max, size_t *count);
/* A new code for a wish, good for ten minutes and once; the one before is good no more. Tries stay as they are. NEVER
 * STATE if the link has ended meanwhile. `out` is secret. */
err link_code_new(struct db *db, struct keyring *k, const struct entropy *e, id link, moment now,
		  char out[LINK_CODE_DIGITS]);
/* The wish is over; not sent, it is given back. */
err link_code_done(struct db *db, id link, bool sent);

/* ── Sessions: what a right proof earns, for a quarter of an hour ── */

enum { LINK_SESSION_SERIAL = 8, LINK_SESSION_TEXT = 64 };
#define LINK_SESSION_MAX (15 * MINUTE)
struct link_session {
	id link;
	uint8_t serial[LINK_SESSION_SERIAL];
	moment until;
};
err link_session_new(struct keyring *k, const struct entropy *e, id link, moment now, struct buf *text);
err link_session_read(struct keyring *k, str text, id link, moment now, struct link_session *out); /* NEVER DENIED */

/* A form of ours for this token, by whomever it is sent back within twelve hours. */
err link_form_new(struct keyring *k, str token, moment now, struct buf *text);
err link_form_check(struct keyring *k, str token, str text, moment now); /* NEVER DENIED */

/* ── Opening ── */

/* Before each transfer, and again and again during a long one. NEVER EXPIRED, LOCKED, CANCELLED, or LIMIT when it was
 * opened as often as it may be. */
err link_may_open(struct db *db, const struct link_session *session, moment now);
/* After each. `whole`: the last byte of the object was among them. */
err link_sent(struct db *db, const struct link_session *session, uint64_t bytes, bool whole, moment now);

/* "This is not for me": *first for who says so first. It ends nothing, since a scanner may press buttons, and whoever
 * can read a mail by mistake must not be able to close a door that is not theirs. */
err link_disown(struct db *db, id link, moment now, bool *first);

/* ── Ending ── */

/* NEVER STATE if it had ended otherwise. `out` is the truth about what was opened until then. */
err link_revoke(struct db *db, id link, moment now, struct link_view *out);
/* A new link for `to`, minted by the caller with its expiry and its tries. With a secret in to->link it asks for that,
 * else for the proof the old one asked for. The old one opens nothing any more. That the documents are kept is the
 * caller's to see to, in the same transaction: submission_keep(). */
err link_renew(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
	       const struct submission *sub, const struct recipient *to, id old, moment now);

/* ── A recipient who comes too late ── */

/* What the sender allows to who asks for a new link himself. He gets the tries and the openings that are left and no
 * others, so that asking gains a guesser nothing; a locked link only the sender renews. */
struct link_renewal_rules {
	uint32_t most; /* new links by wish, in the whole chain */
	span pause;    /* between two of them */
};
bool link_may_want(const struct link_view *newest, const struct link_renewal_rules *rules, moment now);
err link_want(struct db *db, id link, moment now); /* NEVER STATE if it is wanted already */
err link_answered(struct db *db, id link);
err link_count_renewal(struct db *db, id fresh, id old);

err link_expire_due(struct db *db, moment now, uint64_t *count);

#endif
