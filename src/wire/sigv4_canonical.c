#include "wire/sigv4_inside.h"

#include <stdlib.h>
#include <string.h>

static bool letter_or_digit(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void add_escaped(struct buf *b, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	buf_add_char(b, '%');
	buf_add_char(b, digits[(unsigned char)c >> 4]);
	buf_add_char(b, digits[(unsigned char)c & 15]);
}

void buf_add_uri(struct buf *b, str text, bool slashes)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (letter_or_digit((unsigned char)c) || strchr("-._~", c ? c : '?') || (slashes && c == '/'))
			buf_add_char(b, c);
		else
			add_escaped(b, c);
	}
}

/* What no URI may hold (RFC 3986 2) is sent encoded by every client; all else stands as it was written. */
static err encode_foreign(struct arena *a, str text, str *out)
{
	struct buf b;

	TRY(buf_open(a, 3 * text.len + 1, &b));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c <= ' ' || c >= 0x7F || strchr("\"<>\\^`{|}", c))
			add_escaped(&b, text.at[i]);
		else
			buf_add_char(&b, text.at[i]);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

/* Without ".", ".." and empty segments; a slash at the end stays if anything stands before it. */
static err without_dots(struct arena *a, str path, str *out)
{
	bool ends_in_slash = str_ends(path, STR("/"));
	struct buf b;

	TRY(buf_open(a, path.len + 1, &b));
	for (str rest = path, part; rest.len;) {
		(void)str_cut(rest, '/', &part, &rest);
		if (str_same(part, STR(".."))) {
			while (b.len && b.at[--b.len] != '/')
				;
		} else if (part.len && !str_same(part, STR("."))) {
			buf_add_char(&b, '/');
			buf_add(&b, part);
		}
	}
	if (!b.len || ends_in_slash)
		buf_add_char(&b, '/');
	*out = buf_str(&b);
	return buf_check(&b);
}

err sigv4_path(struct arena *a, str path, const struct sigv4_rules *rules, str *out)
{
	struct buf b;
	str plain = path;

	if (!path.len)
		plain = STR("/");
	if (rules->normalize)
		TRY(without_dots(a, plain, &plain));
	if (rules->path_is_final)
		return encode_foreign(a, plain, out);
	TRY(buf_open(a, 3 * plain.len, &b));
	buf_add_uri(&b, plain, true);
	*out = buf_str(&b);
	return buf_check(&b);
}

static int by_name_then_value(const void *one, const void *other)
{
	const struct sigv4_field *a = one, *b = other;
	int order = str_order(a->name, b->name);

	return order ? order : str_order(a->value, b->value);
}

/* Each part has its '='; sorted by name, then by value, as they are encoded. */
err sigv4_query(struct arena *a, str query, str *out)
{
	struct sigv4_field *parts;
	size_t count = 0;
	struct buf b;
	str rest;

	*out = STR_NONE;
	if (!query.len)
		return OK;
	TRY(encode_foreign(a, query, &rest));
	TRY(NEW_ARRAY(a, SIGV4_PARTS_MAX, parts));
	TRY(buf_open(a, 2 * rest.len + 2, &b));
	for (bool more = true; more; count++) {
		str part;
		if (count == SIGV4_PARTS_MAX)
			return NEVER(LIMIT, "a query of too many parts");
		more = str_cut(rest, '&', &part, &rest);
		(void)str_cut(part, '=', &parts[count].name, &parts[count].value);
	}
	qsort(parts, count, sizeof *parts, by_name_then_value);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(&b, '&');
		buf_add(&b, parts[i].name);
		buf_add_char(&b, '=');
		buf_add(&b, parts[i].value);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static bool is_signed(str name)
{
	static const str left_out[] = { STR("authorization"), STR("expect"), STR("transfer-encoding"),
					STR("user-agent"), STR("x-amzn-trace-id") };

	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (str_same(name, left_out[i]))
			return false;
	return true;
}

/* Trimmed, with every run of blanks as one. */
static void add_value(struct buf *b, str value)
{
	str trimmed = str_trim(value);

	for (size_t i = 0; i < trimmed.len; i++) {
		bool blank = trimmed.at[i] == ' ' || trimmed.at[i] == '\t';
		if (!blank)
			buf_add_char(b, trimmed.at[i]);
		else if (trimmed.at[i - 1] != ' ' && trimmed.at[i - 1] != '\t')
			buf_add_char(b, ' ');
	}
}

static err add_field(struct arena *a, struct sigv4_field *field, const struct sigv4_field *from)
{
	struct buf b;

	if (!from->name.len || !str_clean(from->name) || !str_clean(from->value))
		return NEVER(SYNTAX, "a control byte in a header");
	TRY(str_lower(a, from->name, &field->name));
	TRY(buf_open(a, from->value.len, &b));
	add_value(&b, from->value);
	field->value = buf_str(&b);
	return buf_check(&b);
}

/* Fields of one name become one, in the order in which they stood: the sort is by insertion, so it is stable. */
static err join(struct arena *a, struct sigv4_signed *all, const struct sigv4_field *one)
{
	size_t i = all->count;

	while (i && str_order(all->fields[i - 1].name, one->name) > 0)
		i--;
	if (i && str_same(all->fields[i - 1].name, one->name))
		return str_format(a, &all->fields[i - 1].value, "%.*s,%.*s", STR_ARG(all->fields[i - 1].value),
				  STR_ARG(one->value));
	memmove(&all->fields[i + 1], &all->fields[i], (all->count - i) * sizeof *all->fields);
	all->fields[i] = *one;
	all->count++;
	return OK;
}

static err join_names(struct arena *a, struct sigv4_signed *all)
{
	size_t room = 1;
	struct buf b;

	for (size_t i = 0; i < all->count; i++)
		room += all->fields[i].name.len + 1;
	TRY(buf_open(a, room, &b));
	for (size_t i = 0; i < all->count; i++) {
		if (i)
			buf_add_char(&b, ';');
		buf_add(&b, all->fields[i].name);
	}
	all->names = buf_str(&b);
	return buf_check(&b);
}

err sigv4_fields(struct arena *a, const struct sigv4_field *fields, size_t count, struct sigv4_signed *out)
{
	struct sigv4_signed all = { 0 };
	bool has_host = false;

	if (count > SIGV4_FIELDS_MAX)
		return NEVER(LIMIT, "too many headers");
	TRY(NEW_ARRAY(a, count + 1, all.fields));
	for (size_t i = 0; i < count; i++) {
		struct sigv4_field one;
		TRY(add_field(a, &one, &fields[i]));
		has_host = has_host || str_same(one.name, STR("host"));
		if (is_signed(one.name))
			TRY(join(a, &all, &one));
	}
	if (!has_host)
		return NEVER(SYNTAX, "a request without Host");
	TRY(join_names(a, &all));
	*out = all;
	return OK;
}

err sigv4_canonical(struct arena *a, const struct sigv4_request *request, const struct sigv4_rules *rules,
		    const struct sigv4_signed *fields, str *out)
{
	size_t room = request->method.len + request->payload.len + fields->names.len + 8;
	str path, query;
	struct buf b;

	TRY(sigv4_path(a, request->path, rules, &path));
	TRY(sigv4_query(a, request->query, &query));
	for (size_t i = 0; i < fields->count; i++)
		room += fields->fields[i].name.len + fields->fields[i].value.len + 2;
	TRY(buf_open(a, room + path.len + query.len, &b));
	buf_add_format(&b, "%.*s\n", STR_ARG(request->method));
	buf_add(&b, path);
	buf_add_char(&b, '\n');
	buf_add(&b, query);
	buf_add_char(&b, '\n');
	for (size_t i = 0; i < fields->count; i++) {
		buf_add(&b, fields->fields[i].name);
		buf_add_char(&b, ':');
		buf_add(&b, fields->fields[i].value);
		buf_add_char(&b, '\n');
	}
	buf_add_char(&b, '\n');
	buf_add(&b, fields->names);
	buf_add_char(&b, '\n');
	buf_add(&b, request->payload);
	*out = buf_str(&b);
	return buf_check(&b);
}
