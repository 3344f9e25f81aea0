/* One message: the template in the recipient's language, rendered with what may be told, written as MIME. */
#include "compose/compose_inner.h"
#include "wire/mime.h"

enum {
	SCRATCH_MAX = 1024 * 1024,
	SECRET_MAX = 256 * 1024,
	SUBJECT_MAX = 1024,
	TEXT_MAX = COMPOSE_MESSAGE_MAX,
};

/* ── Choosing ────────────────────────────────────────────────────────────────────────────────────── */

static const struct layout *layout_of(const struct compose *c, str name)
{
	const struct layout *l = c->layouts;

	while (l && !str_same(l->name, name))
		l = l->next;
	return l;
}

static bool same_tag(str a, str b)
{
	bool same = a.len == b.len;

	for (size_t i = 0; same && i < a.len; i++) {
		char x = a.at[i] == '_' ? '-' : a.at[i];
		same = str_same_nocase((str){ &x, 1 }, (str){ b.at + i, 1 });
	}
	return same;
}

static const struct variant *variant_of(const struct layout *l, str language)
{
	const struct variant *v = l->variants;

	while (v && !same_tag(language, v->language))
		v = v->next;
	return v;
}

static str primary(str tag)
{
	size_t len = 0;

	while (len < tag.len && tag.at[len] != '-' && tag.at[len] != '_')
		len++;
	return str_upto(tag, len);
}

/* de-AT, de, the house's language, NAME/ itself, English, whatever there is. */
static const struct variant *choose(const struct compose *c, const struct layout *l, str wanted)
{
	const str order[] = { wanted, primary(wanted), c->language, primary(c->language), STR(""), STR("en") };

	for (size_t i = wanted.len ? 0 : 2; i < sizeof order / sizeof *order; i++) {
		const struct variant *v = variant_of(l, order[i]);
		if (v)
			return v;
	}
	return l->variants;
}

/* ── One recipient's message ─────────────────────────────────────────────────────────────────────── */

struct composing {
	const struct compose *compose;
	const struct variant *variant;
	struct telling telling;
	struct template_value *values;
	struct arena *scratch, *secret;
	struct fault *fault;
};

static err no_template(const struct compose *c, str name, struct fault *f)
{
	char room[256];
	struct buf known = BUF_ON(room);

	for (const struct layout *l = c->layouts; l; l = l->next)
		buf_add_format(&known, "%s%.*s", known.len ? ", " : "", STR_ARG(l->name));
	fault_set(f, "there is no template '%.*s'; there are: %.*s", STR_ARG(name), STR_ARG(buf_str(&known)));
	return NEVER(TEMPLATE, "no such template");
}

static err tells_proof(const struct composing *m, const char *what)
{
	fault_where(m->fault, STR("proof"), 0, 0);
	fault_set(m->fault, "%s itself holds what opens the link; ask for something else", what);
	return NEVER(TEMPLATE, "an address tells the proof");
}

/* The mail cannot do without these. A recipient's name it can leave out. */
static err check_fields(const struct composing *m, const struct submission *s, const struct recipient *r)
{
	if (secrets_in(m->telling.secrets, r->address.text))
		return tells_proof(m, "the recipient's address");
	if (secrets_in(m->telling.secrets, s->from.text) || secrets_in(m->telling.secrets, s->from_name))
		return tells_proof(m, "the sender's name or address");
	return OK;
}

static str name_of(const struct submission *s)
{
	return s->template_name.len ? s->template_name : STR("document");
}

/* m->telling has what is particular to this mail. */
static err begin(struct composing *m, str name, const struct submission *s, const struct recipient *r)
{
	const struct layout *l = layout_of(m->compose, name);
	struct secrets *secrets;

	if (!l)
		return no_template(m->compose, name, m->fault);
	m->variant = choose(m->compose, l, r->language);
	str language = m->variant->language.len ? m->variant->language : m->compose->language;
	TRY(secrets_gather(m->secret, r, &secrets));
	m->telling.submission = s;
	m->telling.recipient = r;
	m->telling.secrets = secrets;
	m->telling.tongue = tongue_find(language);
	m->telling.labels = &m->compose->labels;
	m->telling.utc_offset_minutes = m->compose->utc_offset_minutes;
	m->telling.show_digests = m->compose->show_digests;
	TRY(check_fields(m, s, r));
	return values_tell(m->scratch, &m->telling, &m->values);
}

static err check_template(struct composing *m, const struct template *t)
{
	struct template_problem *problems = NULL;

	if (!t)
		return OK;
	TRY(template_check(m->scratch, t, m->values, &problems));
	return template_complain(t, problems, m->fault);
}

err compose_check(const struct compose *c, const struct submission *s, const struct recipient *r, struct fault *f)
{
	OWNED(arena_done) struct arena *scratch = NULL;
	OWNED(arena_done) struct arena *secret = NULL;
	struct composing m = { .compose = c, .fault = f };

	TRY(arena_open(SCRATCH_MAX, &scratch));
	TRY(arena_open_secret(SECRET_MAX, &secret));
	m.scratch = scratch;
	m.secret = secret;
	m.telling.link_url = STR("https://link.invalid/");
	TRY(begin(&m, name_of(s), s, r));
	must(m.variant != NULL);
	TRY(check_template(&m, m.variant->subject));
	TRY(check_template(&m, m.variant->text));
	return check_template(&m, m.variant->html);
}

static err render(struct composing *m, const struct template *t, size_t max, str *out)
{
	struct buf b;

	if (!t)
		return OK;
	TRY(buf_open(m->scratch, max, &b));
	TRY(template_render(t, m->values, &b, m->fault));
	*out = buf_str(&b);
	return OK;
}

/* The same at every attempt: readers and we can tell one message from two. */
static err message_id(struct composing *m, str *out)
{
	char room[ID_TEXT];
	struct buf b = BUF_ON(room);

	buf_add_id(&b, m->telling.recipient->delivery);
	return str_format(m->scratch, out, "<%.*s@%.*s>", STR_ARG(buf_str(&b)),
			  STR_ARG(m->telling.submission->from.domain));
}

/* What stands outside all encryption: no names, and with the subject inside one that tells nothing (RFC 9788 3.2.1). */
static struct mime outside_of(const struct mime *mime, const struct compose_enclosing *what, struct mime_mailbox *to)
{
	*to = (struct mime_mailbox){ .address = mime->to->address };
	return (struct mime){
		.from = mime->from,
		.to = to,
		.subject = what->protect_headers ? STR("[...]") : mime->subject,
		.id = mime->id,
		.date = mime->date,
		.generated = mime->generated,
		.text = mime->text, /* not written: a message is checked as a whole */
	};
}

static err write_pieces(const struct composing *m, const struct mime *mime, const struct compose_enclosing *what,
			const struct entropy *e, struct arena *a, struct enclosed *out)
{
	struct mime_mailbox to;
	struct mime outer = outside_of(mime, what, &to);
	struct buf outside, inside;

	TRY(buf_open(a, COMPOSE_MESSAGE_MAX, &outside));
	TRY(buf_open(a, what->room, &inside));
	struct sink to_outside = sink_to_buf(&outside), to_inside = sink_to_buf(&inside);
	TRY(mime_write_header(&outer, &to_outside, m->fault));
	err wrote = mime_write_entity(mime, what->protect_headers ? &outer : NULL, e, &to_inside, m->fault);
	if (inside.overflow && fault_empty(m->fault))
		fault_set(m->fault, "the documents are too large for one mail (limits.message_bytes); --as open has no "
				    "such limit");
	TRY(wrote);
	*out = (struct enclosed){ buf_str(&outside), buf_str(&inside) };
	return OK;
}

static err write(struct composing *m, const struct mime *mime, const struct entropy *e, str *out)
{
	struct buf b;

	TRY(buf_open(m->scratch, COMPOSE_MESSAGE_MAX, &b));
	struct sink to = sink_to_buf(&b);
	err wrote = mime_write(mime, e, &to, m->fault);
	if (b.overflow && fault_empty(m->fault))
		fault_set(m->fault, "the message grows beyond %d kB: shorten the template or the values",
			  COMPOSE_MESSAGE_MAX / 1024);
	TRY(wrote);
	*out = buf_str(&b);
	return OK;
}

static err keep(struct arena *a, const struct composing *m, const struct mime *mime, str bytes, struct message *out)
{
	struct message kept = { .smtputf8 = mime_smtputf8(mime) };

	TRY(str_copy(a, m->telling.submission->from.text, &kept.from));
	TRY(str_copy(a, m->telling.recipient->address.text, &kept.to));
	TRY(str_copy(a, m->telling.recipient->address.domain, &kept.domain));
	TRY(str_copy(a, mime->id, &kept.id));
	TRY(str_copy(a, bytes, &kept.bytes));
	*out = kept;
	return OK;
}

struct mail {
	str template_name, link_url;
	const struct notice *notice; /* may be null */
	moment now;
	const struct compose_enclosing *enclosing; /* null: it carries no documents */
	struct enclosed *pieces;
};

static err compose_mail(const struct compose *c, const struct submission *s, const struct recipient *r,
			const struct mail *mail, const struct entropy *e, struct arena *a, struct message *out,
			struct fault *f)
{
	OWNED(arena_done) struct arena *scratch = NULL;
	OWNED(arena_done) struct arena *secret = NULL;
	struct composing m = { .compose = c, .fault = f };
	struct mime_mailbox from = { .address = s->from, .name = s->from_name };
	struct mime_mailbox to = { .address = r->address, .name = r->name };
	struct mime mime = { .from = &from, .to = &to, .date = mail->now, .generated = true };
	str bytes;

	TRY(arena_open(SCRATCH_MAX, &scratch));
	TRY(arena_open_secret(SECRET_MAX, &secret));
	m.scratch = scratch;
	m.secret = secret;
	m.telling = (struct telling){ .link_url = mail->link_url, .notice = mail->notice };
	TRY(begin(&m, mail->template_name, s, r));
	must(m.variant != NULL);
	if (secrets_in(m.telling.secrets, r->name))
		to.name = STR_NONE;
	mime.language = m.variant->language;
	TRY(message_id(&m, &mime.id));
	TRY(render(&m, m.variant->subject, SUBJECT_MAX, &mime.subject));
	TRY(render(&m, m.variant->text, TEXT_MAX, &mime.text));
	TRY(render(&m, m.variant->html, TEXT_MAX, &mime.html));
	if (mail->enclosing) {
		mime.attachments = mail->enclosing->documents;
		TRY(write_pieces(&m, &mime, mail->enclosing, e, a, mail->pieces));
		return keep(a, &m, &mime, STR_NONE, out);
	}
	TRY(write(&m, &mime, e, &bytes));
	return keep(a, &m, &mime, bytes, out);
}

err compose_message(const struct compose *c, const struct submission *s, const struct recipient *r, str link_url,
		    moment now, const struct entropy *e, struct arena *a, struct message *out, struct fault *f)
{
	const struct mail mail = { .template_name = name_of(s), .link_url = link_url, .now = now };

	return compose_mail(c, s, r, &mail, e, a, out, f);
}

err compose_enclosed(const struct compose *c, const struct submission *s, const struct recipient *r,
		     const struct compose_enclosing *what, moment now, const struct entropy *e, struct arena *a,
		     struct message *out, struct enclosed *pieces, struct fault *f)
{
	const struct mail mail = { .template_name = name_of(s), .now = now, .enclosing = what, .pieces = pieces };

	return compose_mail(c, s, r, &mail, e, a, out, f);
}

err compose_notice(const struct compose *c, const struct submission *s, const struct recipient *sender,
		   const struct notice *notice, moment now, const struct entropy *e, struct arena *a,
		   struct message *out, struct fault *f)
{
	const struct mail mail = { .template_name = STR("notice"), .notice = notice, .now = now };

	return compose_mail(c, s, sender, &mail, e, a, out, f);
}

err compose_reminder(const struct compose *c, const struct submission *s, const struct recipient *r, moment now,
		     const struct entropy *e, struct arena *a, struct message *out, struct fault *f)
{
	const struct mail mail = { .template_name = STR("reminder"), .now = now };

	return compose_mail(c, s, r, &mail, e, a, out, f);
}

err compose_code(const struct compose *c, const struct submission *s, const struct recipient *r, str code,
		 struct arena *secret, str *out, struct fault *f)
{
	struct composing m = { .compose = c, .scratch = secret, .secret = secret, .fault = f };
	str text;

	m.telling.code = code;
	TRY(begin(&m, STR("code"), s, r));
	must(m.variant != NULL);
	TRY(render(&m, m.variant->text, SUBJECT_MAX, &text));
	*out = str_trim(text);
	return str_clean(*out) ? OK : NEVER(TEMPLATE, "the text message has more than one line");
}
