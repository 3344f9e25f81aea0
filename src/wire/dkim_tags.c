#include "wire/dkim_tags.h"

/* RFC 6376 2.8: within a field that was split strictly, a CRLF is always followed by a blank, so that these
 * four bytes stand for folding white space. */
static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static str trimmed(str s)
{
	while (s.len && white(s.at[0]))
		s = str_from(s, 1);
	while (s.len && white(s.at[s.len - 1]))
		s.len--;
	return s;
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* tag-name = ALPHA *ALNUMPUNC */
static bool name_fit(str name)
{
	if (name.len == 0 || !letter(name.at[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!letter(name.at[i]) && !(name.at[i] >= '0' && name.at[i] <= '9') && name.at[i] != '_')
			return false;
	return true;
}

/* VALCHAR is anything printable but the semicolon, at which the text was cut. */
static bool value_fit(str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];
		if ((c < 0x20 && !white((char)c)) || c == 0x7F)
			return false;
	}
	return str_utf8(value);
}

static err add_tag(struct dkim_tags *t, str spec)
{
	str name, place;

	if (!str_cut(spec, '=', &name, &place))
		return NEVER(SYNTAX, "a tag without '='");
	struct dkim_tag tag = { .name = trimmed(name), .value = trimmed(place), .place = place };
	if (!name_fit(tag.name) || !value_fit(tag.value))
		return NEVER(SYNTAX, "a malformed tag");
	if (dkim_tags_find(t, tag.name))
		return NEVER(SYNTAX, "a tag stands there twice");
	if (t->count == DKIM_TAGS_MAX)
		return NEVER(LIMIT, "too many tags");
	t->tags[t->count++] = tag;
	return OK;
}

err dkim_tags_parse(str text, struct dkim_tags *out)
{
	struct dkim_tags t = { 0 };
	str spec;
	bool more;

	do {
		more = str_cut(text, ';', &spec, &text);
		/* tag-list = tag-spec *( ";" tag-spec ) [ ";" ]: only the last may be empty. */
		if (!more && t.count && trimmed(spec).len == 0)
			break;
		TRY(add_tag(&t, spec));
	} while (more);
	*out = t;
	return OK;
}

const struct dkim_tag *dkim_tags_find(const struct dkim_tags *t, str name)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_same(t->tags[i].name, name))
			return &t->tags[i];
	return NULL;
}

str dkim_tags_value(const struct dkim_tags *t, str name, str otherwise)
{
	const struct dkim_tag *tag = dkim_tags_find(t, name);
	return tag ? tag->value : otherwise;
}

err dkim_base64(struct arena *a, str text, str *bytes)
{
	struct buf packed, out;

	TRY(buf_open(a, text.len + 1, &packed));
	TRY(buf_open(a, text.len + 1, &out));
	for (size_t i = 0; i < text.len; i++)
		if (!white(text.at[i]))
			buf_add_char(&packed, text.at[i]);
	TRY(base64_decode(buf_str(&packed), &out));
	*bytes = buf_str(&out);
	return OK;
}

bool dkim_list_next(str *rest, char at, str *part)
{
	if (!rest->at)
		return false;
	if (!str_cut(*rest, at, part, rest))
		*rest = STR_NONE;
	*part = trimmed(*part);
	return true;
}

static bool lists(str list, str what)
{
	str part;

	while (dkim_list_next(&list, ':', &part))
		if (str_same(part, what))
			return true;
	return false;
}

err dkim_key_parse(struct arena *a, str record, struct dkim_key *out)
{
	struct dkim_tags t;
	struct dkim_key key = { 0 };

	TRY(dkim_tags_parse(record, &t));
	const struct dkim_tag *version = dkim_tags_find(&t, STR("v"));
	if (version && (version != t.tags || !str_same(version->value, STR("DKIM1"))))
		return NEVER(SYNTAX, "v= is not DKIM1 or not the first tag");
	const struct dkim_tag *p = dkim_tags_find(&t, STR("p"));
	if (!p)
		return NEVER(SYNTAX, "the record has no p=");
	TRY(dkim_base64(a, p->value, &key.public_key));
	key.type = dkim_tags_value(&t, STR("k"), STR("rsa"));
	key.hashes = dkim_tags_value(&t, STR("h"), STR_NONE);
	key.services = dkim_tags_value(&t, STR("s"), STR("*"));
	str flags = dkim_tags_value(&t, STR("t"), STR_NONE);
	key.testing = lists(flags, STR("y"));
	key.strict = lists(flags, STR("s"));
	*out = key;
	return OK;
}
