/* Base64 and quoted-printable as RFC 2045 writes them, and nothing else: where decoders skip, mend or stop at
 * junk, each does it in its own way, and a scanner sees another document than the recipient. */
#include "wire/mime_scan.h"

#include <string.h>

enum { PIECE = 2048 };

static err junk(const char **wrong, const char *what)
{
	*wrong = what;
	return NEVER(SYNTAX, "a body that is not encoded right");
}

err mime_decoding_find(str name, enum mime_decoding *out)
{
	static const struct {
		str name;
		enum mime_decoding how;
	} known[] = {
		{ STR("7bit"), DECODE_NOTHING },   { STR("8bit"), DECODE_NOTHING },
		{ STR("binary"), DECODE_NOTHING }, { STR("quoted-printable"), DECODE_QUOTED },
		{ STR("base64"), DECODE_BASE64 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_same_nocase(name, known[i].name)) {
			*out = known[i].how;
			return OK;
		}
	return NEVER(SYNTAX, "not a transfer encoding");
}

/* ── base64, section 6.8 ─────────────────────────────────────────────────────────────────────────── */

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* "=" stands third and fourth, or fourth, of a quartet, and the bits that it leaves over are zero. */
static err pad(struct mime_decoder *d, str rest, struct buf *out, const char **wrong)
{
	bool two = d->digits == 2 && str_same(rest, STR("=="));
	bool one = d->digits == 3 && str_same(rest, STR("="));

	if (!one && !two)
		return junk(wrong, "the base64 is padded wrongly, or goes on after its padding");
	if (d->quartet & (two ? 0xF : 0x3))
		return junk(wrong, "the base64 ends with bits that belong to no byte");
	buf_add_char(out, (char)(d->quartet >> (two ? 4 : 10)));
	if (one)
		buf_add_char(out, (char)(d->quartet >> 2));
	d->padded = true;
	d->digits = d->quartet = 0;
	return OK;
}

static err base64_piece(struct mime_decoder *d, str line, struct sink *to, const char **wrong)
{
	char room[PIECE];
	struct buf out = BUF_ON(room);

	for (size_t i = 0; i < line.len; i++) {
		int value = digit(line.at[i]);
		if (d->padded)
			return junk(wrong, "the base64 is padded wrongly, or goes on after its padding");
		if (line.at[i] == '=') {
			TRY(pad(d, str_from(line, i), &out, wrong));
			break;
		}
		if (value < 0)
			return junk(wrong, "a character that is not of base64 stands in it");
		d->quartet = d->quartet << 6 | (uint32_t)value;
		if (++d->digits < 4)
			continue;
		buf_add_char(&out, (char)(d->quartet >> 16));
		buf_add_char(&out, (char)(d->quartet >> 8));
		buf_add_char(&out, (char)d->quartet);
		d->digits = d->quartet = 0;
	}
	TRY(buf_check(&out));
	return sink_put(to, buf_str(&out));
}

/* ── quoted-printable, section 6.7 ───────────────────────────────────────────────────────────────── */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static err quoted_octet(str rest, struct buf *out, const char **wrong)
{
	int high = rest.len > 2 ? hex(rest.at[1]) : -1, low = rest.len > 2 ? hex(rest.at[2]) : -1;

	if (high < 0 || low < 0)
		return junk(wrong, "in quoted-printable two hexadecimal digits follow each =");
	buf_add_char(out, (char)(high << 4 | low));
	return OK;
}

static err quoted_line(struct mime_decoder *d, str line, struct sink *to, const char **wrong)
{
	char room[PIECE];
	struct buf out = BUF_ON(room);

	if (line.len && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
		return junk(wrong, "a line of quoted-printable ends with a blank, which some readers drop");
	d->soft = str_ends(line, STR("="));
	if (d->soft)
		line.len--;
	for (size_t i = 0; i < line.len; i++) {
		char c = line.at[i];
		if (c == '=') {
			TRY(quoted_octet(str_from(line, i), &out, wrong));
			i += 2;
		} else if ((c >= 0x20 && c < 0x7F) || c == '\t') {
			buf_add_char(&out, c);
		} else {
			return junk(wrong, "a byte that may not stand in quoted-printable");
		}
	}
	TRY(buf_check(&out));
	return sink_put(to, buf_str(&out));
}

/* ── Lines ───────────────────────────────────────────────────────────────────────────────────────── */

err mime_decode_line(struct mime_decoder *d, str line, str end, struct sink *to, const char **wrong)
{
	must(line.len < PIECE);
	if (d->how == DECODE_BASE64)
		return base64_piece(d, line, to, wrong);
	if (d->end.len && !d->soft)
		TRY(sink_put(to, d->end));
	d->end = end;
	return d->how == DECODE_QUOTED ? quoted_line(d, line, to, wrong) : sink_put(to, line);
}

err mime_decode_finish(struct mime_decoder *d, bool whole, struct sink *to, const char **wrong)
{
	if (d->digits)
		return junk(wrong, "the base64 is cut off");
	if (d->soft)
		return junk(wrong, "the quoted-printable ends within a line");
	return whole && d->end.len ? sink_put(to, d->end) : OK;
}
