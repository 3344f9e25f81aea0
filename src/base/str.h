/* str: a slice of bytes by value, never owned, not terminated. buf: bytes being gathered, born with a
 * maximum; it remembers overflow and is asked once, with buf_check(). reader: a bounded cursor whose
 * failure sticks, so that a parser reads like the wire diagram.
 *
 * All comparisons are of bytes; "nocase" folds ASCII only. Nothing here compares secrets: that is
 * crypt_same(). */
#ifndef LETTERLOCK_BASE_STR_H
#define LETTERLOCK_BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct str {
	const char *at;
	size_t len;
} str;

#define STR(literal) ((str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((str){ 0 })
/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).at ? (s).at : ""

str str_of(const char *c_string); /* null gives STR_NONE */
str str_bytes(const void *at, size_t len);
bool str_same(str a, str b);
bool str_same_nocase(str a, str b);
int str_order(str a, str b); /* <0, 0, >0; bytes, then length */
bool str_starts(str s, str with);
bool str_starts_nocase(str s, str with);
bool str_ends(str s, str with);
bool str_has(str s, char c);
ptrdiff_t str_find(str s, str what);                   /* offset, or -1 */
ptrdiff_t str_find_char(str s, char c);                /* offset, or -1 */
str str_from(str s, size_t offset);                    /* the rest; empty beyond the end */
str str_upto(str s, size_t len);                       /* the first len bytes at most */
str str_trim(str s);                                   /* without space, tab, CR, LF at both ends */
bool str_cut(str s, char at, str *before, str *after); /* at the first `at`; false: before = s, after empty */
bool str_number(str s, uint64_t *out);                 /* decimal digits only, no sign, no overflow */
bool str_clean(str s); /* no byte below 0x20 but TAB, no 0x7F: fit for one line of a protocol */
bool str_utf8(str s);  /* well-formed, no surrogates, no overlong forms (RFC 3629) */
size_t
str_rune(str s,
	 uint32_t *code_point); /* first code point of well-formed UTF-8; bytes taken, 0 at the end or if malformed */

struct buf {
	char *at;
	size_t len, max;
	bool overflow;
};

#define BUF_ON(array) ((struct buf){ .at = (array), .max = sizeof(array) })

void buf_add(struct buf *b, str s);
void buf_add_char(struct buf *b, char c);
void buf_add_number(struct buf *b, uint64_t n);
void buf_add_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_hex(struct buf *b, str bytes);
void buf_add_base64(struct buf *b, str bytes);    /* RFC 4648 section 4, padded, one line */
void buf_add_base64url(struct buf *b, str bytes); /* RFC 4648 section 5, without padding */
void buf_add_base32(struct buf *b, str bytes);    /* Crockford's alphabet, lower case, without padding */
void buf_add_zbase32(struct buf *b, str bytes);   /* RFC 6189 5.1.6, without padding */
str buf_str(const struct buf *b);
err buf_check(const struct buf *b); /* NEVER LIMIT if anything did not fit */
const char *buf_c(struct buf *b);   /* terminated; overflow if there is no room for the NUL */

/* Strict decoders: NEVER SYNTAX on any foreign byte, wrong length or non-zero spare bits. */
err base64_decode(str text, struct buf *out); /* padded; no white space */
err base64url_decode(str text, struct buf *out);
err base32_decode(str text, struct buf *out); /* folds case, reads o as 0, i and l as 1 */
err hex_decode(str text, struct buf *out);

struct reader {
	str rest;
	bool failed;
};

#define READER(s) ((struct reader){ .rest = (s) })

bool reader_ended(const struct reader *r);     /* nothing left, and no failure */
str reader_take(struct reader *r, size_t len); /* empty and failed when short */
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16be(struct reader *r);
uint32_t reader_u32be(struct reader *r);
uint64_t reader_u64be(struct reader *r);
uint16_t reader_u16le(struct reader *r);
uint32_t reader_u32le(struct reader *r);
uint64_t reader_u64le(struct reader *r);
int reader_peek(const struct reader *r);                    /* next byte, or -1 */
bool reader_skip(struct reader *r, char c);                 /* takes c if it is next */
str reader_while(struct reader *r, const bool member[256]); /* the longest run of members, maybe empty */

/* "Did you mean …": the nearest of the names offered, by insertions, deletions, changes and swaps of
 * neighbours; nothing is near that shares less than half. */
struct nearest {
	str given, best;
	unsigned distance;
};
#define NEAREST(s) ((struct nearest){ .given = (s), .distance = 1 + (unsigned)((s).len / 2) })
void nearest_offer(struct nearest *n, str name); /* n->best stays empty while nothing is near */

void put_u16be(void *at, uint16_t v);
void put_u32be(void *at, uint32_t v);
void put_u64be(void *at, uint64_t v);
void put_u16le(void *at, uint16_t v);
void put_u32le(void *at, uint32_t v);
void put_u64le(void *at, uint64_t v);

#endif
