/* model: the nouns that travel down the line, and how they are kept. A submission has recipients; each
 * recipient has documents (files as given), objects (the sealed bytes at rest), one link and one delivery.
 *
 * All text lives in the submission's arena. What is personal is kept in sealed columns (crypt/column): a
 * copied database names nobody. States are the two tables in state.c, enforced at every write. */
#ifndef LETTERLOCK_MODEL_H
#define LETTERLOCK_MODEL_H

#include "base/base.h"
#include "crypt/crypt.h"
#include "db/db.h"
#include "wire/address.h"

/* SEAL_AUTO is said of a submission only: each of its recipients has one of the others. */
enum seal_kind { SEAL_OPEN, SEAL_ZIP, SEAL_PDF, SEAL_SMIME, SEAL_PGP, SEAL_AUTO };
enum proof_kind { PROOF_PASSWORD, PROOF_DETAILS, PROOF_CODE };
enum link_mode { LINK_PAGE, LINK_PRESIGNED };
str seal_kind_name(enum seal_kind k);   /* open, zip, pdf, smime, pgp, auto */
str proof_kind_name(enum proof_kind k); /* password, details, code */
str link_mode_name(enum link_mode m);   /* page, presigned */

/* What a sender is told by mail. */
enum notice_kind { NOTICE_LOCKED, NOTICE_NOT_FOR_ME, NOTICE_RENEWAL, NOTICE_OPENED, NOTICE_KINDS };
str notice_kind_name(enum notice_kind k); /* locked, not-for-me, renewal-wanted, opened */

enum submission_state { SUBMISSION_ARRIVING, SUBMISSION_ACCEPTED, SUBMISSION_EXPIRED, SUBMISSION_ERASED };
enum delivery_state {
	DELIVERY_QUEUED,
	DELIVERY_TRYING,
	DELIVERY_WAITING,
	DELIVERY_DELIVERED,
	DELIVERY_FAILED,
	DELIVERY_CANCELLED
};
enum link_state { LINK_LIVE, LINK_LOCKED, LINK_REVOKED, LINK_EXPIRED, LINK_RENEWED };
str submission_state_name(enum submission_state s);
str delivery_state_name(enum delivery_state s);
str link_state_name(enum link_state s);
bool submission_may(enum submission_state from, enum submission_state to);
bool delivery_may(enum delivery_state from, enum delivery_state to);
bool link_may(enum link_state from, enum link_state to);
/* The states from which `to` may be reached, a bit each, for the WHERE of an UPDATE: ((?n >> state) & 1) = 1. */
int64_t submission_before(enum submission_state to);
int64_t delivery_before(enum delivery_state to);
int64_t link_before(enum link_state to);
bool delivery_ended(enum delivery_state s);
err delivery_state_parse(str name, enum delivery_state *out);

/* A column of the list and what stands in it for one recipient. */
struct value {
	struct value *next;
	str name, text;
};
const str *value_find(const struct value *values, str name); /* null if there is none */

/* One file as given. size and sha256 are known once it was read; they are of the bytes that were sealed. */
struct document {
	struct document *next;
	id id;
	const char *path;
	str name; /* as the recipient sees it: no path, no control or direction characters (E18) */
	str type; /* media type */
	uint64_t size;
	uint8_t sha256[SHA256_LEN];
};

/* Sealed bytes at rest: what the page streams. One for each document with `open`, one for all with `zip`. */
struct object {
	struct object *next;
	id id;
	str name, type;             /* of the download */
	uint64_t size;              /* of the bytes that were put in, without the at-rest layer */
	uint8_t sha256[SHA256_LEN]; /* of the same */
	uint8_t wrapped[WRAPPED_KEY];
	str signature; /* detached CMS over the same bytes, DER; may be empty */
	bool direct;   /* a container without the at-rest layer, for who fetches it from the store: see store.h */
};

/* The right to open one recipient's objects until a moment. The token is secret: it is in the message and
 * the results file, and nowhere else; the database has its MAC. A presigned link is spelt by the store, as the URL of
 * one object; its token is told to nobody. */
struct link {
	id id;
	str token;
	str url;   /* presigned: what the mail says; else empty */
	id object; /* presigned: what the URL names, before it is there */
	moment expires_at;
	enum proof_kind proof;
	str secret; /* what the recipient must show, normalised by link_proof_text(); the database has its MAC */
	str prompt; /* names of the details asked for, joined by '+'; empty for a password */
	uint32_t tries_max, opens_max; /* opens_max 0: no limit */
};

struct recipient {
	struct recipient *next;
	id id;
	uint64_t row; /* of the list; 0 if there was none */
	struct address address;
	str name, language;
	enum seal_kind seal; /* in what form they get it */
	struct value *values;
	struct document *documents;
	struct object *objects;
	struct link link;
	id delivery; /* of its one message */
};

struct submission {
	struct arena *arena;
	id id;
	enum submission_state state;
	moment created_at, expires_at; /* of its links */
	moment erase_at;               /* when documents, keys and personal columns are destroyed */
	struct address from;
	str from_name;
	str template_name;
	enum seal_kind seal; /* as it was asked for */
	enum link_mode mode;
	struct column_key *key; /* for its sealed columns */
	uint8_t wrapped[WRAPPED_KEY];
	struct recipient *recipients;
};

/* ── Keeping ──
 * What is saved is saved in the caller's transaction. `scratch` holds sealed bytes for the length of the call; several
 * threads may save recipients of one submission at once, each with its own db and scratch. */

/* A new id and a new key for its sealed columns; state arriving. The arena owns all but the key. */
err submission_new(struct arena *a, struct keyring *k, const struct entropy *e, moment now, struct submission **out);
void submission_done(struct submission **sub); /* wipes the key; for OWNED */
err submission_save(struct db *db, struct arena *scratch, const struct entropy *e, const struct submission *sub);
/* Without its recipients. NEVER NOT_FOUND; NEVER EXPIRED if it is erased. */
err submission_load(struct db *db, struct arena *a, struct keyring *k, id which, struct submission **out);
/* The key of a submission's sealed columns from its wrapped form, for who reads rows without the rest. */
err submission_key_open(struct keyring *k, id which, str wrapped, struct column_key **out);
err submission_state_of(struct db *db, id which, enum submission_state *out); /* also of an erased one */
/* NEVER STATE if the table forbids it, NEVER NOT_FOUND. */
err submission_set_state(struct db *db, id which, enum submission_state to);
err delivery_set_state(struct db *db, id which, enum delivery_state to);

/* With its documents and objects; not its link, its delivery and its message, which link and queue keep. */
err recipient_save(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		   const struct submission *sub, const struct recipient *to);
err recipient_load(struct db *db, struct arena *a, const struct submission *sub, id which, struct recipient **out);
/* All of them, into sub->recipients, in the order of the list. */
err recipients_load(struct db *db, struct arena *a, struct submission *sub);
/* What an address is found by: the same for upper and lower case. */
err address_mac(struct keyring *k, str address, uint8_t mac[MAC_LEN]);

/* A row of the list that was refused, kept for `show`. */
struct refusal {
	struct refusal *next;
	uint64_t row;
	str address; /* as written */
	enum why why;
	str problem;
};
err refusal_save(struct db *db, struct arena *scratch, const struct entropy *e, const struct submission *sub,
		 const struct refusal *r);
err refusals_load(struct db *db, struct arena *a, const struct submission *sub, struct refusal **out);

/* `fresh` takes the place (from 1) of `old`, whose key is destroyed. In the caller's transaction. NEVER STATE if
 * somebody did so before, or if the documents are gone. */
err object_replace(struct db *db, struct arena *scratch, const struct entropy *e, const struct submission *sub,
		   const struct recipient *to, id old, int64_t place, const struct object *fresh);

/* An object alone, for the page: its row, its recipient and its submission. NEVER EXPIRED if its key is destroyed. */
err object_load(struct db *db, struct arena *a, const struct submission *sub, id which, struct object *out,
		id *recipient);

/* An object by hand, without recipient, name and submission row (`store put`). */
err object_keep(struct db *db, id owner, const struct object *o, moment now);
/* What is needed to read any object: id, size, wrapped key, owner; by_hand may be null. NEVER EXPIRED as above. */
err object_find(struct db *db, id which, id *owner, struct object *out, bool *by_hand);

/* The links are over: state expired, every object's key destroyed. The stored bytes remain to be removed, see
 * QUERY_OBJECTS_TO_REMOVE. In the caller's transaction. */
err submission_expire(struct db *db, id which, moment now);
/* Documents and records are kept at least until then: for a link made later, and for a run carried on. NEVER EXPIRED
 * when the documents are gone. */
err submission_keep(struct db *db, id which, moment until, moment erase_at);
/* Nothing personal is left: state erased, the submission's key destroyed, sealed columns emptied in all tables. Follow
 * the commit with db_checkpoint(). */
err submission_erase(struct db *db, id which);
/* What erasing left of it goes: every row that speaks of it. NEVER STATE unless it is erased and its stored bytes are
 * gone.
 */
err submission_forget(struct db *db, id which);

/* Rotation of master keys. Wraps again, under the key in use, every data key that is under another; in transactions of
 * a few hundred rows, so that it may be killed at any point and run again. Objects are not touched. */
struct rewrapped {
	uint64_t objects, submissions, recipient_keys; /* done by this run */
	uint64_t lost;                                 /* rows whose key no master key opens; left as they are */
};
err model_rewrap(struct db *db, struct arena *scratch, struct keyring *k, struct rewrapped *out);
/* Data keys under this master key; 0: it can be retired. */
err wrapped_in_use(struct db *db, uint32_t number, uint64_t *out);
/* What keyring_wrap() authenticates; *into is room for it. */
enum { WRAP_CONTEXT = 32 };
str wrap_context_object(id object, char into[WRAP_CONTEXT]);
str wrap_context_submission(id submission, char into[WRAP_CONTEXT]);
str wrap_context_recipient_key(id key, char into[WRAP_CONTEXT]);

/* A finished RFC 5322 mail for one recipient: envelope and bytes with CRLF line ends. */
enum { PROVIDER_ID_MAX = 200 }; /* of what a service that takes mail calls a message: its own name for it */
struct message {
	str from, to;  /* envelope addresses, without angle brackets */
	str domain;    /* of `to`, ASCII, lower case: for routing and pacing */
	bool smtputf8; /* RFC 6531 is needed */
	str id;        /* Message-ID with its angle brackets; the same at every attempt */
	str bytes;
};

#endif
