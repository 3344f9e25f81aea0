/* check/file: may this file enter as a document? The name is judged here; the content is looked into by the
 * inspector (src/inspector/file.h says how), and its answer is doubted before it is believed.
 *
 * OK means judged, and *out says allowed, held or refused, with a sentence for people that begins with "it". An error
 * means that nobody could look: LATER or NEVER as inspect() gives it, and no document enters on it. */
#ifndef LETTERLOCK_CHECK_FILE_H
#define LETTERLOCK_CHECK_FILE_H

#include "config/config.h"
#include "inspect/inspect.h"
#include "wire/file_rules.h"

/* From check.types, check.active, check.tolerate and limits.archive_*. NEVER CONFIG for a word that is none. */
err check_file_rules(const struct config *c, struct file_rules *out, struct fault *fault);

/* `name` as the recipient would see it (check_document_name()) or as it was given; of a path the last part counts.
 * `declared` is the sender's media type, or empty. The document is read no further than the look needs: whoever wants
 * it all (a digest, a scan) reads on. The texts of *out are in `a`. */
err check_file(struct inspectors *pool, struct arena *a, const struct file_rules *rules, str name, str declared,
	       struct source *document, struct file_verdict *out, struct fault *fault);

#endif
