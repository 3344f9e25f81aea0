/* The namespace of a template: what may be said about one recipient, and what may not, with the reason. */
#include "compose/compose_inner.h"

/* A list of values under construction. */
struct fields {
	struct arena *arena;
	const struct secrets *secrets;
	struct template_value **end;
	err state; /* sticks */
};

static const char refused_secret[] = "it is what opens the link, and the mail that carries the link never carries that";
static const char refused_column[] = "the recipient is asked for it to open the link, so the mail may not tell it";
static const char refused_text[] = "it holds the text that opens the link; name the column or document differently, "
				   "or use a template that does not show it";

static struct template_value *add(struct fields *f, str name, enum template_kind kind, str text)
{
	struct template_value *v;

	if (!failed(f->state))
		f->state = NEW(f->arena, v);
	if (failed(f->state))
		return NULL;
	*v = (struct template_value){ .name = name, .kind = kind, .text = text };
	*f->end = v;
	f->end = &v->next;
	return v;
}

/* Ours: dates, sizes, flags. */
static struct template_value *say(struct fields *f, str name, str text)
{
	return add(f, name, VALUE_TEXT, text);
}

/* From outside: searched for the secret. */
static struct template_value *repeat(struct fields *f, str name, str text)
{
	if (secrets_in(f->secrets, text))
		return add(f, name, VALUE_REFUSED, str_of(refused_text));
	return add(f, name, VALUE_TEXT, text);
}

static void flag(struct fields *f, str name, bool is)
{
	say(f, name, is ? STR("yes") : STR(""));
}

static void refuse(struct fields *f, str name)
{
	add(f, name, VALUE_REFUSED, str_of(refused_secret));
}

static struct fields inside(struct fields *f, struct template_value *v)
{
	static struct template_value *nowhere; /* never written: a failed state adds nothing */

	return (struct fields){
		.arena = f->arena, .secrets = f->secrets, .end = v ? &v->fields : &nowhere, .state = f->state
	};
}

/* ── The parts ───────────────────────────────────────────────────────────────────────────────────── */

static err tell_recipient(struct fields *all, const struct recipient *r)
{
	struct fields f = inside(all, add(all, STR("recipient"), VALUE_OBJECT, STR_NONE));

	repeat(&f, STR("name"), r->name);
	repeat(&f, STR("email"), r->address.text);
	repeat(&f, STR("language"), r->language);
	return f.state;
}

static err tell_sender(struct fields *all, const struct submission *s)
{
	struct fields f = inside(all, add(all, STR("sender"), VALUE_OBJECT, STR_NONE));

	repeat(&f, STR("name"), s->from_name.len ? s->from_name : s->from.domain);
	repeat(&f, STR("domain"), s->from.domain);
	repeat(&f, STR("email"), s->from.text);
	return f.state;
}

static str host_of(str url)
{
	ptrdiff_t start = str_find(url, STR("://"));
	str rest = start < 0 ? STR_NONE : str_from(url, (size_t)start + 3);
	size_t len = 0;

	while (len < rest.len && rest.at[len] != '/' && rest.at[len] != '?' && rest.at[len] != '#')
		len++;
	return str_upto(rest, len);
}

/* Our own page's help, in the reader's language; a storage has none, nor has a mail without link. */
static err tell_help(struct fields *f, const struct telling *t)
{
	str url = STR("");

	if (t->submission->mode == LINK_PAGE && t->link_url.len)
		TRY(str_format(f->arena, &url, "https://%.*s/help?lang=%.*s", STR_ARG(host_of(t->link_url)),
			       STR_ARG(tongue_code(t->tongue))));
	say(f, STR("help"), url);
	return f->state;
}

static err tell_link(struct fields *all, const struct telling *t)
{
	struct fields f = inside(all, add(all, STR("link"), VALUE_OBJECT, STR_NONE));

	say(&f, STR("url"), t->link_url);
	say(&f, STR("host"), host_of(t->link_url));
	TRY(tell_help(&f, t));
	flag(&f, STR("to_page"), t->submission->mode == LINK_PAGE);
	flag(&f, STR("to_storage"), t->submission->mode == LINK_PRESIGNED);
	refuse(&f, STR("secret"));
	refuse(&f, STR("password"));
	return f.state;
}

static err tell_expiry(struct fields *all, const struct telling *t)
{
	moment at = t->recipient->link.expires_at ? t->recipient->link.expires_at : t->submission->expires_at;
	struct arena *a = all->arena;
	str words, date, time, rfc3339;
	char room[64];
	struct buf b = BUF_ON(room);

	TRY(tongue_moment(t->tongue, a, at, t->utc_offset_minutes, &words));
	TRY(tongue_date(t->tongue, a, at, t->utc_offset_minutes, &date));
	TRY(tongue_time(t->tongue, a, at, t->utc_offset_minutes, &time));
	buf_add_moment(&b, at);
	TRY(str_copy(a, buf_str(&b), &rfc3339));
	struct fields f = inside(all, say(all, STR("expires"), words));
	say(&f, STR("date"), date);
	say(&f, STR("time"), time);
	say(&f, STR("rfc3339"), rfc3339);
	return f.state;
}

static err tell_seal(struct fields *all, enum seal_kind seal)
{
	struct fields f = inside(all, add(all, STR("seal"), VALUE_OBJECT, STR_NONE));

	flag(&f, STR("as_open"), seal == SEAL_OPEN);
	flag(&f, STR("as_zip"), seal == SEAL_ZIP);
	flag(&f, STR("as_pdf"), seal == SEAL_PDF);
	flag(&f, STR("as_smime"), seal == SEAL_SMIME);
	flag(&f, STR("as_pgp"), seal == SEAL_PGP);
	flag(&f, STR("in_mail"), seal == SEAL_SMIME || seal == SEAL_PGP);
	return f.state;
}

static err tell_proof(struct fields *all, const struct telling *t)
{
	const struct link *link = &t->recipient->link;
	struct fields f = inside(all, add(all, STR("proof"), VALUE_OBJECT, STR_NONE));
	str prompt;

	TRY(tongue_names(t->tongue, t->labels, all->arena, link->prompt, &prompt));
	say(&f, STR("prompt"), prompt);
	flag(&f, STR("by_password"), link->proof == PROOF_PASSWORD);
	flag(&f, STR("by_details"), link->proof == PROOF_DETAILS);
	flag(&f, STR("by_code"), link->proof == PROOF_CODE);
	refuse(&f, STR("secret"));
	refuse(&f, STR("password"));
	return f.state;
}

/* ── Documents ───────────────────────────────────────────────────────────────────────────────────── */

enum { DIGEST_GROUP = 4, DIGEST_TEXT = 2 * SHA256_LEN + SHA256_LEN / DIGEST_GROUP };

/* In eight groups of eight, as on the page. Empty: it is not told. */
static err tell_digest(struct fields *f, const struct telling *t, const uint8_t *delivered)
{
	struct buf b;

	TRY(buf_open(f->arena, DIGEST_TEXT, &b));
	for (size_t i = 0; t->show_digests && delivered && i < SHA256_LEN; i += DIGEST_GROUP) {
		buf_add(&b, i ? STR(" ") : STR_NONE);
		buf_add_hex(&b, str_bytes(delivered + i, DIGEST_GROUP));
	}
	say(f, STR("digest"), buf_str(&b));
	return buf_check(&b);
}

/* What is delivered for the document at `index`: itself, or its own container. One container for all has a digest of
 * its own, which the page shows. */
static const uint8_t *delivered_digest(const struct telling *t, const struct document *d, size_t index)
{
	const struct object *o = t->recipient->objects;

	if (t->recipient->seal != SEAL_ZIP && t->recipient->seal != SEAL_PDF)
		return d->sha256;
	if (t->recipient->seal == SEAL_ZIP && t->recipient->documents->next)
		return NULL;
	while (o && index--)
		o = o->next;
	return o ? o->sha256 : NULL;
}

static err tell_document(struct fields *items, const struct telling *t, const struct document *d, size_t index)
{
	struct fields f = inside(items, add(items, STR_NONE, VALUE_OBJECT, STR_NONE));
	str size, sha256;
	struct buf hex;

	TRY(tongue_size(t->tongue, f.arena, d->size, &size));
	TRY(buf_open(f.arena, 2 * (size_t)SHA256_LEN, &hex));
	buf_add_hex(&hex, str_bytes(d->sha256, SHA256_LEN));
	sha256 = buf_str(&hex);
	repeat(&f, STR("name"), d->name);
	say(&f, STR("size"), size);
	repeat(&f, STR("type"), d->type);
	say(&f, STR("sha256"), sha256);
	TRY(tell_digest(&f, t, delivered_digest(t, d, index)));
	return err_first(f.state, buf_check(&hex));
}

static err number(struct fields *f, str name, size_t n)
{
	str text = STR("");

	if (n)
		TRY(str_format(f->arena, &text, "%zu", n));
	say(f, name, text);
	return f->state;
}

static err tell_documents(struct fields *all, const struct telling *t)
{
	struct template_value *list = add(all, STR("documents"), VALUE_LIST, STR_NONE);
	struct fields f = inside(all, list), items = f;
	size_t count = 0, shown = COMPOSE_DOCUMENTS_SHOWN;

	TRY(all->state);
	items.end = &list->items;
	for (const struct document *d = t->recipient->documents; d; d = d->next)
		if (count++ < shown)
			TRY(tell_document(&items, t, d, count - 1));
	TRY(number(&f, STR("count"), count));
	TRY(number(&f, STR("more"), count > shown ? count - shown : 0));
	flag(&f, STR("one"), count == 1);
	flag(&f, STR("many"), count != 1);
	return f.state;
}

/* ── Columns ─────────────────────────────────────────────────────────────────────────────────────── */

/* A column with a secret's name is none of a template's business, whatever the proof is. */
static bool is_secret_name(str name)
{
	return str_same_nocase(name, STR("password")) || str_same_nocase(name, STR("secret"));
}

static err tell_columns(struct fields *f, const struct recipient *r)
{
	for (const struct value *v = r->values; v; v = v->next) {
		if (is_secret_name(v->name))
			refuse(f, v->name);
		else if (secrets_name_column(r, v->name))
			add(f, v->name, VALUE_REFUSED, str_of(refused_column));
		else
			repeat(f, v->name, v->text);
	}
	return f->state;
}

/* ── Mails of our own ────────────────────────────────────────────────────────────────────────────── */

static err tell_items(struct fields *all, const struct notice *notice)
{
	struct template_value *list = add(all, STR("notices"), VALUE_LIST, STR_NONE);

	TRY(all->state);
	struct fields items = inside(all, list);
	items.end = &list->items;
	for (const struct notice_item *i = notice->items; i; i = i->next) {
		struct fields f = inside(&items, add(&items, STR_NONE, VALUE_OBJECT, STR_NONE));
		repeat(&f, STR("email"), i->email);
		say(&f, STR("delivery"), i->delivery);
		TRY(f.state);
	}
	return items.state;
}

static err tell_notice(struct fields *all, const struct notice *notice)
{
	struct fields f = inside(all, add(all, STR("notice"), VALUE_OBJECT, STR_NONE));
	size_t shown = 0;

	for (const struct notice_item *i = notice->items; i; i = i->next)
		shown++;
	flag(&f, STR("locked"), notice->kind == NOTICE_LOCKED);
	flag(&f, STR("not_for_me"), notice->kind == NOTICE_NOT_FOR_ME);
	flag(&f, STR("renewal"), notice->kind == NOTICE_RENEWAL);
	flag(&f, STR("opened"), notice->kind == NOTICE_OPENED);
	TRY(number(&f, STR("count"), notice->count));
	TRY(number(&f, STR("more"), notice->count > shown ? notice->count - shown : 0));
	return tell_items(all, notice);
}

/* Ours first: a column of the same name is found as values.NAME only. */
err values_tell(struct arena *a, const struct telling *t, struct template_value **out)
{
	struct template_value *first = NULL;
	struct fields all = { .arena = a, .secrets = t->secrets, .end = &first };

	TRY(tell_recipient(&all, t->recipient));
	TRY(tell_sender(&all, t->submission));
	TRY(tell_link(&all, t));
	TRY(tell_expiry(&all, t));
	TRY(tell_seal(&all, t->recipient->seal));
	TRY(tell_proof(&all, t));
	TRY(tell_documents(&all, t));
	if (t->notice)
		TRY(tell_notice(&all, t->notice));
	if (t->code.len)
		say(&all, STR("code"), t->code);
	refuse(&all, STR("password"));
	refuse(&all, STR("secret"));
	struct fields values = inside(&all, add(&all, STR("values"), VALUE_OBJECT, STR_NONE));
	TRY(tell_columns(&values, t->recipient));
	TRY(tell_columns(&all, t->recipient));
	*out = first;
	return OK;
}
