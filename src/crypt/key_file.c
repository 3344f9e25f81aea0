/* One key as a file: a first line that says what it is, then the key.
 *
 *     # letterlock key; kind=master; number=2; created=2026-11-21T19:50:00Z; retired=no
 *     <base64 of 32 random bytes>
 *
 *     # letterlock key; kind=dkim; domain=example.com; selector=s1; created=2026-11-21T19:50:00Z; retired=no
 *     -----BEGIN PRIVATE KEY-----
 *     <PKCS #8>
 *
 * The fields stand in this order, each once, so that a file has one spelling; `number` belongs to the kinds
 * with generations (an OpenPGP key is one of them, and PEM), `domain` and `selector` to DKIM. PEM readers skip the
 * first line, so other programs read the DKIM files too. The name of a file follows from its first line and is checked
 * against it: master-2.key, dkim-example.com-s1.pem, openpgp-1.pem. */
#include "crypt/key_file.h"

#include <string.h>

static const struct {
	enum key_kind kind;
	str name;
} kinds[] = {
	{ KEY_MASTER, STR("master") }, { KEY_LINK, STR("link") },       { KEY_LOOKUP, STR("lookup") },
	{ KEY_DKIM, STR("dkim") },     { KEY_OPENPGP, STR("openpgp") },
};

str key_kind_name(enum key_kind k)
{
	return kinds[k].name;
}

bool key_file_is_pem(enum key_kind kind)
{
	return kind == KEY_DKIM || kind == KEY_OPENPGP;
}

static bool kind_of(str name, enum key_kind *out)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_same(kinds[i].name, name)) {
			*out = kinds[i].kind;
			return true;
		}
	}
	return false;
}

static bool label_fit(str label)
{
	if (label.len == 0 || label.len > 63 || label.at[0] == '-' || label.at[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

bool key_name_fit(str name)
{
	str label;
	bool more;

	if (name.len > 253)
		return false;
	do {
		more = str_cut(name, '.', &label, &name);
		if (!label_fit(label))
			return false;
	} while (more);
	return true;
}

/* ── Reading ─────────────────────────────────────────────────────────────────────────────────────── */

/* "; name=value": takes it and gives the value, or says no. */
static bool field(str *rest, str name, str *value)
{
	str s = *rest;

	if (!str_starts(s, STR("; ")) || !str_starts(str_from(s, 2), name))
		return false;
	s = str_from(s, 2 + name.len);
	if (!str_starts(s, STR("=")))
		return false;
	s = str_from(s, 1);
	ptrdiff_t end = str_find_char(s, ';');
	*value = end < 0 ? s : str_upto(s, (size_t)end);
	*rest = str_from(s, value->len);
	return true;
}

static bool numbered(str *rest, uint32_t *out)
{
	str text;
	uint64_t n;

	if (!field(rest, STR("number"), &text) || str_starts(text, STR("0")) || !str_number(text, &n) || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool named(str *rest, struct key_file *f)
{
	return field(rest, STR("domain"), &f->domain) && key_name_fit(f->domain) &&
	       field(rest, STR("selector"), &f->selector) && key_name_fit(f->selector);
}

static bool first_line(str line, struct key_file *f)
{
	str kind, created, retired;

	if (!str_starts(line, STR("# letterlock key; ")))
		return false;
	line = str_from(line, STR("# letterlock key").len);
	if (!field(&line, STR("kind"), &kind) || !kind_of(kind, &f->kind))
		return false;
	if (f->kind == KEY_DKIM ? !named(&line, f) : !numbered(&line, &f->number))
		return false;
	if (!field(&line, STR("created"), &created) || failed(moment_parse(created, &f->created_at)))
		return false;
	if (!field(&line, STR("retired"), &retired) || line.len)
		return false;
	f->retired = str_same(retired, STR("yes"));
	return f->retired || str_same(retired, STR("no"));
}

err key_file_parse(str text, struct key_file *out, struct fault *fault)
{
	struct key_file f = { 0 };
	str line;

	if (!str_cut(text, '\n', &line, &f.body) || !first_line(line, &f)) {
		fault_set(fault, "the first line does not say which key this is");
		return NEVER(KEY, "a key file is malformed");
	}
	*out = f;
	return OK;
}

err key_file_raw(const struct key_file *f, uint8_t key[RAW_KEY])
{
	uint8_t room[RAW_KEY];
	struct buf b = { .at = (char *)room, .max = sizeof room };
	str text = f->body;

	if (str_ends(text, STR("\n")))
		text.len--;
	err e = base64_decode(text, &b);
	if (!failed(e) && b.len == RAW_KEY)
		memcpy(key, room, RAW_KEY);
	crypt_wipe(room, sizeof room);
	return failed(e) || b.len != RAW_KEY ? NEVER(KEY, "a key file does not hold 32 bytes in base64") : OK;
}

/* ── Writing ─────────────────────────────────────────────────────────────────────────────────────── */

void key_file_print(struct buf *b, const struct key_file *f)
{
	buf_add_format(b, "# letterlock key; kind=%.*s", STR_ARG(key_kind_name(f->kind)));
	if (f->kind == KEY_DKIM)
		buf_add_format(b, "; domain=%.*s; selector=%.*s", STR_ARG(f->domain), STR_ARG(f->selector));
	else
		buf_add_format(b, "; number=%u", f->number);
	buf_add(b, STR("; created="));
	buf_add_moment(b, f->created_at);
	buf_add_format(b, "; retired=%s\n", f->retired ? "yes" : "no");
	buf_add(b, f->body);
}

err key_file_name(struct arena *a, const struct key_file *f, str *name)
{
	if (f->kind == KEY_DKIM)
		return str_format(a, name, "dkim-%.*s-%.*s.pem", STR_ARG(f->domain), STR_ARG(f->selector));
	return str_format(a, name, "%.*s-%u.%s", STR_ARG(key_kind_name(f->kind)), f->number,
			  key_file_is_pem(f->kind) ? "pem" : "key");
}
