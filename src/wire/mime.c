/* The message as a whole: checked (mime_check.c), then written from top to bottom. */
#include "wire/mime_field.h"

static bool any_smtputf8(const struct mime_mailbox *list)
{
	for (; list; list = list->next)
		if (list->address.smtputf8)
			return true;
	return false;
}

bool mime_smtputf8(const struct mime *m)
{
	return any_smtputf8(m->from) || any_smtputf8(m->to) || any_smtputf8(m->cc) || any_smtputf8(m->reply_to);
}

/* ── Header fields ───────────────────────────────────────────────────────────────────────────────── */

static err write_mailboxes(struct sink *to, str name, const struct mime_mailbox *list)
{
	if (!list)
		return OK;
	struct field f = field_begin(to, name);
	field_mailboxes(&f, list);
	return field_end(&f);
}

static err write_date(struct sink *to, moment at)
{
	char room[64];
	struct buf b = BUF_ON(room);

	buf_add_date_5322(&b, at);
	TRY(buf_check(&b));
	return field_raw(to, STR("Date"), buf_str(&b));
}

static err write_unsubscribe(struct sink *to, str url, str mailto)
{
	char room[MIME_LINE_HARD];
	struct buf b = BUF_ON(room);

	if (!url.len && !mailto.len)
		return OK;
	if (url.len)
		buf_add_format(&b, "<%.*s>", STR_ARG(url));
	if (url.len && mailto.len)
		buf_add(&b, STR(", "));
	if (mailto.len)
		buf_add_format(&b, "<%.*s>", STR_ARG(mailto));
	TRY(buf_check(&b));
	TRY(field_raw(to, STR("List-Unsubscribe"), buf_str(&b)));
	/* RFC 8058 3.1: only with an https URI. */
	return url.len ? field_raw(to, STR("List-Unsubscribe-Post"), STR("List-Unsubscribe=One-Click")) : OK;
}

err mime_write_fields(const struct mime *m, struct sink *to)
{
	TRY(write_mailboxes(to, STR("From"), m->from));
	TRY(write_mailboxes(to, STR("To"), m->to));
	TRY(write_mailboxes(to, STR("Cc"), m->cc));
	TRY(write_mailboxes(to, STR("Reply-To"), m->reply_to));
	TRY(field_whole(to, STR("Subject"), m->subject));
	TRY(write_date(to, m->date));
	TRY(field_raw(to, STR("Message-ID"), m->id));
	if (m->generated)
		TRY(field_raw(to, STR("Auto-Submitted"), STR("auto-generated")));
	if (m->language.len)
		TRY(field_raw(to, STR("Content-Language"), m->language));
	TRY(write_unsubscribe(to, m->unsubscribe_url, m->unsubscribe_mailto));
	for (const struct mime_header *h = m->headers; h; h = h->next)
		TRY(field_whole(to, h->name, h->value));
	return OK;
}

/* ── Parts ───────────────────────────────────────────────────────────────────────────────────────── */

struct boundary {
	char text[MIME_BOUNDARY];
	size_t len;
};

static err boundary_new(const struct entropy *e, struct boundary *out)
{
	out->len = sizeof out->text;
	return mime_boundary(e, out->text);
}

/* The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1): a part keeps its own. */
static err part_begin(struct sink *to, const struct boundary *b)
{
	TRY(sink_put(to, STR("\r\n--")));
	TRY(sink_put(to, (str){ b->text, b->len }));
	return sink_put(to, STR("\r\n"));
}

static err parts_end(struct sink *to, const struct boundary *b)
{
	TRY(sink_put(to, STR("\r\n--")));
	TRY(sink_put(to, (str){ b->text, b->len }));
	return sink_put(to, STR("--\r\n"));
}

/* RFC 9788 2.1.1: said by the type of the outermost entity. */
static void say_protected(struct field *f, bool protected)
{
	if (protected)
		field_parameter(f, STR("hp"), STR("cipher"));
}

static err multipart_begin(struct sink *to, str type, const struct boundary *b, bool protected)
{
	struct field f = field_begin(to, STR("Content-Type"));

	field_token(&f, type);
	field_parameter(&f, STR("boundary"), (str){ b->text, b->len });
	say_protected(&f, protected);
	return field_end(&f);
}

/* Where no boundary follows, the message ends with an end of line that would be the body's: base64 keeps them apart. */
static err write_text(const struct mime *m, struct sink *to, str type, str text, bool protected)
{
	bool last = !m->attachments && (!m->text.at || !m->html.at);
	bool open_end = text.len && text.at[text.len - 1] != '\n';
	enum mime_encoding e = m->exact && last && open_end ? MIME_BASE64 : mime_encoding_for(text);
	struct field f = field_begin(to, STR("Content-Type"));

	field_token(&f, type);
	field_put(&f, STR("; charset=utf-8"));
	say_protected(&f, protected);
	TRY(field_end(&f));
	TRY(field_raw(to, STR("Content-Transfer-Encoding"), mime_encoding_name(e)));
	TRY(sink_put(to, STR("\r\n")));
	return mime_body_text(to, e, text, m->exact);
}

/* The last is the one a reader prefers (RFC 2046 5.1.4). */
static err write_alternative(const struct mime *m, bool protected, const struct entropy *e, struct sink *to)
{
	struct boundary b;

	if (!m->html.at)
		return write_text(m, to, STR("text/plain"), m->text, protected);
	if (!m->text.at)
		return write_text(m, to, STR("text/html"), m->html, protected);
	TRY(boundary_new(e, &b));
	TRY(multipart_begin(to, STR("multipart/alternative"), &b, protected));
	TRY(part_begin(to, &b));
	TRY(write_text(m, to, STR("text/plain"), m->text, false));
	TRY(part_begin(to, &b));
	TRY(write_text(m, to, STR("text/html"), m->html, false));
	return parts_end(to, &b);
}

static err write_attachment(struct mime_attachment *part, struct sink *to)
{
	TRY(field_raw(to, STR("Content-Type"), part->type.len ? part->type : STR("application/octet-stream")));
	struct field f = field_begin(to, STR("Content-Disposition"));
	field_token(&f, STR("attachment"));
	field_file_name(&f, part->name);
	TRY(field_end(&f));
	TRY(field_raw(to, STR("Content-Transfer-Encoding"), mime_encoding_name(MIME_BASE64)));
	TRY(sink_put(to, STR("\r\n")));
	return mime_body_base64(to, &part->content);
}

static err write_mixed(const struct mime *m, bool protected, const struct entropy *e, struct sink *to)
{
	struct boundary b;

	TRY(boundary_new(e, &b));
	TRY(multipart_begin(to, STR("multipart/mixed"), &b, protected));
	if (m->text.at || m->html.at) {
		TRY(part_begin(to, &b));
		TRY(write_alternative(m, false, e, to));
	}
	for (struct mime_attachment *part = m->attachments; part; part = part->next) {
		TRY(part_begin(to, &b));
		TRY(write_attachment(part, to));
	}
	return parts_end(to, &b);
}

err mime_write_content(const struct mime *m, bool protected, const struct entropy *e, struct sink *to)
{
	return m->attachments ? write_mixed(m, protected, e, to) : write_alternative(m, protected, e, to);
}

err mime_write(const struct mime *m, const struct entropy *e, struct sink *to, struct fault *f)
{
	TRY(mime_write_header(m, to, f));
	return mime_write_content(m, false, e, to);
}
