/* flow/submit: the way in, for every door. A chunk of a submission's recipients goes down the line together:
 * checked, sealed, stored, linked, composed, signed, queued. Together, because durability is bought in groups:
 * the objects of a chunk are synced once and its rows are committed once.
 *
 * After OK each recipient that was not refused has its objects, link, message and delivery, durably; after
 * anything else nobody of the chunk has. A recipient that cannot be served is refused by itself, with words,
 * and costs the others nothing; one whose document could not be scanned is held: it has nothing, and may be
 * submitted again. What a crash leaves is objects without a row, which flow/sweep removes. */
#ifndef LETTERLOCK_FLOW_SUBMIT_H
#define LETTERLOCK_FLOW_SUBMIT_H

#include "check/check.h"
#include "flow/choose.h"
#include "flow/line.h"
#include "model/recipient_key.h"

enum key_searched { KEY_SEARCH_NOT, KEY_SEARCH_FOUND, KEY_SEARCH_NOTHING, KEY_SEARCH_ANOTHER };

/* One recipient on the way in. `to` has ids, address, values and its link with token, secret and expiry. */
struct intake {
	struct recipient *to;
	const str *document_names; /* below the chunk's directory */
	size_t document_count;
	struct recipient_key *keys[RECIPIENT_KEY_KINDS]; /* on file for the address, or found; as below */
	enum key_standing certificate, pgp_key;          /* of these; SEAL_SMIME, SEAL_PGP and SEAL_AUTO ask for them */
	bool mail_too_large;                             /* for documents within the mail; the same */
	enum key_searched searched; /* flow/key_search: another than the one on file is published */
	str search_words;           /* why nothing came of it */
	struct recipient_key *key;  /* of a mail that carries its documents; else null */
	struct link link;           /* set aside while its mail would carry its documents */
	str container_password;     /* for `zip`; in secret memory or the caller's */
	str weak_reason;            /* a password below the floor was allowed, and why; empty: it was not */
	bool strong;                /* the password passes the floor, also without a reason */

	uint32_t active;       /* ACTIVE_BIT of what its documents hold and the configuration lets through */
	uint32_t flagged;      /* of these what check.tolerate does not name: somebody should look at it */
	struct choice choice;  /* of to->seal, if the submission is sealed as SEAL_AUTO */
	str passed_over;       /* why a form that was chosen before turned out not to be possible */
	struct object *unused; /* stored, and then sealed in another form */

	err problem;     /* OK after flow_submit: accepted; NEVER: why this one was refused; LATER: it is held */
	bool suppressed; /* it was refused because the address must not be mailed */
	struct fault fault;
};

/* `sub` is the caller's own view of the submission: `arena` is the thread's, all else may be shared. */
struct chunk {
	struct submission *sub;
	int documents_fd; /* of the directory of documents */
	bool hide_names;
	struct intake *intakes;
	size_t count;
};

/* What one thread keeps between chunks: its database connection and the compressor's memory. */
struct workbench;
err workbench_open(struct line *line, struct workbench **out);
void workbench_done(struct workbench **b);

/* The submission's own row, accepted: its recipients follow in chunks, each accepted when its chunk is. */
err flow_submission(struct line *line, struct db *db, struct submission *sub);
err flow_submit(struct line *line, struct workbench *bench, struct chunk *chunk);

#endif
