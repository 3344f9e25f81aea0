#include "wire/address.h"

#include "wire/domain.h"
#include "wire/rune.h"

enum { INPUT_MAX = 1280, DISPLAY_NAME_MAX = 256 };

#define REFUSE(text) NEVER(ADDRESS, text)

/* RFC 5322 3.2.3 atext. */
static const bool atext[256] = {
	['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1,
	['/'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1,  ['5'] = 1, ['6'] = 1, ['7'] = 1,
	['8'] = 1, ['9'] = 1, ['='] = 1, ['?'] = 1, ['A'] = 1, ['B'] = 1,  ['C'] = 1, ['D'] = 1, ['E'] = 1,
	['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1,  ['L'] = 1, ['M'] = 1, ['N'] = 1,
	['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,  ['U'] = 1, ['V'] = 1, ['W'] = 1,
	['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1,  ['a'] = 1, ['b'] = 1, ['c'] = 1,
	['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1,  ['j'] = 1, ['k'] = 1, ['l'] = 1,
	['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1,  ['s'] = 1, ['t'] = 1, ['u'] = 1,
	['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['{'] = 1,  ['|'] = 1, ['}'] = 1, ['~'] = 1,
};

static err explain_byte(unsigned char c)
{
	switch (c) {
	case '(':
	case ')':
		return REFUSE("comments in an address are not accepted");
	case '<':
	case '>':
		return REFUSE("an address stands alone, without angle brackets");
	case ',':
	case ';':
		return REFUSE("one address only is expected");
	case ':':
		return REFUSE("groups, schemes and source routes are not accepted");
	case ' ':
		return REFUSE("a space stands outside quotation marks");
	case '"':
		return REFUSE("a quoted local part is quoted as a whole, and @ follows it");
	case '\\':
		return REFUSE("a backslash stands outside quotation marks");
	case '[':
	case ']':
		return REFUSE("a bracket stands outside quotation marks");
	default:
		return REFUSE("the address holds a control character");
	}
}

/* RFC 5322 3.2.3 dot-atom, with UTF-8 as RFC 6532 3.2 adds it. */
static bool dot_atom(str s)
{
	char before = '.';

	for (size_t i = 0; i < s.len; before = s.at[i++]) {
		unsigned char c = (unsigned char)s.at[i];
		if (c == '.' ? before == '.' : c < 0x80 && !atext[c])
			return false;
	}
	return before != '.';
}

static err dot_atom_check(str s)
{
	if (dot_atom(s))
		return OK;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];
		if (c < 0x80 && c != '.' && !atext[c])
			return explain_byte(c);
	}
	return s.len == 0 ? REFUSE("nothing stands before the @")
			  : REFUSE("a dot begins or ends the local part, or follows a dot");
}

static err rune_check(uint32_t c, bool first)
{
	if (rune_control(c))
		return REFUSE("the address holds a control character");
	if (c < 0x80)
		return OK;
	if (rune_direction(c))
		return REFUSE("the local part holds a character that changes the writing direction");
	if (rune_invisible(c))
		return REFUSE("the local part holds an invisible character");
	if (rune_unassigned(c))
		return REFUSE("the local part holds an unassigned or private character");
	if (rune_posing(c))
		return REFUSE("the local part holds a character that only looks like ASCII");
	if (first && rune_mark(c))
		return REFUSE("the local part begins with a combining mark");
	return OK;
}

/* RFC 6532 3.1 asks for NFC: composed and decomposed spellings are one mailbox and one row of the list. */
static err normalise(struct arena *a, str *content)
{
	str rest = *content;
	bool first = true;
	uint32_t c = 0;

	for (size_t taken; rest.len; rest = str_from(rest, taken), first = c == '.') {
		taken = str_rune(rest, &c);
		if (taken == 0)
			return REFUSE("the address is not UTF-8");
		TRY(rune_check(c, first));
	}
	return str_ascii(*content) ? OK : text_nfc(a, *content, content);
}

/* RFC 5321 4.1.2 Quoted-string: what it says, without quotation marks and backslashes; *end is behind it. */
static err unquote(struct arena *a, str text, str *content, size_t *end)
{
	struct buf said;
	size_t i = 1;

	TRY(buf_open(a, text.len, &said));
	for (; i < text.len && text.at[i] != '"'; i++) {
		if (text.at[i] == '\\' && ++i < text.len && (unsigned char)text.at[i] >= 0x80)
			return REFUSE("a backslash stands before a character that is not ASCII");
		if (i < text.len)
			buf_add_char(&said, text.at[i]);
	}
	if (i >= text.len)
		return REFUSE("a quotation mark is not closed");
	*end = i + 1;
	*content = buf_str(&said);
	return said.len ? OK : REFUSE("nothing stands between the quotation marks");
}

static err quote(struct arena *a, str content, str *out)
{
	struct buf b;

	TRY(buf_open(a, 2 * content.len + 2, &b));
	buf_add_char(&b, '"');
	for (size_t i = 0; i < content.len; i++) {
		if (content.at[i] == '"' || content.at[i] == '\\')
			buf_add_char(&b, '\\');
		buf_add_char(&b, content.at[i]);
	}
	buf_add_char(&b, '"');
	*out = buf_str(&b);
	return buf_check(&b);
}

static err split(struct arena *a, str text, str *content, str *domain, bool *quoted)
{
	*quoted = text.at[0] == '"';
	if (!*quoted)
		return str_cut(text, '@', content, domain) ? OK : REFUSE("there is no @");
	size_t end = 0;
	TRY(unquote(a, text, content, &end));
	if (end >= text.len || text.at[end] != '@')
		return REFUSE("a quoted local part is quoted as a whole, and @ follows it");
	*domain = str_from(text, end + 1);
	return OK;
}

/* RFC 2047 2: =?charset?encoding?text?=. The end need not be there: lenient decoders do without it. */
static bool has_encoded_word(str s)
{
	ptrdiff_t begin = str_find(s, STR("=?"));
	size_t marks = 0;

	for (size_t i = (size_t)begin + 2; begin >= 0 && i < s.len; i++)
		marks += s.at[i] == '?';
	return marks >= 2;
}

/* RFC 2047 5(3): an encoded word never stands in an addr-spec. Programs that decode it all the same would
 * see another address (CPython issue 152519), so it is refused though RFC 5322 calls all of it atext. */
static err local_read(struct arena *a, str content, struct address *out)
{
	if (!out->quoted)
		TRY(dot_atom_check(content));
	if (out->quoted || !str_ascii(content))
		TRY(normalise(a, &content));
	if (has_encoded_word(content))
		return REFUSE("encoded words in an address are not accepted");
	out->smtputf8 = !str_ascii(content);
	out->quoted = !dot_atom(content);
	out->local = content;
	if (out->quoted)
		TRY(quote(a, content, &out->local));
	return out->local.len > LOCAL_PART_MAX ? REFUSE("the local part is longer than 64 octets") : OK;
}

static err domain_read(struct arena *a, str text, struct address *out)
{
	out->literal = text.len > 0 && text.at[0] == '[';
	return out->literal ? domain_literal_parse(a, text, &out->domain) : domain_parse(a, text, &out->domain);
}

static err join(struct arena *a, struct address *out)
{
	struct buf b;

	if (out->local.len + 1 + out->domain.len > ADDRESS_MAX)
		return REFUSE("the address is longer than 254 octets");
	TRY(buf_open(a, out->local.len + 1 + out->domain.len, &b));
	buf_add(&b, out->local);
	buf_add_char(&b, '@');
	buf_add(&b, out->domain);
	out->text = buf_str(&b);
	out->local = str_upto(out->text, out->local.len);
	out->domain = str_from(out->text, out->local.len + 1);
	return OK;
}

static err parse(struct arena *a, str text, struct address *out)
{
	struct address found = { 0 };
	str content, domain;

	if (text.len == 0)
		return REFUSE("the address is empty");
	if (text.len > INPUT_MAX)
		return REFUSE("the address is longer than 254 octets");
	TRY(split(a, text, &content, &domain, &found.quoted));
	TRY(local_read(a, content, &found));
	TRY(domain_read(a, domain, &found));
	TRY(join(a, &found));
	*out = found;
	return OK;
}

static err with_reason(err e, const char **reason)
{
	if (reason)
		*reason = failed(e) ? e.note : NULL;
	return e;
}

err address_parse(struct arena *a, str text, struct address *out, const char **reason)
{
	return with_reason(parse(a, text, out), reason);
}

static err mailable(const struct address *address)
{
	if (address->literal)
		return REFUSE("mail to an address literal is not sent: give the name of a domain");
	for (size_t i = 1; address->quoted && i + 1 < address->local.len; i++)
		if (str_has(STR("@<>\\"), address->local.at[i]))
			return REFUSE("mail servers read such a quoted local part in different ways");
	return OK;
}

err address_mailable(const struct address *address, const char **reason)
{
	return with_reason(mailable(address), reason);
}

static err name_check(str name)
{
	uint32_t c = 0;

	if (name.len > DISPLAY_NAME_MAX)
		return NEVER(HEADER, "the name is longer than 256 octets");
	for (size_t taken; name.len; name = str_from(name, taken)) {
		taken = str_rune(name, &c);
		if (taken == 0)
			return NEVER(HEADER, "the name is not UTF-8");
		if (rune_control(c))
			return NEVER(HEADER, "the name holds a control character");
		if (rune_direction(c))
			return NEVER(HEADER, "the name holds a character that changes the writing direction");
		if (rune_unassigned(c))
			return NEVER(HEADER, "the name holds an unassigned or private character");
	}
	return OK;
}

err display_name_check(str name, const char **reason)
{
	return with_reason(name_check(name), reason);
}
