/* Structured fields of MIME, in the one spelling that all readers read alike: RFC 2045 5.1 without comments and
 * without white space around "=" and "/", RFC 2231 with its sections in order. */
#include "wire/mime_field.h"
#include "wire/mime_scan.h"
#include "wire/rune.h"

#include <string.h>

enum { VALUE_MAX = 4096, SECTIONS_MAX = 100 };

/* A parameter while it is gathered: as it stands, and as RFC 2231 spells it. */
struct spelled {
	struct spelled *next;
	str name;
	str plain;           /* .at null: not given */
	struct buf extended; /* .at null: not given */
	unsigned sections;   /* of `extended` so far; 0: it is in one piece */
	bool latin, is_extended;
};

struct reading {
	struct arena *arena;
	struct reader r;
	struct spelled *first;
	uint64_t count;
	const struct mime_value_rules *rules;
	const char **wrong;
};

static err refuse(struct reading *v, const char *what)
{
	*v->wrong = what;
	return NEVER(HEADER, "a field of MIME that can be read in two ways");
}

/* RFC 2045 5.1: printable ASCII without tspecials. */
static bool is_token_char(int c)
{
	return c > 0x20 && c < 0x7F && !strchr("()<>@,;:\\\"/[]?=", c);
}

static str token(struct reader *r)
{
	size_t len = 0;

	while (len < r->rest.len && is_token_char((unsigned char)r->rest.at[len]))
		len++;
	return reader_take(r, len);
}

static void blanks(struct reader *r)
{
	while (reader_skip(r, ' ') || reader_skip(r, '\t'))
		;
}

/* ── Values ──────────────────────────────────────────────────────────────────────────────────────── */

static err quoted(struct reading *v, str *out)
{
	ptrdiff_t end = str_find_char(v->r.rest, '"');

	if (end < 0)
		return refuse(v, "a quoted parameter is never ended");
	*out = reader_take(&v->r, (size_t)end);
	reader_skip(&v->r, '"');
	if (str_has(*out, '\\'))
		return refuse(v, "a backslash in a parameter is read in two ways");
	return OK;
}

/* A file's name that is nothing but encoded words: every reader shows it decoded. */
static err words(struct reading *v, str name, bool in_quotes, str *out)
{
	bool file = str_same_nocase(name, STR("name")) || str_same_nocase(name, STR("filename"));
	struct buf b;

	TRY(buf_open(v->arena, VALUE_MAX, &b));
	if (v->rules->strict || !file || !in_quotes || !mime_words_alone(*out, &b))
		return refuse(v, "an encoded word may not stand in a parameter (RFC 2047 5); RFC 2231 tells how to "
				 "write it");
	*out = buf_str(&b);
	return OK;
}

static err plain_value(struct reading *v, str name, bool *in_quotes, str *out)
{
	*in_quotes = reader_skip(&v->r, '"');
	if (*in_quotes)
		TRY(quoted(v, out));
	else
		*out = token(&v->r);
	if (!*in_quotes && !out->len)
		return refuse(v, "a parameter has no value, or one that needs quotes");
	if (str_find(*out, STR("=?")) >= 0)
		return words(v, name, *in_quotes, out);
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->at[i] < 0x20 || (unsigned char)out->at[i] >= 0x7F)
			return refuse(v, "a parameter is written in ASCII, or as RFC 2231 tells");
	return out->len <= VALUE_MAX ? OK : refuse(v, "a parameter is too long");
}

/* ── RFC 2231 ────────────────────────────────────────────────────────────────────────────────────── */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_octet(struct spelled *s, int octet)
{
	if (!s->latin || octet < 0x80) {
		buf_add_char(&s->extended, (char)octet);
		return;
	}
	buf_add_char(&s->extended, (char)(0xC0 | octet >> 6));
	buf_add_char(&s->extended, (char)(0x80 | (octet & 0x3F)));
}

static err add_percent(struct reading *v, struct spelled *s, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != '%') {
			buf_add_char(&s->extended, text.at[i]);
			continue;
		}
		int high = i + 2 < text.len ? hex(text.at[i + 1]) : -1,
		    low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;
		if (high < 0 || low < 0)
			return refuse(v, "two hexadecimal digits follow each % of an RFC 2231 parameter");
		add_octet(s, high << 4 | low);
		i += 2;
	}
	return OK;
}

/* charset'language'text */
static err add_first(struct reading *v, struct spelled *s, str text)
{
	str charset, language, rest;

	if (!str_cut(text, '\'', &charset, &rest) || !str_cut(rest, '\'', &language, &rest))
		return refuse(v, "an RFC 2231 parameter begins with its character set: UTF-8''…");
	s->latin = str_same_nocase(charset, STR("iso-8859-1"));
	if (!s->latin && !str_same_nocase(charset, STR("utf-8")) && !str_same_nocase(charset, STR("us-ascii")))
		return refuse(v, "an RFC 2231 parameter is written in UTF-8");
	return add_percent(v, s, rest);
}

/* name*, name*0, name*0*, name*1 … : what follows the first star. */
static err extend(struct reading *v, struct spelled *s, str suffix, bool in_quotes, str value)
{
	bool percent = str_ends(suffix, STR("*")) || !suffix.len;
	str digits = str_ends(suffix, STR("*")) ? str_upto(suffix, suffix.len - 1) : suffix;
	uint64_t section = 0;
	bool first = s->extended.at == NULL;

	if (str_same(suffix, STR("*")))
		return refuse(v, "a parameter's name ends with two stars");
	if (digits.len && (!str_number(digits, &section) || (digits.len > 1 && digits.at[0] == '0')))
		return refuse(v, "the number of an RFC 2231 section is not one");
	bool expected = digits.len ? section == s->sections && (first || s->sections) : first;
	if (!expected || section >= SECTIONS_MAX)
		return refuse(v, "the sections of an RFC 2231 parameter are repeated, missing or out of order");
	if (percent && in_quotes)
		return refuse(v, "an RFC 2231 value stands without quotes");
	if (first)
		TRY(buf_open(v->arena, VALUE_MAX, &s->extended));
	if (first)
		s->is_extended = percent;
	else if (percent && !s->is_extended)
		return refuse(v, "a section of an RFC 2231 parameter is encoded, and the first does not say how");
	if (digits.len)
		s->sections++;
	if (first && percent)
		return add_first(v, s, value);
	if (percent)
		return add_percent(v, s, value);
	buf_add(&s->extended, value);
	return OK;
}

/* ── Parameters ──────────────────────────────────────────────────────────────────────────────────── */

static err find(struct reading *v, str name, struct spelled **out)
{
	struct spelled **end = &v->first;

	for (; *end; end = &(*end)->next)
		if (str_same_nocase((*end)->name, name)) {
			*out = *end;
			return OK;
		}
	TRY(NEW(v->arena, *end));
	TRY(str_lower(v->arena, name, &(*end)->name));
	*out = *end;
	return OK;
}

static err parameter(struct reading *v)
{
	str whole = token(&v->r), name, suffix, value;
	bool starred = str_cut(whole, '*', &name, &suffix), in_quotes;
	struct spelled *s = NULL;

	if (++v->count > v->rules->parameters_max)
		return NEVER(LIMIT, "a field has too many parameters");
	if (!name.len || !reader_skip(&v->r, '='))
		return refuse(v, "a parameter is written name=value, without blanks or comments");
	TRY(plain_value(v, whole, &in_quotes, &value));
	TRY(find(v, name, &s));
	must(s != NULL);
	if (starred)
		return extend(v, s, suffix, in_quotes, value);
	if (s->plain.at)
		return refuse(v, "a parameter is there twice");
	s->plain = value.len ? value : STR("");
	return OK;
}

/* Both spellings of one parameter: the plain one is what we would write for readers that know no other. */
static err settle(struct reading *v, const struct spelled *s, str *out)
{
	char room[MIME_LINE];
	struct buf fallback = { .at = room, .max = MIME_FALLBACK_MAX };
	str value = s->extended.at ? buf_str(&s->extended) : s->plain;

	if (s->extended.at && (str_same(s->name, STR("boundary")) || str_same(s->name, STR("charset"))))
		return refuse(v, "boundary and charset are never written as RFC 2231 tells");
	if (s->extended.overflow || !str_utf8(value))
		return refuse(v, "a parameter is too long, or not UTF-8");
	if (s->extended.at && s->plain.at && !str_same(mime_fallback_name(&fallback, value), s->plain) &&
	    !str_same(value, s->plain))
		return refuse(v, "a parameter is there in two spellings, and they differ");
	*out = value;
	return OK;
}

static err settle_all(struct reading *v, struct mime_value *out)
{
	struct mime_parameter **end = &out->parameters;

	for (const struct spelled *s = v->first; s; s = s->next) {
		TRY(NEW(v->arena, *end));
		(*end)->name = s->name;
		TRY(settle(v, s, &(*end)->value));
		end = &(*end)->next;
	}
	return OK;
}

err mime_value_read(struct arena *a, str text, const struct mime_value_rules *rules, struct mime_value *out,
		    const char **wrong)
{
	struct reading v = { .arena = a, .r = READER(str_trim(text)), .rules = rules, .wrong = wrong };
	struct mime_value read = { 0 };
	str begin = v.r.rest, type = token(&v.r);
	size_t len = type.len;

	if (type.len && reader_skip(&v.r, '/')) {
		str sub = token(&v.r);
		len = sub.len ? type.len + 1 + sub.len : 0;
	}
	if (!len)
		return refuse(&v, "this is not what the field is for");
	TRY(str_lower(a, str_upto(begin, len), &read.main));
	for (blanks(&v.r); v.r.rest.len; blanks(&v.r)) {
		if (!reader_skip(&v.r, ';'))
			return refuse(&v, "what follows is neither a parameter nor the end; comments are not read");
		blanks(&v.r);
		if (!v.r.rest.len && !rules->strict)
			break;
		TRY(parameter(&v));
	}
	TRY(settle_all(&v, &read));
	*out = read;
	return OK;
}

str mime_value_parameter(const struct mime_value *v, str name)
{
	for (const struct mime_parameter *p = v->parameters; p; p = p->next)
		if (str_same(p->name, name))
			return p->value;
	return STR_NONE;
}
