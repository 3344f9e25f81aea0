#include "flow/feedback.h"

#include "model/suppression.h"
#include "wire/json.h"

static const struct {
	enum event_kind event;
	const char *suppression; /* null: none */
} kinds[FEEDBACK_KINDS] = {
	[FEEDBACK_ARRIVED] = { EVENT_ARRIVED, NULL },
	[FEEDBACK_DELAYED] = { EVENT_DELAYED, NULL },
	[FEEDBACK_RETURNED] = { EVENT_RETURNED, NULL },
	[FEEDBACK_BOUNCED] = { EVENT_BOUNCED, "bounce" },
	[FEEDBACK_COMPLAINED] = { EVENT_COMPLAINED, "complaint" },
	[FEEDBACK_FORGIVEN] = { EVENT_FORGIVEN, NULL },
	[FEEDBACK_REJECTED] = { EVENT_REJECTED, NULL },
};

static bool is_none(err e)
{
	return e.fate == FATE_NEVER && (e.why == WHY_NOT_FOUND || e.why == WHY_EXPIRED);
}

static err find_owner(struct db *db, const struct feedback *f, struct queue_owner *out)
{
	err e = queue_of_provider(db, f->provider_id, out);
	id delivery;

	if (!is_none(e) || failed(id_parse(f->tag, &delivery)))
		return e;
	return queue_of_delivery(db, delivery, out);
}

/* Is that whom the message was sent to? */
static err is_recipient(struct line *line, struct db *db, id recipient, str address, bool *is)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	uint8_t mac[MAC_LEN];

	*is = false;
	TRY(address_mac(line->keys, address, mac));
	err e = db_one(db, QUERY_RECIPIENT_ADDRESS_MAC, DB(db_id(recipient)), &rows);
	if (is_none(e))
		return OK;
	TRY(e);
	*is = crypt_same(db_row_peek(&rows, 0), str_bytes(mac, sizeof mac));
	return OK;
}

static void add_if(struct buf *b, const char *name, str text)
{
	if (text.len)
		buf_add_json_field(b, name, text);
}

static err write_event(struct line *line, struct db *db, struct arena *a, const struct queue_owner *of,
		       const struct feedback *f)
{
	OWNED(submission_done) struct submission *sub = NULL;
	char room[8 * 1024], at[32];
	struct buf detail = BUF_ON(room), when = BUF_ON(at);
	struct event event = { .kind = kinds[f->kind].event,
			       .at = clock_now(&line->clock),
			       .submission = of->submission,
			       .delivery = of->delivery };

	buf_add_moment(&when, f->at);
	buf_add_char(&detail, '{');
	buf_add_json_field(&detail, "happened_at", buf_str(&when));
	add_if(&detail, "what", f->what);
	add_if(&detail, "status", f->status);
	add_if(&detail, "said", f->said);
	buf_add_json_field(&detail, "origin", f->origin);
	buf_add_char(&detail, '}');
	event.detail = detail.overflow ? STR_NONE : buf_str(&detail);
	TRY(submission_load(db, a, line->keys, of->submission, &sub));
	return track_add(db, &line->entropy, sub->key, &event);
}

static err suppress(struct line *line, struct db *db, struct arena *a, const struct feedback *f, str address)
{
	struct suppression s = { .address = address,
				 .scope = SUPPRESSION_EVERYWHERE,
				 .reason = str_of(kinds[f->kind].suppression),
				 .origin = f->origin,
				 .at = clock_now(&line->clock) };
	bool fresh;

	return suppression_add(db, a, line->keys, &line->entropy, &s, &fresh);
}

err flow_feedback(struct line *line, struct db *db, struct arena *a, const struct feedback *f, bool *ours)
{
	struct queue_owner of;
	struct address address;

	must(f->kind < FEEDBACK_KINDS && db_in_transaction(db));
	*ours = false;
	err e = find_owner(db, f, &of);
	if (is_none(e))
		return OK;
	TRY(e);
	if (failed(address_parse(a, f->address, &address, NULL)))
		return OK; /* we write to none that cannot be read */
	TRY(is_recipient(line, db, of.recipient, address.text, ours));
	if (!*ours)
		return OK;
	e = write_event(line, db, a, &of, f);
	*ours = !failed(e);
	if (is_none(e)) /* it was erased meanwhile */
		return OK;
	TRY(e);
	return kinds[f->kind].suppression ? suppress(line, db, a, f, address.text) : OK;
}
