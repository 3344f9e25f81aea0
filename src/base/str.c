#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

str str_of(const char *c_string)
{
	return c_string ? (str){ c_string, strlen(c_string) } : STR_NONE;
}

str str_bytes(const void *at, size_t len)
{
	return (str){ at, len };
}

bool str_same(str a, str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static unsigned char fold(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

bool str_same_nocase(str a, str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold(a.at[i]) != fold(b.at[i]))
			return false;
	return true;
}

int str_order(str a, str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter ? memcmp(a.at, b.at, shorter) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(str s, str with)
{
	return str_same(str_upto(s, with.len), with);
}

bool str_starts_nocase(str s, str with)
{
	return str_same_nocase(str_upto(s, with.len), with);
}

bool str_ends(str s, str with)
{
	return s.len >= with.len && str_same(str_from(s, s.len - with.len), with);
}

bool str_has(str s, char c)
{
	return str_find_char(s, c) >= 0;
}

ptrdiff_t str_find(str s, str what)
{
	if (what.len == 0)
		return 0;
	const char *hit = s.len ? memmem(s.at, s.len, what.at, what.len) : NULL;
	return hit ? hit - s.at : -1;
}

ptrdiff_t str_find_char(str s, char c)
{
	const char *hit = s.len ? memchr(s.at, c, s.len) : NULL;
	return hit ? hit - s.at : -1;
}

str str_from(str s, size_t offset)
{
	if (offset >= s.len)
		return (str){ s.at ? s.at + s.len : NULL, 0 };
	return (str){ s.at + offset, s.len - offset };
}

str str_upto(str s, size_t len)
{
	return (str){ s.at, s.len < len ? s.len : len };
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

str str_trim(str s)
{
	while (s.len && blank(s.at[0]))
		s = str_from(s, 1);
	while (s.len && blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool str_cut(str s, char at, str *before, str *after)
{
	ptrdiff_t where = str_find_char(s, at);

	*before = where < 0 ? s : str_upto(s, (size_t)where);
	*after = where < 0 ? STR_NONE : str_from(s, (size_t)where + 1);
	return where >= 0;
}

bool str_number(str s, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(s.at[i] - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}

bool str_clean(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

size_t str_rune(str s, uint32_t *code_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	uint32_t code;

	if (s.len == 0)
		return 0;
	unsigned char first = (unsigned char)s.at[0];
	if (first < 0x80) {
		*code_point = first;
		return 1;
	}
	if (first >= 0xC2 && first < 0xE0)
		len = 2, code = first & 0x1F;
	else if (first >= 0xE0 && first < 0xF0)
		len = 3, code = first & 0x0F;
	else if (first >= 0xF0 && first < 0xF5)
		len = 4, code = first & 0x07;
	else
		return 0;
	if (s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = (unsigned char)s.at[i];
		if ((c & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3F);
	}
	if (code < least[len] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return 0;
	*code_point = code;
	return len;
}

bool str_utf8(str s)
{
	while (s.len) {
		uint32_t code;
		size_t taken = str_rune(s, &code);
		if (taken == 0)
			return false;
		s = str_from(s, taken);
	}
	return true;
}

void buf_add(struct buf *b, str s)
{
	if (s.len == 0)
		return;
	if (b->overflow || s.len > b->max - b->len) {
		b->overflow = true;
		return;
	}
	memcpy(b->at + b->len, s.at, s.len);
	b->len += s.len;
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, str_bytes(&c, 1));
}

void buf_add_number(struct buf *b, uint64_t n)
{
	char digit[20];
	size_t at = sizeof digit;

	do
		digit[--at] = (char)('0' + n % 10);
	while (n /= 10);
	buf_add(b, str_bytes(digit + at, sizeof digit - at));
}

void buf_add_format(struct buf *b, const char *format, ...)
{
	va_list args;

	if (b->overflow)
		return;
	va_start(args, format);
	/* vsnprintf needs a byte for its NUL, so the text must be shorter than the room. */
	int len = vsnprintf(b->at ? b->at + b->len : NULL, b->max - b->len, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= b->max - b->len)
		b->overflow = true;
	else
		b->len += (size_t)len;
}

str buf_str(const struct buf *b)
{
	return str_bytes(b->at, b->len);
}

err buf_check(const struct buf *b)
{
	return b->overflow ? NEVER(LIMIT, "more bytes than there is room for") : OK;
}

const char *buf_c(struct buf *b)
{
	if (b->len >= b->max) {
		b->overflow = true;
		return "";
	}
	b->at[b->len] = 0;
	return b->at;
}

bool reader_ended(const struct reader *r)
{
	return !r->failed && r->rest.len == 0;
}

str reader_take(struct reader *r, size_t len)
{
	if (r->failed || len > r->rest.len) {
		r->failed = true;
		return STR_NONE;
	}
	str taken = str_upto(r->rest, len);
	r->rest = str_from(r->rest, len);
	return taken;
}

static uint64_t take_be(struct reader *r, size_t len)
{
	str bytes = reader_take(r, len);
	uint64_t v = 0;

	for (size_t i = 0; i < bytes.len; i++)
		v = v << 8 | (unsigned char)bytes.at[i];
	return v;
}

static uint64_t take_le(struct reader *r, size_t len)
{
	str bytes = reader_take(r, len);
	uint64_t v = 0;

	for (size_t i = bytes.len; i-- > 0;)
		v = v << 8 | (unsigned char)bytes.at[i];
	return v;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)take_be(r, 1);
}
uint16_t reader_u16be(struct reader *r)
{
	return (uint16_t)take_be(r, 2);
}
uint32_t reader_u32be(struct reader *r)
{
	return (uint32_t)take_be(r, 4);
}
uint64_t reader_u64be(struct reader *r)
{
	return take_be(r, 8);
}
uint16_t reader_u16le(struct reader *r)
{
	return (uint16_t)take_le(r, 2);
}
uint32_t reader_u32le(struct reader *r)
{
	return (uint32_t)take_le(r, 4);
}
uint64_t reader_u64le(struct reader *r)
{
	return take_le(r, 8);
}

int reader_peek(const struct reader *r)
{
	return r->failed || r->rest.len == 0 ? -1 : (unsigned char)r->rest.at[0];
}

bool reader_skip(struct reader *r, char c)
{
	if (reader_peek(r) != (unsigned char)c)
		return false;
	reader_take(r, 1);
	return true;
}

str reader_while(struct reader *r, const bool member[256])
{
	size_t len = 0;

	if (r->failed)
		return STR_NONE;
	while (len < r->rest.len && member[(unsigned char)r->rest.at[len]])
		len++;
	return reader_take(r, len);
}

static void put(void *at, uint64_t v, size_t len, bool big)
{
	unsigned char *byte = at;

	for (size_t i = 0; i < len; i++)
		byte[big ? len - 1 - i : i] = (unsigned char)(v >> (8 * i));
}

void put_u16be(void *at, uint16_t v)
{
	put(at, v, 2, true);
}
void put_u32be(void *at, uint32_t v)
{
	put(at, v, 4, true);
}
void put_u64be(void *at, uint64_t v)
{
	put(at, v, 8, true);
}
void put_u16le(void *at, uint16_t v)
{
	put(at, v, 2, false);
}
void put_u32le(void *at, uint32_t v)
{
	put(at, v, 4, false);
}
void put_u64le(void *at, uint64_t v)
{
	put(at, v, 8, false);
}
