#include "wire/domain.h"

#include "wire/rune.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1024 }; /* U-labels may be longer than the A-labels they become, but not without end */

#define REFUSE(text) NEVER(ADDRESS, text)

/* RFC 1123 2.1: letters, digits, hyphens. The table gives the lower-case form, 0 refuses. */
static const char host_char[256] = {
	['-'] = '-', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
	['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
	['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm',
	['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u',
	['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c',
	['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',
	['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's',
	['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

static err explain_byte(unsigned char c)
{
	switch (c) {
	case '(':
	case ')':
		return REFUSE("comments in an address are not accepted");
	case '@':
		return REFUSE("there is more than one @");
	case '<':
	case '>':
		return REFUSE("an address stands alone, without angle brackets");
	case ',':
	case ';':
		return REFUSE("one address only is expected");
	case ' ':
		return REFUSE("the domain holds a space");
	case '_':
		return REFUSE("a domain of mail holds no underscore");
	case '[':
	case ']':
		return REFUSE("an address literal is [192.0.2.1] or [IPv6:2001:db8::1]");
	default:
		break;
	}
	if (rune_control(c))
		return REFUSE("the domain holds a control character");
	return REFUSE("the domain holds a character that is no letter, digit, hyphen or dot");
}

static err label_check(str label)
{
	if (label.len == 0)
		return REFUSE("the domain has an empty label: a dot too many");
	if (label.len > LABEL_MAX)
		return REFUSE("a label of the domain is longer than 63 octets");
	if (label.at[0] == '-' || label.at[label.len - 1] == '-')
		return REFUSE("a label of the domain begins or ends with a hyphen");
	return OK;
}

/* What ends in a number is read as an IPv4 address by some (also 0x7f), so nobody may own such a name. */
static bool numeric(str label)
{
	uint64_t ignored;
	return str_number(label, &ignored) || (label.len > 20 && label.at[0] >= '0' && label.at[0] <= '9') ||
	       str_starts(label, STR("0x"));
}

/* Lower case in, every rule of the ASCII form; tells whether a label claims to be an A-label. */
static err labels_check(str domain, bool *has_a_label)
{
	str label = STR_NONE, rest = domain;
	size_t count = 0;

	for (bool more = true; more; count++) {
		more = str_cut(rest, '.', &label, &rest);
		if (label.len == 0 && !more && count > 0)
			return REFUSE("the domain ends with a dot");
		TRY(label_check(label));
		*has_a_label |= str_starts(label, STR("xn--"));
	}
	if (count < 2)
		return REFUSE("the domain has one label only: example, not example.com");
	if (numeric(label))
		return REFUSE("the domain ends in a number");
	return domain.len > DOMAIN_MAX ? REFUSE("the domain is longer than 253 octets") : OK;
}

static err explain_idn(int status)
{
	switch (status) {
	case IDN2_MALLOC:
		return LATER(MEMORY, "no memory to convert a domain");
	case IDN2_TOO_BIG_LABEL:
		return REFUSE("a label of the domain is longer than 63 octets in its ASCII form");
	case IDN2_TOO_BIG_DOMAIN:
		return REFUSE("the domain is longer than 253 octets in its ASCII form");
	case IDN2_BIDI:
		return REFUSE("the domain mixes writing directions in a label (RFC 5893)");
	default:
		return REFUSE("the domain is no valid internationalised name (UTS 46)");
	}
}

enum { IDN_FLAGS = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES };

static err to_ascii(struct arena *a, const char *name, str *out)
{
	uint8_t *made = NULL;
	int status = idn2_lookup_u8((const uint8_t *)name, &made, IDN_FLAGS);

	if (status != IDN2_OK)
		return explain_idn(status);
	err e = str_lower(a, str_of((const char *)made), out);
	idn2_free(made);
	return e;
}

/* An A-label is one only if it decodes to a name that encodes to it again (RFC 5891 5.4): else two programs
 * could show and look up different names for the same bytes. */
static err a_labels_check(struct arena *a, str ascii)
{
	const char *name;
	char *unicode = NULL;
	str again = STR_NONE;
	SCRATCH(a);

	TRY(str_c(a, ascii, &name));
	int status = idn2_to_unicode_8z8z(name, &unicode, IDN_FLAGS);
	if (status != IDN2_OK)
		return explain_idn(status);
	err e = to_ascii(a, unicode, &again);
	idn2_free(unicode);
	TRY(e);
	return str_same(ascii, again) ? OK : REFUSE("a label of the domain begins with xn-- and is no valid A-label");
}

static err runes_check(str domain)
{
	uint32_t c = 0;

	for (size_t taken; domain.len; domain = str_from(domain, taken)) {
		taken = str_rune(domain, &c);
		if (taken == 0)
			return REFUSE("the address is not UTF-8");
		if (rune_posing(c))
			return REFUSE("the domain holds a character that only looks like ASCII");
		if (c >= 0x80 && (rune_control(c) || rune_invisible(c) || rune_unassigned(c)))
			return REFUSE("the domain holds an invisible character");
	}
	return OK;
}

static err from_unicode(struct arena *a, str text, str *ascii)
{
	const char *name;

	TRY(runes_check(text));
	TRY(str_c(a, text, &name));
	return to_ascii(a, name, ascii);
}

static err lower(struct arena *a, str text, str *out, bool *foreign)
{
	void *room;

	TRY(arena_take(a, text.len, &room));
	char *to = room;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		to[i] = c == '.' ? '.' : host_char[c];
		if (c >= 0x80)
			*foreign = true;
		else if (!to[i])
			return explain_byte(c);
	}
	*out = str_bytes(to, text.len);
	return OK;
}

err domain_parse(struct arena *a, str text, str *out)
{
	bool foreign = false, has_a_label = false;
	str ascii;

	if (text.len == 0)
		return REFUSE("the domain is missing");
	if (text.len > INPUT_MAX)
		return REFUSE("the domain is longer than 253 octets");
	TRY(lower(a, text, &ascii, &foreign));
	if (foreign)
		TRY(from_unicode(a, text, &ascii));
	TRY(labels_check(ascii, &has_a_label));
	if (has_a_label)
		TRY(a_labels_check(a, ascii));
	*out = ascii;
	return OK;
}

err domain_literal_parse(struct arena *a, str text, str *canonical)
{
	unsigned char number[16];
	char room[INET6_ADDRSTRLEN];
	const char *inner;

	if (text.len < 2 || text.at[0] != '[' || text.at[text.len - 1] != ']')
		return REFUSE("an address literal ends with a closing bracket");
	str digits = str_bytes(text.at + 1, text.len - 2);
	bool six = str_starts_nocase(digits, STR("IPv6:"));
	if (digits.len > sizeof room + 5 || failed(str_c(a, str_from(digits, six ? 5 : 0), &inner)) ||
	    inet_pton(six ? AF_INET6 : AF_INET, inner, number) != 1)
		return REFUSE("an address literal is [192.0.2.1] or [IPv6:2001:db8::1]");
	must(inet_ntop(six ? AF_INET6 : AF_INET, number, room, sizeof room));
	return str_format(a, canonical, "[%s%s]", six ? "IPv6:" : "", room);
}
