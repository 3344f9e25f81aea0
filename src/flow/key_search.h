/* flow/key_search: with `recipients.wkd: always`, whoever has no usable OpenPGP key on file is looked up in the key
 * directory of their domain before the form is chosen. What it gives is judged as a file is, put on file with its
 * origin, and told as an event with its fingerprint.
 *
 * A directory is somebody else's, so nothing it says changes what is known: another key than the one on file is not
 * used, and neither is the one on file, of which it is now doubtful whether the recipient still has it. That is for a
 * person to settle (`recipient key add`). A directory that fails, or has no key, leaves everything as it was. */
#ifndef LETTERLOCK_FLOW_KEY_SEARCH_H
#define LETTERLOCK_FLOW_KEY_SEARCH_H

#include "flow/key_memory.h"
#include "flow/submit.h"

/* Who searches: one thread. */
struct key_searching {
	struct line *line; /* without line->key_memory nothing is searched */
	struct db *db;
	struct key_directory **directory; /* null at first; opened when it is needed, the caller's to close */
	bool keep;                        /* put on file what is found; not for a trial */
};

/* After enclose_weigh(), whose facts it corrects: in->keys, in->pgp_key, and what came of it in in->searched and
 * in->search_words. An error is ours, never the directory's. */
err key_search(const struct key_searching *s, struct arena *a, struct intake *in);

#endif
