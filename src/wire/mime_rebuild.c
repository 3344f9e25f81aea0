/* A foreign message's tree becomes a message of our own. */
#include "wire/mime_scan.h"

#include <string.h>

struct rebuilding {
	struct arena *arena;
	const struct mime_bodies *bodies;
	struct mime *mime;
	struct mime_attachment **attachments_end;
	struct fault *fault;
};

static err refuse(struct rebuilding *r, const char *format, str what)
{
	fault_where(r->fault, STR("message"), 0, 0);
	fault_set(r->fault, format, STR_ARG(what));
	return NEVER(UNSUPPORTED, "a message that is not written here");
}

/* ── Texts ───────────────────────────────────────────────────────────────────────────────────────── */

static err from_latin(struct arena *a, str text, str *out)
{
	struct buf b;

	TRY(buf_open(a, 2 * text.len + 1, &b));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c < 0x80) {
			buf_add_char(&b, text.at[i]);
			continue;
		}
		buf_add_char(&b, (char)(0xC0 | c >> 6));
		buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static err read_text(struct rebuilding *r, const struct mime_part *p, str *out)
{
	OWNED(source_done) struct source body = { 0 };
	struct buf b;

	if (p->size > MIME_TEXT_MAX)
		return refuse(r, "a %.*s of more than 1 MiB: attach it", p->type);
	TRY(buf_open(r->arena, p->size + 1, &b));
	struct sink to = sink_to_buf(&b);
	TRY(mime_body_source(r->arena, p, r->bodies, &body));
	TRY(pump(&body, &to));
	str text = b.len ? buf_str(&b) : STR("");
	if (str_same(p->charset, STR("iso-8859-1")))
		return from_latin(r->arena, text, out);
	bool known = !p->charset.len || str_same(p->charset, STR("utf-8")) || str_same(p->charset, STR("us-ascii"));
	if (!known || !str_utf8(text))
		return refuse(r, "a text in the character set '%.*s': write it in UTF-8", p->charset);
	*out = text;
	return OK;
}

/* ── Parts ───────────────────────────────────────────────────────────────────────────────────────── */

static bool is_text(const struct mime_part *p, str type)
{
	return str_same(p->type, type) && !p->name.len && !str_same(p->disposition, STR("attachment"));
}

static err attach(struct rebuilding *r, const struct mime_part *p)
{
	struct mime_attachment *made;

	if (p->parts)
		return refuse(r, "a part of the type %.*s within the message: attach a file instead", p->type);
	if (!p->name.len)
		return refuse(r, "a part of the type %.*s without a file name", p->type);
	if (p->id.len && str_same(p->disposition, STR("inline")))
		return refuse(r, "a picture within the text (%.*s)", p->id);
	TRY(NEW(r->arena, made));
	*made = (struct mime_attachment){ .name = p->name, .type = p->type };
	TRY(mime_body_source(r->arena, p, r->bodies, &made->content));
	*r->attachments_end = made;
	r->attachments_end = &made->next;
	return OK;
}

/* RFC 2046 5.1.4: of a text and its HTML. */
static err take_alternative(struct rebuilding *r, const struct mime_part *p)
{
	const struct mime_part *text = p->parts, *html = text->next;

	if (!html || html->next || !is_text(text, STR("text/plain")) || !is_text(html, STR("text/html")))
		return refuse(r, "%.*s of other things than a text and its HTML", p->type);
	TRY(read_text(r, text, &r->mime->text));
	return read_text(r, html, &r->mime->html);
}

static bool has_body(const struct rebuilding *r)
{
	return r->mime->text.at || r->mime->html.at || r->mime->attachments;
}

static err take_part(struct rebuilding *r, const struct mime_part *p)
{
	bool first = !has_body(r);

	if (first && is_text(p, STR("text/plain")))
		return read_text(r, p, &r->mime->text);
	if (first && is_text(p, STR("text/html")))
		return read_text(r, p, &r->mime->html);
	if (first && str_same(p->type, STR("multipart/alternative")))
		return take_alternative(r, p);
	return attach(r, p);
}

static err take_parts(struct rebuilding *r, const struct mime_part *root)
{
	if (!str_same(root->type, STR("multipart/mixed")))
		return take_part(r, root);
	for (const struct mime_part *p = root->parts; p; p = p->next)
		TRY(take_part(r, p));
	return OK;
}

/* ── Fields ──────────────────────────────────────────────────────────────────────────────────────── */

/* "<https://…>, <mailto:…>" (RFC 2369 2) */
static err take_unsubscribe(struct rebuilding *r, str value)
{
	bool more = true;

	while (more) {
		str one;
		more = str_cut(value, ',', &one, &value);
		one = str_trim(one);
		if (!str_starts(one, STR("<")) || !str_ends(one, STR(">")))
			return refuse(r, "List-Unsubscribe is not written <https://…>, <mailto:…>%.*s", STR(""));
		str uri = str_upto(str_from(one, 1), one.len - 2);
		str *place = str_starts_nocase(uri, STR("mailto:")) ? &r->mime->unsubscribe_mailto
								    : &r->mime->unsubscribe_url;
		if (place->len)
			return refuse(r, "List-Unsubscribe has two addresses of one kind%.*s", STR(""));
		*place = uri;
	}
	return OK;
}

static err keep_field(struct rebuilding *r, const struct mime_header *h)
{
	struct mime_header *kept, **end = &r->mime->headers;

	TRY(NEW(r->arena, kept));
	*kept = (struct mime_header){ .name = h->name, .value = h->value };
	while (*end)
		end = &(*end)->next;
	*end = kept;
	return OK;
}

static err take_field(struct rebuilding *r, const struct mime_header *h)
{
	if (str_same_nocase(h->name, STR("Subject")))
		r->mime->subject = h->value;
	else if (str_same_nocase(h->name, STR("Message-ID")))
		r->mime->id = h->value;
	else if (str_same_nocase(h->name, STR("Content-Language")))
		r->mime->language = h->value;
	else if (str_same_nocase(h->name, STR("Auto-Submitted")))
		r->mime->generated = !str_same_nocase(h->value, STR("no"));
	else if (str_same_nocase(h->name, STR("List-Unsubscribe")))
		return take_unsubscribe(r, h->value);
	else if (!failed(mime_header_allowed(h->name, NULL)))
		return keep_field(r, h);
	return OK;
}

err mime_rebuild(struct arena *a, const struct mime_part *root, const struct mime_bodies *bodies, struct mime *out,
		 struct fault *f)
{
	struct mime made = {
		.from = root->from, .to = root->to, .cc = root->cc, .reply_to = root->reply_to, .exact = true
	};
	struct rebuilding r = {
		.arena = a, .bodies = bodies, .mime = &made, .attachments_end = &made.attachments, .fault = f
	};

	for (const struct mime_header *h = root->headers; h; h = h->next)
		TRY(take_field(&r, h));
	TRY(take_parts(&r, root));
	*out = made;
	return OK;
}
