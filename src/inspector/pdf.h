/* pdf: a PDF in, the same PDF encrypted out, by qpdf. Revision 6 with AES-256 (ISO 32000-2, 7.6.4), metadata and all
 * streams encrypted; earlier revisions are never written.
 *
 * The streams of pages, pictures and fonts are kept as they are and so are compressed objects, so that the file grows
 * by some 20 bytes a stream and string. All permissions are given: whoever has the password has the document.
 *
 * An empty owner password would open the file for anyone in some readers (qpdf #144), so there is always another one,
 * of chance, that nobody keeps. What was written is read again before it is given out: it must open with the right
 * password and with no other, must say of itself that it is what it should be, and hold the document. qpdf does not
 * vouch for qpdf there: the keys are derived and the contents decrypted by crypt/pdf_key.
 *
 * PDF encryption is CBC without a MAC: it keeps a secret and proves nothing. The page's SHA-256 does. */
#ifndef LETTERLOCK_INSPECTOR_PDF_H
#define LETTERLOCK_INSPECTOR_PDF_H

#include "inspector/file_inside.h"

#include <qpdf/qpdf-c.h>

struct pdf_order {
	const char *password, *owner; /* UTF-8, normalised, neither empty nor the same */
	const char *old; /* the document is one that was sealed here, and this is its password; null: it is not sealed
			    yet */
};

struct pdf_sealed {
	uint64_t pages, revision;
};

/* look->rules say what is refused, in look->reason: NEVER DOCUMENT; so is what is damaged, since qpdf and each reader
 * would mend it in another way. NEVER PROOF if order->old does not open it. NEVER CRYPTO if the result is not what it
 * must be. Nothing is written to `to` before the result was checked. */
err pdf_seal(struct look *l, const struct pdf_order *order, str bytes, struct sink *to, struct pdf_sealed *out);

/* Is this the encrypted file that was ordered, of the document that was read into `original`? Only what qpdf itself
 * wrote passes. NEVER CRYPTO if not. For pdf_seal() and tests. */
err pdf_check(const struct pdf_order *order, str sealed, qpdf_data original, struct pdf_sealed *out);

#endif
