#include "inspector/file_inside.h"

#include <string.h>

/* Text is UTF-8, or else Latin-1 as Windows writes it; in both without the control characters that no text needs.
 * It streams: of UTF-8 only the state between two windows is kept. */

/* What may not stand in text whatever its coding: C0 without TAB, LF, FF and CR, and DEL. */
static bool control(unsigned char c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || c == 0x7F;
}

/* Windows-1252 leaves five places empty. */
static bool no_latin(unsigned char c)
{
	return c == 0x81 || c == 0x8D || c == 0x8F || c == 0x90 || c == 0x9D;
}

enum { OPINION = 8192 }; /* octets shown to libmagic: blanks by the thousand cost it milliseconds */

/* The state: how many octets are to follow, and between what bounds the next one must be (RFC 3629 section 4). */
enum { FOLLOW = 3, LOW_SHIFT = 8, HIGH_SHIFT = 16 };

static unsigned expect(unsigned follow, unsigned low, unsigned high)
{
	return follow | low << LOW_SHIFT | high << HIGH_SHIFT;
}

static unsigned lead(unsigned char c, bool *bad)
{
	if (c >= 0xC2 && c <= 0xDF)
		return expect(1, 0x80, 0xBF);
	if (c >= 0xE0 && c <= 0xEF)
		return expect(2, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF);
	if (c >= 0xF0 && c <= 0xF4)
		return expect(3, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF);
	*bad = true;
	return 0;
}

static unsigned utf8_step(unsigned state, unsigned char c, bool *bad)
{
	if (state == 0)
		return c < 0x80 ? 0 : lead(c, bad);
	if (c < ((state >> LOW_SHIFT) & 0xFF) || c > ((state >> HIGH_SHIFT) & 0xFF)) {
		*bad = true;
		return 0;
	}
	unsigned follow = (state & FOLLOW) - 1;
	return follow ? expect(follow, 0x80, 0xBF) : 0;
}

/* Eight octets that are plain: no control but those that text has is rare enough to be looked at one by one. */
static bool plain8(const char *at)
{
	uint64_t v;

	memcpy(&v, at, 8);
	uint64_t below = (v - 0x2020202020202020u) | v; /* some octet below 0x20 borrows into its high bit */
	uint64_t is_del = v ^ 0x7F7F7F7F7F7F7F7Fu;
	is_del = (is_del - 0x0101010101010101u) & ~is_del;
	return !((below | is_del) & 0x8080808080808080u);
}

static err begin_text(struct look *l, str window)
{
	const char *foreign = sniff_foreign(window);
	str opinion;

	if (foreign)
		return look_refuse(l, "is named as text but is %s", foreign);
	opinion = magic_opinion(str_upto(window, OPINION));
	if (str_same(opinion, STR("text/html")) || str_same(opinion, STR("image/svg+xml")) ||
	    str_same(opinion, STR("text/x-shellscript")) || str_same(opinion, STR("text/x-msdos-batch")) ||
	    str_same(opinion, STR("text/x-php")) || str_same(opinion, STR("application/javascript")) ||
	    str_same(opinion, STR("text/rtf")))
		return look_refuse(l, "is named as text but reads as %.*s", STR_ARG(opinion));
	return OK;
}

err look_text(struct look *l, struct text_look *t, str window)
{
	if (!t->begun)
		TRY(begin_text(l, str_upto(window, STREAM_WINDOW)));
	t->begun = true;
	for (size_t i = 0; i < window.len; i++) {
		while (t->state == 0 && window.len - i > 8 && plain8(window.at + i))
			i += 8;
		unsigned char c = (unsigned char)window.at[i];
		if (control(c))
			return look_refuse(l, "is no text: it holds control characters (octet 0x%02X)%s", c,
					   c ? "" : "; UTF-16 is to be saved as UTF-8");
		t->state = utf8_step(t->state, c, &t->not_utf8);
		t->not_latin |= no_latin(c);
	}
	return t->not_utf8 && t->not_latin ? look_refuse(l, "is no text: it is neither UTF-8 nor Latin-1") : OK;
}

err look_text_end(struct look *l, struct text_look *t)
{
	if (t->state)
		t->not_utf8 = true;
	return t->not_utf8 && t->not_latin ? look_refuse(l, "is no text: it is neither UTF-8 nor Latin-1") : OK;
}
