/* sign: DKIM (RFC 6376, 8301, 8463). A finished message goes in; it comes out with one DKIM-Signature field a
 * rule on top, or it does not come out at all: whatever fails, the message is held and never leaves unsigned.
 *
 * What we sign: relaxed/relaxed, SHA-256, RSA of 2048 bits or more and Ed25519. The fields that make a message
 * what it is are listed once more often than they occur ("oversigned"), so that nobody can add a second From
 * or Subject or another Content-Type. Never l=, which would let anyone append (THREATS B-52). t= and x= bound
 * the time in which a signature can be replayed (B-53). i= is left out: it would only repeat d=.
 *
 * The private keys stay in the keyring: it is asked for one signature over 32 bytes at a time. Verifying is
 * here too, for `dkim verify` and for tests; it judges as RFC 6376 6 says, in the words of RFC 8601 2.7.1.
 *
 * Everything is allocated in the arena given; nothing is kept. Thread-safe. */
#ifndef LETTERLOCK_SIGN_H
#define LETTERLOCK_SIGN_H

#include "crypt/crypt.h"
#include "model/model.h"
#include "wire/header.h"

/* One signature each; the first rule's stands on top. Several selectors of one domain sign with RSA and Ed25519
 * at once: verifiers take the one they know (RFC 8463 3). */
struct sign_rule {
	struct sign_rule *next;
	str domain, selector; /* A-labels, lower case; aligned with the From field: see sign_aligned() */
	enum signature_algorithm algorithm;
	/* Whoever carries the message writes its Date and Message-ID anew (Amazon SES does): any rule that says so
	 * keeps them out of all signatures, which would not survive it. */
	bool rewritten;
};

#define SIGN_VALID_MAX (7 * DAY)

/* Puts the DKIM-Signature fields before message->bytes. `until` is when the message may last be delivered: x= says
 * so, if that is within SIGN_VALID_MAX; beyond, or with 0, no x= is written, since a signature that ends before the
 * queue gives up would make late mail look forged. No rules are an error: who wants unsigned mail (a relay that
 * signs) does not call. NEVER, LATER or BROKEN SIGNATURE; NEVER HEADER if the message is malformed or has not
 * exactly one From. */
err sign_message(struct keyring *k, const struct sign_rule *rules, moment now, moment until, struct arena *a,
		 struct message *m, struct fault *fault);
/* Relaxed alignment (RFC 9989): the signing domain is that of From or a parent of it. */
bool sign_aligned(str signing_domain, str from_domain);

/* The TXT record to publish at <selector>._domainkey.<domain>, for a public key as signing_key_public gives it. */
void sign_record(struct buf *b, enum signature_algorithm how, str public_key);

/* ── Canonical forms (RFC 6376 3.4) ──────────────────────────────────────────────────────────────── */

enum canon { CANON_SIMPLE, CANON_RELAXED };
bool canon_parse(str name, enum canon *out);
/* One field, with its CRLF. At most raw.len + 4 bytes. */
void canon_field(enum canon how, const struct header_field *f, struct buf *out);

/* The body, a piece at a time. NEVER SYNTAX for a bare CR or LF: no two programs agree on what those mean. */
struct canon_body {
	enum canon how;
	struct sink *to;
	uint64_t held_lines; /* ends of line that count only if something follows them */
	bool held_blank, after_cr, any;
	size_t len;
	char window[4096];
};
void canon_body_begin(struct canon_body *c, enum canon how, struct sink *to);
err canon_body_add(struct canon_body *c, str bytes);
err canon_body_finish(struct canon_body *c);

/* ── Verifying ───────────────────────────────────────────────────────────────────────────────────── */

/* Who knows the TXT records of a name; they come as whole strings. NEVER NOT_FOUND, or LATER if it cannot tell. */
struct txt_record {
	struct txt_record *next;
	str text;
};
struct txt_lookup {
	err (*find)(void *state, struct arena *a, str name, struct txt_record **out);
	void *state;
};

struct dkim_result {
	struct dkim_result *next;
	str domain, selector, algorithm; /* as the field says; empty if it does not */
	const char *result;              /* pass, fail, neutral, policy, temperror, permerror */
	const char *reason;              /* a sentence; empty for pass */
};

/* One result for each DKIM-Signature, from the top; null if there is none. Fails only if the message cannot be
 * split or memory runs out. */
err sign_verify(struct arena *a, str message, const struct txt_lookup *dns, moment now, struct dkim_result **out,
		struct fault *fault);

#endif
