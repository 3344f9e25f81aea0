/* The text forms of bytes: hexadecimal, base64 and base64url (RFC 4648), Crockford's base32, z-base-32. One table a
 * form; decoders are strict, because two spellings of one value are how filters are fooled. */
#include "base/base.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char zbase32_digits[] = "ybndrfg8ejkmcpqxot1uwisza345h769";

/* All forms are the same thing: `bits` bits a digit, highest first. */
static void encode(struct buf *b, str bytes, const char *digits, unsigned bits)
{
	uint32_t held = 0;
	unsigned have = 0;
	uint32_t mask = (1u << bits) - 1;

	for (size_t i = 0; i < bytes.len; i++) {
		held = held << 8 | (unsigned char)bytes.at[i];
		for (have += 8; have >= bits; have -= bits)
			buf_add_char(b, digits[held >> (have - bits) & mask]);
		held &= (1u << have) - 1;
	}
	if (have)
		buf_add_char(b, digits[held << (bits - have) & mask]);
}

static int value_of(char c, const char *digits)
{
	const char *hit = c ? strchr(digits, c) : NULL;
	return hit ? (int)(hit - digits) : -1;
}

static err decode(str text, struct buf *out, const char *digits, unsigned bits)
{
	uint32_t held = 0;
	unsigned have = 0;

	for (size_t i = 0; i < text.len; i++) {
		int v = value_of(text.at[i], digits);
		if (v < 0)
			return NEVER(SYNTAX, "a character that does not belong to the encoding");
		held = held << bits | (uint32_t)v;
		have += bits;
		if (have >= 8) {
			have -= 8;
			buf_add_char(out, (char)(held >> have));
		}
		held &= (1u << have) - 1;
	}
	if (have >= bits || held != 0)
		return NEVER(SYNTAX, "an encoding that ends in stray bits");
	return buf_check(out);
}

void buf_add_hex(struct buf *b, str bytes)
{
	encode(b, bytes, hex_digits, 4);
}

/* Three bytes at a time: whole attachments pass through here. */
void buf_add_base64(struct buf *b, str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	size_t whole = bytes.len / 3;

	if (b->overflow || (b->max - b->len) / 4 < (bytes.len + 2) / 3) {
		b->overflow = b->overflow || bytes.len;
		return;
	}
	char *to = b->at + b->len;
	for (size_t i = 0; i < whole; i++, at += 3, to += 4) {
		uint32_t v = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
		to[0] = base64_digits[v >> 18];
		to[1] = base64_digits[v >> 12 & 63];
		to[2] = base64_digits[v >> 6 & 63];
		to[3] = base64_digits[v & 63];
	}
	b->len += 4 * whole;
	if (bytes.len % 3) {
		encode(b, str_from(bytes, 3 * whole), base64_digits, 6);
		buf_add(b, bytes.len % 3 == 1 ? STR("==") : STR("="));
	}
}

void buf_add_base64url(struct buf *b, str bytes)
{
	encode(b, bytes, base64url_digits, 6);
}

void buf_add_base32(struct buf *b, str bytes)
{
	encode(b, bytes, base32_digits, 5);
}

void buf_add_zbase32(struct buf *b, str bytes)
{
	encode(b, bytes, zbase32_digits, 5);
}

err hex_decode(str text, struct buf *out)
{
	char lower[2];

	if (text.len % 2)
		return NEVER(SYNTAX, "an odd number of hexadecimal digits");
	for (size_t i = 0; i < text.len; i += 2) {
		for (size_t j = 0; j < 2; j++) {
			char c = text.at[i + j];
			lower[j] = c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c;
		}
		TRY(decode(str_bytes(lower, 2), out, hex_digits, 4));
	}
	return OK;
}

err base64_decode(str text, struct buf *out)
{
	if (text.len % 4)
		return NEVER(SYNTAX, "base64 that is not padded");
	if (str_ends(text, STR("==")))
		text.len -= 2;
	else if (str_ends(text, STR("=")))
		text.len -= 1;
	if (text.len % 4 == 1)
		return NEVER(SYNTAX, "base64 with too much padding");
	return decode(text, out, base64_digits, 6);
}

err base64url_decode(str text, struct buf *out)
{
	return decode(text, out, base64url_digits, 6);
}

err base32_decode(str text, struct buf *out)
{
	char folded[256];

	if (text.len > sizeof folded)
		return NEVER(LIMIT, "base32 text is too long");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		folded[i] = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
	}
	return decode(str_bytes(folded, text.len), out, base32_digits, 5);
}
