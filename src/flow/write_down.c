#include "flow/write_down.h"

#include "wire/json.h"

static err add_event(struct line *line, struct db *db, struct chunk *c, const struct intake *in, enum event_kind kind,
		     str detail)
{
	struct event event = {
		.kind = kind,
		.at = clock_now(&line->clock),
		.submission = c->sub->id,
		.delivery = in->to->delivery,
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
	buf_add_json_field(&detail, "as", seal_kind_name(c->sub->seal));
	buf_add_json_field(&detail, "proof", proof_kind_name(in->to->link.proof));
	buf_add_json_number(&detail, "documents", documents);
	buf_add_json_number(&detail, "bytes", bytes);
	buf_add_char(&detail, '}');
	return add_event(line, db, c, in, EVENT_SEALED, buf_str(&detail));
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
	TRY(link_record(db, sub->arena, line->keys, &line->entropy, sub, in->to));
	TRY(queue_add(db, &line->entropy, sub, in->to, message, clock_now(&line->clock)));
	TRY(add_sealed_event(line, db, c, in));
	TRY(add_weak_event(line, db, c, in));
	return add_event(line, db, c, in, EVENT_QUEUED, STR_NONE);
}

static err record_refusal(struct line *line, struct db *db, struct chunk *c, const struct intake *in)
{
	char room[2048];
	struct buf problem = BUF_ON(room);

	buf_add_fault(&problem, &in->fault, in->problem);
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
		TRY(!failed(in->problem) ? record_one(line, db, c, in, &messages[i]) : record_refusal(line, db, c, in));
	}
	*committing = true;
	return db_commit(&change);
}
