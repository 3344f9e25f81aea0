#include "flow/fetch_seen.h"
#include "flow/fetch_tell.h"

err fetch_open(const struct fetch_parts *parts, struct fetch **out)
{
	OWNED(fetch_done) struct fetch *f = calloc(1, sizeof *f);

	if (!f)
		return LATER(MEMORY, "no memory");
	f->parts = *parts;
	TRY(db_pool_open(parts->database, &f->pool));
	TRY(seen_open(&f->seen));
	TRY(teller_open(f, &f->teller));
	*out = f;
	f = NULL;
	return OK;
}

void fetch_done(struct fetch **f)
{
	if (!*f)
		return;
	teller_done(&(*f)->teller);
	seen_done(*f);
	db_pool_done(&(*f)->pool);
	free(*f);
	*f = NULL;
}

struct fetch_rules fetch_rules(const struct config *c)
{
	return (struct fetch_rules){
		.codes = (uint32_t)c->proof.codes,
		.renewal = { .most = c->link.renewal == RENEWAL_NEVER ? 0 : (uint32_t)c->link.renewals, .pause = DAY },
		.notice_opened = c->notices.opened,
		.guesses_free = (uint32_t)c->guesses.free,
		.range_ipv4 = (unsigned)c->guesses.range_ipv4,
		.range_ipv6 = (unsigned)c->guesses.range_ipv6,
	};
}

const struct fetch_rules *fetch_rules_of(const struct fetch *f)
{
	return &f->parts.rules;
}

struct clock fetch_clock(const struct fetch *f)
{
	return f->parts.clock;
}

/* ── Telling ─────────────────────────────────────────────────────────────────────────────────────── */

static void add_id(struct buf *b, const char *name, id i)
{
	char text[ID_TEXT];
	struct buf spelt = BUF_ON(text);

	buf_add_id(&spelt, i);
	buf_add_json_field(b, name, buf_str(&spelt));
}

err fetch_tell(struct fetch *f, struct db *db, struct column_key *key, const struct fetch_event *event)
{
	char room[2048];
	struct buf detail = BUF_ON(room);

	buf_add_char(&detail, '{');
	add_id(&detail, "recipient", event->recipient);
	add_id(&detail, "link", event->link);
	if (event->object) {
		if (!id_same(event->object->id, (id){ 0 })) /* else all of them, as one zip */
			add_id(&detail, "object", event->object->id);
		buf_add_json_field(&detail, "name", str_upto(event->object->name, 200));
		buf_add_json_number(&detail, "bytes", event->bytes);
		buf_add_json_number(&detail, "of", event->object->size);
		if (event->times > 1)
			buf_add_json_number(&detail, "times", event->times);
	}
	buf_add_char(&detail, '}');
	TRY(buf_check(&detail));
	return track_add(db, &f->parts.entropy, key,
			 &(struct event){ .kind = event->kind,
					  .at = fetch_now(f),
					  .submission = event->submission,
					  .detail = buf_str(&detail) });
}

/* ── Looking ─────────────────────────────────────────────────────────────────────────────────────── */

void fetch_view_done(struct fetch_view *v)
{
	submission_done(&v->sub);
}

static err load_submission(struct fetch *f, struct db *db, struct arena *a, struct fetch_view *v)
{
	TRY(submission_load(db, a, f->parts.keys, v->link.submission, &v->sub));
	if (v->sub->state != SUBMISSION_ACCEPTED && v->sub->state != SUBMISSION_ARRIVING)
		return NEVER(NOT_FOUND, "the documents are not kept any more");
	return OK;
}

static err load_all(struct db *db, struct arena *a, struct fetch_view *v)
{
	TRY(recipient_load(db, a, v->sub, v->link.recipient, &v->to));
	return link_prompt(db, a, v->sub->key, v->link.id, &v->prompt);
}

static err load_object(struct db *db, struct arena *a, id object, struct fetch_view *v)
{
	id recipient;

	TRY(NEW(a, v->to));
	TRY(NEW(a, v->to->objects));
	v->to->id = v->link.recipient;
	TRY(object_load(db, a, v->sub, object, v->to->objects, &recipient));
	return id_same(recipient, v->link.recipient) ? OK : NEVER(DENIED, "no object of this recipient");
}

static err look(struct fetch *f, struct db *db, struct arena *a, str token, const id *object, struct fetch_view *v)
{
	TRY(link_find(db, f->parts.keys, token, fetch_now(f), &v->link));
	if (v->link.state != LINK_LIVE)
		return NEVER(NOT_FOUND, "the link does not open");
	TRY(load_submission(f, db, a, v));
	err e = object ? load_object(db, a, *object, v) : load_all(db, a, v);
	return object && e.why == WHY_NOT_FOUND ? NEVER(DENIED, "no such object") : e;
}

static err view(struct fetch *f, struct arena *a, str token, const id *object, struct fetch_view *out)
{
	OWNED(fetch_view_done) struct fetch_view v = { 0 };
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	err e = db_pool_return(f->pool, &db, look(f, db, a, token, object, &v));
	if (e.why == WHY_EXPIRED)
		return NEVER(NOT_FOUND, "what the link opened is erased");
	TRY(e);
	*out = v;
	v.sub = NULL;
	return OK;
}

err flow_fetch_view(struct fetch *f, struct arena *a, str token, struct fetch_view *out)
{
	return view(f, a, token, NULL, out);
}

err flow_fetch_view_object(struct fetch *f, struct arena *a, str token, id object, struct fetch_view *out)
{
	return view(f, a, token, &object, out);
}

/* ── Forms and sessions ──────────────────────────────────────────────────────────────────────────── */

err flow_fetch_session(struct fetch *f, const struct fetch_view *v, str text, struct link_session *out)
{
	return link_session_read(f->parts.keys, text, v->link.id, fetch_now(f), out);
}

err flow_fetch_form(struct fetch *f, struct arena *a, str token, str *out)
{
	struct buf text;

	TRY(buf_open(a, 128, &text));
	TRY(link_form_new(f->parts.keys, token, fetch_now(f), &text));
	*out = buf_str(&text);
	return OK;
}

err flow_fetch_form_check(struct fetch *f, str token, str text)
{
	return link_form_check(f->parts.keys, token, text, fetch_now(f));
}
