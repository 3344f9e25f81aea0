/* Tag lists: the form of DKIM-Signature fields and of DKIM key records (RFC 6376 3.2, RFC 8616 for UTF-8).
 *
 *     v=1; a=rsa-sha256; d=example.com; s=s1; h=From : To; bh=...; b=...
 *
 * A list with anything malformed, or with one name twice, is refused whole: NEVER SYNTAX. */
#ifndef LETTERLOCK_WIRE_DKIM_TAGS_H
#define LETTERLOCK_WIRE_DKIM_TAGS_H

#include "base/base.h"

enum { DKIM_TAGS_MAX = 32 };

struct dkim_tag {
	str name;
	str value; /* without the white space around it; may hold folding white space within */
	str place; /* from "=" to ";" with all white space: what is taken out of b= before hashing */
};

struct dkim_tags {
	struct dkim_tag tags[DKIM_TAGS_MAX];
	size_t count;
};

err dkim_tags_parse(str text, struct dkim_tags *out);
const struct dkim_tag *dkim_tags_find(const struct dkim_tags *t, str name); /* null if it is not there */
str dkim_tags_value(const struct dkim_tags *t, str name, str otherwise);
/* base64 with white space anywhere in it (RFC 6376 2.10). */
err dkim_base64(struct arena *a, str text, str *bytes);
/* The next part of a list like h= or t=, up to `at`, without white space around it; false when there is none. */
bool dkim_list_next(str *rest, char at, str *part);
/* A key record (RFC 6376 3.6.1): its p= decoded, and what the other tags allow. */
struct dkim_key {
	str type;             /* k=: rsa, ed25519, or one we do not know */
	str public_key;       /* empty: revoked */
	str hashes;           /* h=, empty: all */
	str services;         /* s= */
	bool testing, strict; /* t=y, t=s */
};
err dkim_key_parse(struct arena *a, str record, struct dkim_key *out);

#endif
