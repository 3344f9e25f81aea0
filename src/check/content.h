/* content: what is in a document, judged in one reading, before anything of it is sealed. Every byte read goes three
 * ways: into a digest, to clamd if one is configured, and to the look at its type (check/file.h). The digest is what
 * ties the judgement to the bytes: whoever seals the document hashes what he seals and refuses it if the two differ
 * (flow/put_away), because a file may change between the two readings. Nothing is copied to disk.
 *
 * A verdict is one of three: OK; NEVER, the document is refused for good; LATER UNSCANNED, nobody could tell, so it is
 * held, and no mail is sent for it. There is no fourth, in which a check that failed counts as passed.
 *
 * One document for ten thousand people is judged once: what was let through is remembered by the file's identity and
 * path. That may be fooled by coarse or turned-back clocks, and need not be trusted: the digest is compared all the
 * same.
 */
#ifndef LETTERLOCK_CHECK_CONTENT_H
#define LETTERLOCK_CHECK_CONTENT_H

#include "check/clamd.h"
#include "check/file.h"
#include "crypt/crypt.h"
#include "model/model.h"

struct content_check; /* for any number of threads */
struct content_options {
	struct clamd *clamd;           /* null: nobody scans */
	struct inspectors *inspectors; /* null: nobody looks into it, and every type may pass */
	struct file_rules rules;
};
err content_check_open(const struct content_options *options, struct content_check **out);
void content_check_done(struct content_check **c); /* for OWNED */
bool content_check_scans(const struct content_check *c);
uint32_t content_check_tolerated(const struct content_check *c); /* ACTIVE_BIT of what check.tolerate names */

struct content {
	uint64_t size;
	uint8_t sha256[SHA256_LEN];
	struct clamd_verdict scan;
	bool scanned;        /* clamd answered: `scan` holds */
	bool looked;         /* it was looked into: `type` and `active` hold */
	enum file_type type; /* by its content */
	uint32_t active;     /* ACTIVE_BIT of what was found in it; let through, if the verdict is OK */
	err verdict;
	struct fault problem; /* why not */
};
/* Reads the document to its end. `name` as it was given, `declared` its media type or empty. An error is one of the
 * reading or of this machine, and nothing was judged. */
err check_content(struct content_check *c, struct arena *a, str name, str declared, struct source *document,
		  struct content *out);

/* The same for a document that check_document() let in, below dir_fd; its digest goes into *doc. NEVER or LATER
 * UNSCANNED with the document's name in the sentence. *out may be null. */
err check_document_content(struct content_check *c, int dir_fd, struct arena *a, struct document *doc,
			   struct content *out, struct fault *fault);

#endif
