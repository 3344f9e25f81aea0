#include "wire/http_text.h"

static err refuse(struct fault *fault, uint64_t line, const char *why)
{
	fault_where(fault, STR("the request"), line, 0);
	fault_set(fault, "%s", why);
	return NEVER(SYNTAX, "not a request as text");
}

static err next_line(str *rest, uint64_t *number, str *line, struct fault *fault)
{
	(void)str_cut(*rest, '\n', line, rest);
	(*number)++;
	if (str_ends(*line, STR("\r")))
		line->len--;
	if (line->len > HTTP_TEXT_LINE_MAX) {
		fault_where(fault, STR("the request"), *number, 0);
		return NEVER(LIMIT, "a line of more than 64 KiB");
	}
	if (!str_clean(*line))
		return refuse(fault, *number, "a control byte");
	return OK;
}

/* The target is what stands between the first and the last blank. */
static err read_request_line(str line, struct http_text *r, struct fault *fault)
{
	str rest;
	size_t at;

	if (!str_cut(line, ' ', &r->method, &rest) || !r->method.len)
		return refuse(fault, 1, "the first line is: METHOD TARGET HTTP/1.1");
	for (at = rest.len; at && rest.at[at - 1] != ' '; at--)
		;
	if (!at || !str_starts(str_from(rest, at), STR("HTTP/1.")))
		return refuse(fault, 1, "the first line ends in HTTP/1.1");
	r->version = str_from(rest, at);
	r->target = str_upto(rest, at - 1);
	if (!str_starts(r->target, STR("/")))
		return refuse(fault, 1, "the target begins with a slash");
	(void)str_cut(r->target, '?', &r->path, &r->query);
	return OK;
}

static err read_field(str line, uint64_t number, struct http_text *r, struct fault *fault)
{
	struct http_text_field *f = &r->fields[r->field_count];
	bool continues = line.at[0] == ' ' || line.at[0] == '\t';

	if (r->field_count == HTTP_TEXT_FIELDS_MAX) {
		fault_where(fault, STR("the request"), number, 0);
		return NEVER(LIMIT, "more than 128 headers");
	}
	if (continues && !r->field_count)
		return refuse(fault, number, "a line that continues nothing");
	if (continues)
		*f = (struct http_text_field){ f[-1].name, line, line };
	else if (!str_cut(line, ':', &f->name, &f->value) || !f->name.len || str_has(f->name, ' '))
		return refuse(fault, number, "a header is: Name:value");
	f->value = str_trim(f->value);
	f->line = line;
	r->field_count++;
	return OK;
}

err http_text_read(str text, struct http_text *out, struct fault *fault)
{
	uint64_t number = 0;
	str rest = text, line;

	*out = (struct http_text){ 0 };
	TRY(next_line(&rest, &number, &line, fault));
	TRY(read_request_line(line, out, fault));
	while (rest.len) {
		TRY(next_line(&rest, &number, &line, fault));
		if (!line.len)
			break;
		TRY(read_field(line, number, out, fault));
	}
	out->body = rest;
	return OK;
}
