/* file: may this be let in as a document? Name, declared type and content must agree on one type of the allow-list;
 * then the content is looked into as its type asks: a PDF for what acts, an office document for macros and for what
 * it fetches, an archive entry by entry under the same rules.
 *
 * A look has three answers: allowed, refused, held (what is encrypted, where nobody here can tell). Each refusal has
 * a sentence. An error is none of them: the file could not be looked into, and whoever asked lets nothing in.
 *
 * Content is judged by own, strict looks at its structure, never by libmagic alone; what two readers could read
 * differently (two directories in a zip, bytes before or after a picture, a PDF that is also a zip) is refused
 * whatever it is. Sizes that a file states are never believed: bytes are counted as they are produced.
 *
 * What needs random access is held in memory, up to rules.look_bytes; text streams through. */
#ifndef LETTERLOCK_INSPECTOR_FILE_H
#define LETTERLOCK_INSPECTOR_FILE_H

#include "wire/file_rules.h"

/* Loads what libraries read from disk: before the process gives up its rights. May be called again. */
void file_prepare(void);

/* Reads the document to its end, unless it is refused before. OK: *out is the answer, its texts in `a`. BROKEN SYSTEM
 * if file_prepare() did not find what it needs. */
err file_look(struct arena *a, const struct clock *clock, const struct file_question *question, struct source *document,
	      struct file_verdict *out);

#endif
