/* All that can be refused about a message, before its first byte is written. */
#include "wire/mime_field.h"

#include <string.h>

static err refuse_field(struct fault *f, str field, const char *what)
{
	fault_where(f, field, 0, 0);
	fault_set(f, "%s", what);
	return NEVER(HEADER, "a message that cannot be written");
}

static err check_mailboxes(str field, const struct mime_mailbox *list, size_t max, struct fault *f)
{
	for (size_t count = 1; list; list = list->next, count++) {
		if (count > max)
			return refuse_field(f, field, "too many addresses");
		TRY(mime_gate(field, list->name, f));
		TRY(mime_gate(field, list->address.text, f));
		const char *reason = NULL;
		if (list->name.len && failed(display_name_check(list->name, &reason)))
			return refuse_field(f, field, reason);
		if (list->address.text.len < 3 || list->address.text.len > 320)
			return refuse_field(f, field, "an address is missing or too long");
	}
	return OK;
}

/* One line, raw (RFC 8058 section 2; RFC 2369): so it has to be a URI as RFC 3986 spells it. */
static err check_unsubscribe(str uri, str scheme, struct fault *f)
{
	str field = STR("unsubscribe");

	TRY(mime_gate(field, uri, f));
	if (uri.len && (!str_starts_nocase(uri, scheme) || uri.len == scheme.len || uri.len > 900))
		return refuse_field(f, field, "it is an https: or mailto: address of at most 900 characters");
	for (size_t i = 0; i < uri.len; i++)
		if (uri.at[i] <= 0x20 || uri.at[i] >= 0x7F || strchr("<>\"\\^`{|},", uri.at[i]))
			return refuse_field(f, field, "a character in it has to be percent-encoded");
	/* It stands raw, and some readers decode what looks like an encoded word anywhere. */
	return str_find(uri, STR("=?")) < 0 ? OK : refuse_field(f, field, "=? in it has to be percent-encoded");
}

static err check_id(str spelled, struct fault *f)
{
	str field = STR("message id");

	TRY(mime_gate(field, spelled, f));
	bool framed =
		spelled.len >= 5 && spelled.len < 900 && str_starts(spelled, STR("<")) && str_ends(spelled, STR(">"));
	str inner = framed ? str_upto(str_from(spelled, 1), spelled.len - 2) : STR_NONE;
	if (str_find_char(inner, '@') <= 0)
		return refuse_field(f, field, "it is written <left@right>");
	for (size_t i = 0; i < inner.len; i++)
		if (inner.at[i] <= 0x20 || inner.at[i] >= 0x7F || strchr("<>\"(),;\\", inner.at[i]))
			return refuse_field(f, field, "it holds a character that may not stand there");
	return OK;
}

static err check_language(str tag, struct fault *f)
{
	for (size_t i = 0; i < tag.len; i++) {
		char c = tag.at[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if ((!alnum && c != '-') || tag.len > 35)
			return refuse_field(f, STR("language"), "a language is written like de or pt-BR");
	}
	return OK;
}

static err check_headers(const struct mime_header *list, struct fault *f)
{
	size_t count = 0;

	for (const struct mime_header *h = list; h; h = h->next) {
		TRY(mime_header_allowed(h->name, f));
		TRY(mime_gate(h->name, h->value, f));
		if (++count > MIME_HEADER_MAX)
			return refuse_field(f, STR("headers"), "too many custom headers");
		for (const struct mime_header *other = h->next; other; other = other->next)
			if (str_same_nocase(h->name, other->name))
				return refuse_field(f, h->name, "this header is given twice");
	}
	return OK;
}

static err check_text(str field, str text, struct fault *f)
{
	fault_where(f, field, 0, 0);
	if (str_has(text, 0) || !str_utf8(text)) {
		fault_set(f, "the %.*s is not UTF-8 text without NUL", STR_ARG(field));
		return NEVER(SYNTAX, "a body that is not text");
	}
	return OK;
}

static err check_attachments(const struct mime_attachment *list, struct fault *f)
{
	for (size_t count = 1; list; list = list->next, count++) {
		if (count > MIME_ATTACHMENT_MAX)
			return refuse_field(f, STR("attachments"), "too many attachments");
		TRY(mime_file_name_check(list->name, f));
		if (list->type.len)
			TRY(mime_type_check(list->type, f));
	}
	return OK;
}

static err check_fields(const struct mime *m, struct fault *f)
{
	if (!m->from)
		return refuse_field(f, STR("from"), "a message has one sender");
	TRY(check_mailboxes(STR("from"), m->from, 1, f));
	TRY(check_mailboxes(STR("to"), m->to, MIME_MAILBOX_MAX, f));
	TRY(check_mailboxes(STR("cc"), m->cc, MIME_MAILBOX_MAX, f));
	TRY(check_mailboxes(STR("reply_to"), m->reply_to, MIME_MAILBOX_MAX, f));
	if (!m->to && !m->cc)
		return refuse_field(f, STR("to"), "a message has at least one recipient");
	TRY(mime_gate(STR("subject"), m->subject, f));
	TRY(check_language(m->language, f));
	TRY(check_id(m->id, f));
	TRY(check_unsubscribe(m->unsubscribe_url, STR("https://"), f));
	TRY(check_unsubscribe(m->unsubscribe_mailto, STR("mailto:"), f));
	return check_headers(m->headers, f);
}

static err check_content(const struct mime *m, struct fault *f)
{
	TRY(check_text(STR("text"), m->text, f));
	TRY(check_text(STR("html"), m->html, f));
	TRY(check_attachments(m->attachments, f));
	if (!m->text.at && !m->html.at && !m->attachments)
		return refuse_field(f, STR("text"), "a message needs a text");
	return OK;
}

/* A fault is told only of a failure: checks that pass leave none. */
static err told(err e, const struct fault *found, struct fault *f)
{
	if (failed(e) && f)
		*f = *found;
	return e;
}

err mime_check_content(const struct mime *m, struct fault *f)
{
	struct fault found = { 0 };

	return told(check_content(m, &found), &found, f);
}

err mime_check(const struct mime *m, struct fault *f)
{
	struct fault found = { 0 };
	err e = check_fields(m, &found);

	return told(failed(e) ? e : check_content(m, &found), &found, f);
}
