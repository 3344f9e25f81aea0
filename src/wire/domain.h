/* A domain name of mail, in its one form: A-labels, lower case, no trailing dot (RFC 5321 4.1.2, RFC 5891,
 * UTS 46 non-transitional with STD3 rules). It has two labels at least and does not end in a number, so that
 * nothing takes it for an address or for a host of the local network.
 *
 * UTS 46 would map full-width letters to ASCII and drop soft hyphens and joiners without a word. Here they are
 * refused before it sees them: two programs on the way could map differently, and then the domain that was
 * judged is not the one that is mailed. */
#ifndef LETTERLOCK_WIRE_DOMAIN_H
#define LETTERLOCK_WIRE_DOMAIN_H

#include "base/base.h"

enum { DOMAIN_MAX = 253, LABEL_MAX = 63 }; /* octets; RFC 1035 2.3.4 as text */

/* NEVER ADDRESS; the note is a sentence for people. */
err domain_parse(struct arena *a, str text, str *ascii);
/* [192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321 4.1.3), in canonical spelling (RFC 5952). */
err domain_literal_parse(struct arena *a, str text, str *canonical);

#endif
