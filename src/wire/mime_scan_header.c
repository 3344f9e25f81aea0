/* What the header of one part says, or why it says two things. */
#include "wire/header.h"
#include "wire/mime_scan_inner.h"

#include <string.h>

static err refuse_field(struct mime_scan *s, str field, const char *what)
{
	fault_where(s->fault, STR("message"), s->number, 0);
	fault_set(s->fault, "%.*s: %s", STR_ARG(field), what);
	return NEVER(HEADER, "a header that can be read in two ways");
}

/* RFC 5322 3.6, RFC 2045 3, RFC 2183 2. */
static const str singletons[] = {
	STR("Date"),
	STR("From"),
	STR("Sender"),
	STR("Reply-To"),
	STR("To"),
	STR("Cc"),
	STR("Bcc"),
	STR("Message-ID"),
	STR("In-Reply-To"),
	STR("References"),
	STR("Subject"),
	STR("MIME-Version"),
	STR("Content-ID"),
	STR("Content-Type"),
	STR("Content-Transfer-Encoding"),
	STR("Content-Disposition"),
	STR("Content-Description"),
	STR("Content-Language"),
	STR("Content-Location"),
	STR("Content-MD5"),
};

static err check_singletons(struct mime_scan *s, const struct header *h)
{
	for (size_t i = 0; i < sizeof singletons / sizeof *singletons; i++)
		if (header_count(h, singletons[i]) > 1)
			return refuse_field(s, singletons[i], "this field is there twice");
	return OK;
}

/* RFC 6532 lets UTF-8 into fields; nothing lets control bytes. */
static err check_field(struct mime_scan *s, const struct header_field *f)
{
	for (size_t i = 0; i < f->body.len; i++) {
		unsigned char c = (unsigned char)f->body.at[i];
		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7F)
			return refuse_field(s, f->name, "a control byte stands in this field");
	}
	if (f->name.at + f->name.len + 1 != f->body.at)
		return refuse_field(s, f->name, "blanks stand between the name and the colon");
	if (!str_utf8(f->body))
		return refuse_field(s, f->name, "this field is neither ASCII nor UTF-8");
	return OK;
}

static err keep_fields(struct mime_scan *s, const struct header *h)
{
	struct mime_header **end = &s->part->headers;

	for (size_t i = 0; i < h->count; i++) {
		TRY(check_field(s, &h->fields[i]));
		TRY(NEW(s->arena, *end));
		(*end)->name = h->fields[i].name;
		TRY(header_unfold(s->arena, &h->fields[i], &(*end)->value));
		end = &(*end)->next;
	}
	return OK;
}

static str field_of(const struct mime_part *p, str name)
{
	for (const struct mime_header *h = p->headers; h; h = h->next)
		if (str_same_nocase(h->name, name))
			return h->value;
	return STR_NONE;
}

/* *there says whether the part has this field. */
static err read_value(struct mime_scan *s, str name, struct mime_value *out, bool *there)
{
	str text = field_of(s->part, name);
	const char *wrong = NULL;

	*there = text.at != NULL;
	if (!*there)
		return OK;
	const struct mime_value_rules rules = { s->limits.parameters, s->strict };
	err e = mime_value_read(s->arena, text, &rules, out, &wrong);
	if (e.why == WHY_LIMIT)
		return scan_limit(s, "a field has too many parameters", s->limits.parameters);
	return wrong ? refuse_field(s, name, wrong) : e;
}

/* ── Content-Type ────────────────────────────────────────────────────────────────────────────────── */

/* RFC 2046 5.1.1, without the blank that may stand within. */
static bool boundary_is_sound(str b)
{
	for (size_t i = 0; i < b.len; i++) {
		char c = b.at[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && (!c || !strchr("'()+_,-./:=?", c)))
			return false;
	}
	return b.len >= 1 && b.len <= 70;
}

static err read_boundary(struct mime_scan *s, const struct mime_value *type, str *out)
{
	str boundary = mime_value_parameter(type, STR("boundary"));

	if (!str_starts(s->part->type, STR("multipart/")))
		return OK;
	if (!boundary_is_sound(boundary))
		return refuse_field(s, STR("Content-Type"),
				    "a multipart has a boundary of 1 to 70 letters, digits and '()+_,-./:=?");
	*out = boundary;
	return OK;
}

static bool is_message(str type)
{
	return str_same(type, STR("message/rfc822")) || str_same(type, STR("message/global")) ||
	       str_same(type, STR("message/news")) || str_same(type, STR("message/rfc2822"));
}

static err read_type(struct mime_scan *s, str *boundary, bool *within, str *name)
{
	struct mime_value type = { 0 };
	struct mime_part *p = s->part;
	bool there, in_digest = s->depth && str_same(s->frames[s->depth - 1].part->type, STR("multipart/digest"));

	TRY(read_value(s, STR("Content-Type"), &type, &there));
	if (!there && in_digest)
		return scan_refuse(s, "a part of a digest does not say its type");
	if (there && !str_has(type.main, '/'))
		return refuse_field(s, STR("Content-Type"), "this is not a media type");
	p->type = there ? type.main : STR("text/plain"); /* RFC 2045 5.2 */
	if (str_same(p->type, STR("message/partial")) || str_same(p->type, STR("message/external-body")))
		return refuse_field(s, STR("Content-Type"),
				    "a message in pieces, or whose body is elsewhere, is not read");
	TRY(str_lower(s->arena, mime_value_parameter(&type, STR("charset")), &p->charset));
	*within = is_message(p->type);
	*name = mime_value_parameter(&type, STR("name"));
	return read_boundary(s, &type, boundary);
}

/* ── The other fields ────────────────────────────────────────────────────────────────────────────── */

static err read_encoding(struct mime_scan *s, bool composite)
{
	struct mime_value encoding = { .main = STR("7bit") };
	enum mime_decoding how;
	bool there;

	TRY(read_value(s, STR("Content-Transfer-Encoding"), &encoding, &there));
	if (encoding.parameters || failed(mime_decoding_find(encoding.main, &how)))
		return refuse_field(s, STR("Content-Transfer-Encoding"),
				    "this is none of 7bit, 8bit, binary, quoted-printable and base64");
	/* RFC 2045 6.4 */
	if (composite && how != DECODE_NOTHING)
		return refuse_field(s, STR("Content-Transfer-Encoding"),
				    "a multipart or a message within is not encoded");
	s->part->encoding = encoding.main;
	return OK;
}

static err read_disposition(struct mime_scan *s, str *filename)
{
	struct mime_value disposition = { 0 };
	bool there;

	TRY(read_value(s, STR("Content-Disposition"), &disposition, &there));
	if (str_has(disposition.main, '/'))
		return refuse_field(s, STR("Content-Disposition"), "this is not a disposition");
	s->part->disposition = disposition.main;
	*filename = mime_value_parameter(&disposition, STR("filename"));
	if (mime_value_parameter(&disposition, STR("name")).at)
		return refuse_field(s, STR("Content-Disposition"), "the file's name is called filename here, not name");
	return OK;
}

static err settle_name(struct mime_scan *s, str name, str filename)
{
	if (name.at && filename.at && !str_same(name, filename))
		return scan_refuse(s, "name in Content-Type and filename in Content-Disposition differ");
	s->part->name = filename.at ? filename : name;
	if (!s->part->name.len)
		return OK;
	struct fault said = { 0 };
	err e = mime_file_name_check(s->part->name, &said);
	if (failed(e)) {
		fault_where(s->fault, STR("message"), s->number, 0);
		fault_set(s->fault, "%s", said.what);
	}
	return e;
}

static err read_fields(struct mime_scan *s, str *boundary, bool *within)
{
	str name = STR_NONE, filename = STR_NONE;

	TRY(read_type(s, boundary, within, &name));
	TRY(read_encoding(s, boundary->len || *within));
	TRY(read_disposition(s, &filename));
	s->part->id = field_of(s->part, STR("Content-ID"));
	return settle_name(s, name, filename);
}

err scan_header(struct mime_scan *s, str text, str *boundary, bool *within)
{
	struct header h = { 0 };
	struct fault said = { 0 };
	bool message = s->part == s->root || !s->frames[s->depth - 1].boundary.len;
	str rest;

	err e = header_split(s->arena, text, &h, &rest, &said);
	if (failed(e) && said.line)
		s->number = s->header_line + said.line - 1;
	if (failed(e))
		return e.fate == FATE_NEVER ? scan_refuse(s, said.what[0] ? said.what : e.note) : e;
	if (message && !h.count)
		return scan_refuse(s, "a message without a header");
	TRY(check_singletons(s, &h));
	TRY(keep_fields(s, &h));
	return read_fields(s, boundary, within);
}
