#include "wire/header.h"

#include <string.h>

/* The next line without its CRLF; false at the end or at a line that does not end with CRLF. */
static bool next_line(str *rest, str *line)
{
	ptrdiff_t lf = str_find_char(*rest, '\n');

	if (lf < 1 || rest->at[lf - 1] != '\r')
		return false;
	*line = str_upto(*rest, (size_t)lf - 1);
	*rest = str_from(*rest, (size_t)lf + 1);
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static err said(struct fault *fault, uint64_t line, const char *words)
{
	fault_where(fault, STR("message"), line, 0);
	fault_set(fault, "%s", words);
	return NEVER(HEADER, "the header of a message is malformed");
}

/* RFC 5322 2.2: printable ASCII but the colon. */
static size_t name_len(str line)
{
	size_t n = 0;

	while (n < line.len && line.at[n] > ' ' && line.at[n] < 0x7F && line.at[n] != ':')
		n++;
	return n;
}

static bool begin_field(str line, struct header_field *f)
{
	size_t n = name_len(line), colon = n;

	while (colon < line.len && blank(line.at[colon]))
		colon++;
	if (n == 0 || colon == line.len || line.at[colon] != ':')
		return false;
	*f = (struct header_field){ .raw = line, .name = str_upto(line, n), .body = str_from(line, colon + 1) };
	return true;
}

/* A continuation: the field reaches to the end of this line. */
static void extend(struct header_field *f, str line)
{
	const char *end = line.at + line.len;

	f->raw.len = (size_t)(end - f->raw.at);
	f->body.len = (size_t)(end - f->body.at);
}

static err add_line(struct header *h, str line, uint64_t number, struct fault *fault)
{
	if (str_has(line, '\r') || str_has(line, 0))
		return said(fault, number, "a bare CR or a NUL stands in the header");
	if (blank(line.at[0])) {
		if (h->count == 0)
			return said(fault, number, "the first line of the message continues nothing");
		extend(&h->fields[h->count - 1], line);
	} else {
		if (h->count == HEADER_FIELDS_MAX)
			return NEVER(LIMIT, "the message has too many header fields");
		if (!begin_field(line, &h->fields[h->count]))
			return said(fault, number, "a line of the header is neither a field nor its continuation");
		h->count++;
	}
	if (h->fields[h->count - 1].raw.len > HEADER_FIELD_MAX)
		return NEVER(LIMIT, "a header field is too long");
	return OK;
}

/* Lines of the header, as a bound for its fields: most messages have a dozen. */
static size_t lines_up_to(str message, size_t max)
{
	size_t count = 0;
	str line;

	while (count < max && next_line(&message, &line) && line.len)
		count++;
	return count;
}

err header_split(struct arena *a, str message, struct header *out, str *body, struct fault *fault)
{
	struct header h = { 0 };
	str rest = message, line;
	uint64_t number = 0;

	TRY(NEW_ARRAY(a, lines_up_to(message, HEADER_FIELDS_MAX) + 1, h.fields));
	while (rest.len) {
		number++;
		if (!next_line(&rest, &line))
			return said(fault, number, "a line of the header does not end with CRLF");
		if (line.len == 0)
			break;
		TRY(add_line(&h, line, number, fault));
		if ((size_t)(rest.at - message.at) > HEADER_MAX)
			return NEVER(LIMIT, "the header of the message is too long");
	}
	*out = h;
	*body = rest;
	return OK;
}

size_t header_count(const struct header *h, str name)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++)
		count += str_same_nocase(h->fields[i].name, name);
	return count;
}

const struct header_field *header_find(const struct header *h, str name)
{
	for (size_t i = 0; i < h->count; i++)
		if (str_same_nocase(h->fields[i].name, name))
			return &h->fields[i];
	return NULL;
}

err header_unfold(struct arena *a, const struct header_field *f, str *out)
{
	struct buf b;

	TRY(buf_open(a, f->body.len + 1, &b));
	for (size_t i = 0; i < f->body.len; i++)
		if (f->body.at[i] != '\r' && f->body.at[i] != '\n')
			buf_add_char(&b, f->body.at[i]);
	*out = str_trim(buf_str(&b));
	return buf_check(&b);
}
