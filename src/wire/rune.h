/* What a code point may do in a name that people compare by eye and programs compare by byte. Knowledge of
 * Unicode comes from libunistring; nothing else in the house includes it. */
#ifndef LETTERLOCK_WIRE_RUNE_H
#define LETTERLOCK_WIRE_RUNE_H

#include "base/base.h"

bool rune_control(uint32_t c);    /* C0, DEL, C1, line and paragraph separators */
bool rune_direction(uint32_t c);  /* changes the direction of its neighbours: bidi marks, embeddings, isolates */
bool rune_unassigned(uint32_t c); /* or for private use, or no character at all */
/* Leaves no mark on the screen: joiners, fillers, soft hyphen, variation selectors, tags, every kind of blank. */
bool rune_invisible(uint32_t c);
bool rune_posing(uint32_t c); /* not ASCII, but some program would fold it to ASCII: full-width, ligatures, dots */
bool rune_mark(uint32_t c);   /* combines with what stands before it */
bool rune_letter(uint32_t c);
bool rune_decimal(uint32_t c, unsigned *digit); /* a decimal digit of any script */

bool str_ascii(str s);
err text_nfc(struct arena *a, str text, str *out);       /* text must be well-formed UTF-8; NEVER SYNTAX if not */
err text_nfkc(struct arena *a, str text, str *out);      /* compatible forms made one, too */
err text_fold_nfkc(struct arena *a, str text, str *out); /* case folded, compatible forms made one (UAX 15, 21) */

#endif
