/* seal/pdf: a PDF encrypted for its reader, revision 6 with AES-256 (ISO 32000-2), by the inspector (inspector/pdf.h).
 *
 * The password is in the request and nowhere else; the owner password is made of chance for each document, goes with it
 * and is kept by nobody. Every reader gets the password as bytes, and not all of them prepare it as the standard says
 * (SASLprep, RFC 4013), so only those passwords are taken that are the same prepared and unprepared. Whether a password
 * is strong is decided in check. */
#ifndef LETTERLOCK_SEAL_PDF_H
#define LETTERLOCK_SEAL_PDF_H

#include "inspect/inspect.h"

#define SEAL_PDF_BYTES_MAX ((uint64_t)256 << 20) /* a PDF is held in memory, see inspect/jobs.def */
enum { SEAL_PDF_PASSWORD_MAX = 32 };             /* bytes; poppler's programs take no longer ones */

/* The one form (NFC) of a password, in `secret`. NEVER WEAK_PASSWORD if it is empty, NEVER LIMIT if it is too long,
 * NEVER SYNTAX if it has characters that readers spell in different ways; the note is a sentence. */
err seal_pdf_password(struct arena *secret, str given, str *out);

/* The words of seal.pdf_pass as ACTIVE_BITs (wire/file_rules.h). NEVER CONFIG with fault. */
err seal_pdf_pass(str words, uint32_t *out, struct fault *fault);

struct pdf_options {
	str password; /* as seal_pdf_password() gave it */
	str old;      /* the same, of a document that is sealed already and gets a new one; empty: it is not */
	uint32_t pass;
	uint64_t bytes_max; /* of the document; at most SEAL_PDF_BYTES_MAX */
};
/* The sealed PDF goes to `to`; finish it only after OK. NEVER DOCUMENT with the reason ("it …") in the fault, NEVER
 * PROOF if it is not the old password. */
err seal_pdf(struct inspectors *pool, struct arena *a, const struct entropy *chance, const struct pdf_options *o,
	     struct source *document, struct sink *to, struct fault *fault);

#endif
