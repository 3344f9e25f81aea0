/* model: the nouns that travel down the line, and how they are kept. A submission has recipients; each
 * recipient has documents (files as given), objects (the sealed bytes at rest), one link and one delivery.
 *
 * All text lives in the submission's arena. What is personal is kept in sealed columns (crypt/column): a
 * copied database names nobody. States are the two tables in state.c, enforced at every write. */
#ifndef LETTERLOCK_MODEL_H
#define LETTERLOCK_MODEL_H

#include "base/base.h"
#include "crypt/crypt.h"
#include "wire/address.h"

enum seal_kind { SEAL_OPEN, SEAL_ZIP, SEAL_PDF, SEAL_SMIME, SEAL_PGP };
enum proof_kind { PROOF_PASSWORD, PROOF_DETAILS, PROOF_CODE };
enum link_mode { LINK_PAGE, LINK_PRESIGNED };
str seal_kind_name(enum seal_kind k);   /* open, zip, pdf, smime, pgp */
str proof_kind_name(enum proof_kind k); /* password, details, code */

enum submission_state { SUBMISSION_ARRIVING, SUBMISSION_ACCEPTED, SUBMISSION_EXPIRED, SUBMISSION_ERASED };
enum delivery_state {
	DELIVERY_QUEUED,
	DELIVERY_TRYING,
	DELIVERY_WAITING,
	DELIVERY_DELIVERED,
	DELIVERY_FAILED,
	DELIVERY_CANCELLED
};
str submission_state_name(enum submission_state s);
str delivery_state_name(enum delivery_state s);
bool submission_may(enum submission_state from, enum submission_state to);
bool delivery_may(enum delivery_state from, enum delivery_state to);
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
};

/* The right to open one recipient's objects until a moment. The token is secret: it is in the message and
 * the results file, and nowhere else; the database has its MAC. */
struct link {
	id id;
	str token;
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
	enum seal_kind seal;
	enum link_mode mode;
	struct column_key *key; /* for its sealed columns */
	uint8_t wrapped[WRAPPED_KEY];
	struct recipient *recipients;
};

/* A finished RFC 5322 mail for one recipient: envelope and bytes with CRLF line ends. */
struct message {
	str from, to;  /* envelope addresses, without angle brackets */
	str domain;    /* of `to`, ASCII, lower case: for routing and pacing */
	bool smtputf8; /* RFC 6531 is needed */
	str id;        /* Message-ID with its angle brackets; the same at every attempt */
	str bytes;
};

#endif
