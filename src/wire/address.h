/* An address, read once by one strict parser (RFC 5321 4.1.2, RFC 5322 3.4.1, RFC 6531, UTS 46). The same
 * bytes go to envelope and header: `text`. Comments, obsolete forms, source routes, encoded words, control
 * and invisible characters are refused, never repaired; see address.c for the whole list and why. */
#ifndef LETTERLOCK_WIRE_ADDRESS_H
#define LETTERLOCK_WIRE_ADDRESS_H

#include "base/base.h"

struct address {
	str local;     /* as written, in NFC; quoted only where it must be */
	str domain;    /* ASCII form (A-labels), lower case; or an address literal in brackets */
	str text;      /* local@domain */
	bool smtputf8; /* the local part is not ASCII */
};

/* An addr-spec alone. NEVER ADDRESS, with the reason as a sentence in *reason (a literal) if not null. */
err address_parse(struct arena *a, str text, struct address *out, const char **reason);

#endif
