/* Inside pdf only: an encrypted PDF that qpdf wrote, made readable without qpdf's own decryption, so that one does not
 * vouch for the other. */
#ifndef LETTERLOCK_INSPECTOR_PDF_INSIDE_H
#define LETTERLOCK_INSPECTOR_PDF_INSIDE_H

#include "crypt/pdf_key.h"
#include "inspector/pdf.h"

/* A copy whose trailer names its encryption dictionary otherwise. To a parser it is not encrypted: its structure is all
 * there, but that strings, streams and the objects packed into streams are noise. */
struct pdf_unlocked {
	char *at;
	size_t len;
	bool packed; /* it has a cross-reference stream, and so objects may be packed */
};
#define PDF_UNLOCKED_NAME "/Unlocks"

/* NEVER CRYPTO if it is not written as qpdf writes. */
err pdf_unlock(str sealed, struct pdf_unlocked *out);
/* Decrypts the packed objects where they stand (ISO 32000-2, 7.5.7). NEVER CRYPTO, NEVER TAMPERED. */
err pdf_unlock_objects(struct pdf_unlocked *u, const uint8_t key[PDF_FILE_KEY]);
void pdf_unlocked_done(struct pdf_unlocked *u); /* for OWNED */

#endif
