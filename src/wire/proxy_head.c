#include "wire/proxy_head.h"

enum {
	LINE_MAX = 107,  /* of version 1, with CRLF */
	LINE_LEAST = 15, /* "PROXY UNKNOWN\r\n": so many may be read before anything is known */
	FIXED = 16,      /* of version 2: signature, command, family, length */
	LEN4 = 12,
	LEN6 = 36, /* two addresses and two ports */
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
#define SIGNATURE ((str){ signature, sizeof signature - 1 })

#define STRANGE(words) NEVER(SYNTAX, words)

/* ── Version 1: a line ───────────────────────────────────────────────────────────────────────────── */

static err read_address(str text, bool six, struct peer *out)
{
	if (str_has(text, ':') != six)
		return STRANGE("an address of another family");
	return peer_parse(text, out);
}

/* Without leading zeros, as the specification demands. */
static err read_port(str text, uint16_t *out)
{
	uint64_t number;

	if (!str_number(text, &number) || number > UINT16_MAX || (text.len > 1 && text.at[0] == '0'))
		return STRANGE("no port");
	*out = (uint16_t)number;
	return OK;
}

static err read_line(str line, struct proxy_head *out)
{
	struct proxy_head head = { 0 };
	struct peer to;
	str word[6] = { 0 };
	size_t count = 0;
	bool more = true;

	while (more && count < 6)
		more = str_cut(line, ' ', &word[count++], &line);
	if (str_same(word[1], STR("UNKNOWN"))) {
		out->own = true; /* whatever follows is to be passed over */
		return OK;
	}
	bool six = str_same(word[1], STR("TCP6"));
	if (count != 6 || more || (!six && !str_same(word[1], STR("TCP4"))))
		return STRANGE("not PROXY, family, two addresses and two ports");
	TRY(read_address(word[2], six, &head.from));
	TRY(read_address(word[3], six, &to));
	TRY(read_port(word[4], &head.from.port));
	TRY(read_port(word[5], &to.port));
	*out = head;
	return OK;
}

static err read_first(str so_far, struct proxy_head *out, size_t *want)
{
	ptrdiff_t end = str_find(so_far, STR("\r\n"));

	if (end < 0 && so_far.len >= LINE_MAX)
		return STRANGE("the line is too long");
	if (end < 0) {
		*want = so_far.len < LINE_LEAST ? LINE_LEAST - so_far.len : str_ends(so_far, STR("\r")) ? 1 : 2;
		*want = *want > LINE_MAX - so_far.len ? LINE_MAX - so_far.len : *want;
		return OK;
	}
	if ((size_t)end + 2 != so_far.len)
		return STRANGE("bytes beyond the line");
	*want = 0;
	return read_line(str_upto(so_far, (size_t)end), out);
}

/* ── Version 2: bytes ────────────────────────────────────────────────────────────────────────────── */

static err read_addresses(uint8_t family, struct reader *r, struct proxy_head *out)
{
	struct peer from = { 0 };
	bool six = family == 0x21;
	size_t len = six ? 16 : 4;

	if (!six && family != 0x11)
		return STRANGE("neither TCP over IPv4 nor over IPv6");
	str source = reader_take(r, len);
	(void)reader_take(r, len);
	from.port = reader_u16be(r);
	(void)reader_u16be(r);
	if (r->failed)
		return STRANGE("the addresses are cut off");
	if (!six)
		from.address[10] = from.address[11] = 0xff;
	memcpy(from.address + 16 - len, source.at, len);
	out->from = from;
	return OK;
}

static err read_second(str so_far, struct proxy_head *out, size_t *want)
{
	struct reader r = READER(str_from(so_far, SIGNATURE.len));
	uint8_t command, family;
	uint16_t len;

	if (so_far.len < FIXED) {
		*want = FIXED - so_far.len;
		return OK;
	}
	command = reader_u8(&r);
	family = reader_u8(&r);
	len = reader_u16be(&r);
	if ((command != 0x20 && command != 0x21) || len > PROXY_HEAD_MAX - FIXED || so_far.len > FIXED + (size_t)len)
		return STRANGE("not a head of version 2");
	*want = FIXED + (size_t)len - so_far.len;
	if (*want)
		return OK;
	out->own = command == 0x20;
	return out->own ? OK : read_addresses(family, &r, out);
}

static bool may_become(str so_far, str begin)
{
	return str_starts(so_far, begin) || str_starts(begin, so_far);
}

err proxy_head_read(str so_far, struct proxy_head *out, size_t *want)
{
	*out = (struct proxy_head){ 0 };
	*want = LINE_LEAST;
	if (so_far.len == 0)
		return OK;
	if (may_become(so_far, STR("PROXY ")))
		return read_first(so_far, out, want);
	if (may_become(so_far, SIGNATURE))
		return read_second(so_far, out, want);
	return STRANGE("no word of whom this connection is for");
}
