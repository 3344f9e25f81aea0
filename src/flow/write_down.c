#include "flow/write_down.h"

#include "model/recipient_key.h"
#include "wire/json.h"

/* Who was not accepted has no delivery that an event could be of. */
static err add_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in, enum event_kind kind,
		     str detail)
{
	const id none = { 0 };
	struct event event = {
		.kind = kind,
		.at = clock_now(&line->clock),
		.submission = c->sub->id,
		.delivery = failed(in->problem) ? none : in->to->delivery,
		.detail = detail,
	};
	return track_add(db, &line->entropy, c->sub->key, &event);
}

static err add_sealed_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[256];
	struct buf detail = BUF_ON(room);
	uint64_t documents = 0, bytes = 0;

	for (const struct document *doc = in->to->documents; doc; doc = doc->next)
		documents++, bytes += doc->size;
	buf_add_char(&detail, '{');
	buf_add_json_field(&detail, "as", seal_kind_name(in->to->seal));
	if (in->key)
		buf_add_json_field(&detail, "key", in->key->fingerprint);
	else
		buf_add_json_field(&detail, "proof", proof_kind_name(in->to->link.proof));
	buf_add_json_number(&detail, "documents", documents);
	buf_add_json_number(&detail, "bytes", bytes);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, EVENT_SEALED, buf_str(&detail));
}

static err add_searched_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	static const enum event_kind kinds[] = {
		[KEY_SEARCH_FOUND] = EVENT_KEY_FOUND,
		[KEY_SEARCH_NOTHING] = EVENT_KEY_NOT_FOUND,
		[KEY_SEARCH_ANOTHER] = EVENT_KEY_DIFFERS,
	};
	char room[8192];
	struct buf detail = BUF_ON(room);

	if (in->searched == KEY_SEARCH_NOT)
		return OK;
	buf_add_char(&detail, '{');
	buf_add_json_number(&detail, "row", in->to->row);
	if (in->searched == KEY_SEARCH_FOUND)
		buf_add_json_field(&detail, "fingerprint", in->keys[RECIPIENT_KEY_PGP]->fingerprint);
	else
		buf_add_json_field(&detail, "problem", in->search_words);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, kinds[in->searched], buf_str(&detail));
}

static err add_chosen_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[8192];
	struct buf detail = BUF_ON(room);

	if (c->sub->seal != SEAL_AUTO)
		return OK;
	buf_add_char(&detail, '{');
	buf_add_json_field(&detail, "as", seal_kind_name(in->choice.seal));
	buf_add_json_field(&detail, "because", choice_name(in->choice.because));
	if (in->choice.not_by_mail != CHOICE_NONE)
		buf_add_json_field(&detail, "not_by_mail", choice_name(in->choice.not_by_mail));
	if (in->passed_over.len)
		buf_add_json_field(&detail, "passed_over", in->passed_over);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, EVENT_CHOSEN, buf_str(&detail));
}

static err add_scanned_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[64];
	struct buf detail = BUF_ON(room);
	uint64_t documents = 0;

	if (!content_check_scans(line->content))
		return OK;
	for (const struct document *doc = in->to->documents; doc; doc = doc->next)
		documents++;
	buf_add_char(&detail, '{');
	buf_add_json_number(&detail, "documents", documents);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, EVENT_SCANNED, buf_str(&detail));
}

static err add_flagged_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[512], words_room[300];
	struct buf detail = BUF_ON(room), words = BUF_ON(words_room);

	if (!in->active)
		return OK;
	buf_add_file_actives(&words, in->active);
	buf_add_char(&detail, '{');
	buf_add_json_field(&detail, "active", buf_str(&words));
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, EVENT_FLAGGED, buf_str(&detail));
}

/* With the row and the sentence, which names the document and what was found in it. */
static err add_stopped_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in, str problem)
{
	char room[8192];
	struct buf detail = BUF_ON(room);
	enum event_kind kind = in->problem.why == WHY_MALWARE ? EVENT_MALWARE_FOUND : EVENT_HELD;

	if (in->problem.why != WHY_MALWARE && in->problem.fate != FATE_LATER)
		return OK;
	buf_add_char(&detail, '{');
	buf_add_json_number(&detail, "row", in->to->row);
	buf_add_json_field(&detail, "problem", problem);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, kind, buf_str(&detail));
}

static err add_weak_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[4096];
	struct buf detail = BUF_ON(room);

	if (in->weak_reason.len == 0)
		return OK;
	buf_add_char(&detail, '{');
	buf_add_json_field(&detail, "reason", in->weak_reason);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, EVENT_WEAK_PASSWORD, buf_str(&detail));
}

static err record_one(struct line *line, struct db *db, struct chunk *c, const struct intake *in,
		      const struct message *message)
{
	struct submission *sub = c->sub;

	TRY(recipient_save(db, sub->arena, line->keys, &line->entropy, sub, in->to));
	if (!id_none(in->to->link.id))
		TRY(link_record(db, sub->arena, line->keys, &line->entropy, sub, in->to));
	TRY(queue_add(db, &line->entropy, sub, in->to, message, clock_now(&line->clock)));
	TRY(add_scanned_event(line, db, c, in));
	TRY(add_flagged_event(line, db, c, in));
	TRY(add_searched_event(line, db, c, in));
	TRY(add_chosen_event(line, db, c, in));
	TRY(add_sealed_event(line, db, c, in));
	TRY(add_weak_event(line, db, c, in));
	return add_event(line, db, c, in, EVENT_QUEUED, STR_NONE);
}

/* What is held is not refused: a later run may find that nothing is wrong with it. */
static err record_stopped(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[2048];
	struct buf problem = BUF_ON(room);

	buf_add_fault(&problem, &in->fault, in->problem);
	TRY(add_searched_event(line, db, c, in));
	TRY(add_stopped_event(line, db, c, in, buf_str(&problem)));
	if (in->problem.fate != FATE_NEVER)
		return OK;
	const struct refusal r = {
		.row = in->to->row,
		.address = in->to->address.text,
		.why = (enum why)in->problem.why,
		.problem = buf_str(&problem),
	};
	return refusal_save(db, c->sub->arena, &line->entropy, c->sub, &r);
}

err write_down(struct line *line, struct db *db, struct chunk *c, const struct message *messages, bool *committing)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	for (size_t i = 0; i < c->count; i++) {
		const struct intake *in = &c->intakes[i];
		TRY(!failed(in->problem) ? record_one(line, db, c, in, &messages[i]) : record_stopped(line, db, c, in));
	}
	*committing = true;
	return db_commit(&change);
}
