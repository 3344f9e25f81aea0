/* A file that stands for the network's names, for tests and for `--dns FILE`:
 *
 *     { "s1._domainkey.example.com": { "TXT": ["v=DKIM1; k=rsa; p=..."] },
 *       "example.com": { "MX": ["10 mx.example.com"] },
 *       "broken.example": "SERVFAIL" }
 *
 * A record is one string, whole. Names are compared without case and without a dot at their end. */
#ifndef LETTERLOCK_WIRE_DNS_FILE_H
#define LETTERLOCK_WIRE_DNS_FILE_H

#include "base/base.h"

enum { DNS_FILE_MAX = 4 << 20 };

struct dns_entry {
	struct dns_entry *next;
	str name, type; /* type in capitals; empty: the name fails */
	str text;
};

err dns_file_parse(struct arena *a, str json, struct dns_entry **out, struct fault *fault);
/* The records of one name and type, in the order of the file. NEVER NOT_FOUND if the name has none; LATER RESOLVE
 * if it fails. */
err dns_file_find(struct arena *a, const struct dns_entry *all, str name, str type, struct dns_entry **out);

#endif
