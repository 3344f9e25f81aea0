/* An address, read once by one strict parser (RFC 5321 4.1.2, RFC 5322 3.4.1, RFC 6531 3.3, UTS 46). The same
 * bytes go to envelope and header: `text`. Nothing is repaired. What is refused, and why, stands in one
 * sentence each in address.c and domain.c: comments, obsolete forms, source routes, groups, encoded words,
 * control and invisible characters, characters that only look like ASCII, names of one label.
 *
 * Read once means: decisions (who may get it, where it is routed) are made on `domain` as it stands here, and
 * printing `text` and parsing it again gives the same three values. A quoted local part is printed in its one
 * canonical spelling, unquoted where a dot-atom can say it (RFC 5321 4.1.2 holds both for the same mailbox).
 * The local part's case is its owner's business and kept. Percent signs and bangs are data. */
#ifndef LETTERLOCK_WIRE_ADDRESS_H
#define LETTERLOCK_WIRE_ADDRESS_H

#include "base/base.h"

enum { ADDRESS_MAX = 254, LOCAL_PART_MAX = 64 }; /* octets; RFC 5321 4.5.3.1.1 and .3 (a path less its brackets) */

struct address {
	str local;     /* as written, in NFC; quoted only where it must be */
	str domain;    /* ASCII form (A-labels), lower case; or an address literal in brackets */
	str text;      /* local@domain */
	bool smtputf8; /* the local part is not ASCII */
	bool literal;  /* the domain is [192.0.2.1] or [IPv6:2001:db8::1] */
	bool quoted;   /* the local part is a quoted string */
};

/* An addr-spec alone. NEVER ADDRESS, with the reason as a sentence in *reason (a literal) if not null. An
 * address literal is an address; address_mailable() says whether one may be a recipient. */
err address_parse(struct arena *a, str text, struct address *out, const char **reason);

/* A recipient or sender must be one that every server and program on the way reads alike: no address
 * literal, and no quoted local part that holds an address, brackets or a backslash. NEVER ADDRESS as above. */
err address_mailable(const struct address *address, const char **reason);

/* A display name stands beside an address and is encoded by the composer. It is UTF-8 of at most 256 octets,
 * without control, direction and unassigned characters. NEVER HEADER, with the reason. */
err display_name_check(str name, const char **reason);

#endif
