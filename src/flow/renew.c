#include "flow/renew.h"

#include "flow/enclose.h"
#include "flow/objects.h"
#include "flow/renew_seal.h"
#include "flow/suppressions.h"

struct renewal {
	struct line *line;
	struct db *db;
	struct submission *sub;
	struct recipient *to;
	const struct standing *what;
	const struct renewal_order *order;
	struct link_view old;
	struct message message;
	struct object *stale; /* whose place the recipient's objects take, sealed anew or copied; null: nobody's */
	struct reseal seal;
	bool committing, old_url_lives;
	moment now;
};

static err compose_renewal(struct renewal *r, str *url, struct fault *fault)
{
	struct line *line = r->line;
	struct arena *a = r->sub->arena;

	*url = r->to->link.url;
	if (r->sub->mode == LINK_PAGE)
		TRY(link_url(a, line->config->base_url, r->to->link.token, url));
	TRY(compose_message(line->compose, r->sub, r->to, *url, r->now, &line->entropy, a, &r->message, fault));
	r->message.from = line->bounce.text;
	if (!line->rules)
		return OK;
	return sign_message(line->keys, line->rules, r->now, r->to->link.expires_at, a, &r->message, fault);
}

static err add_event(struct renewal *r, enum event_kind kind)
{
	struct event event = { .kind = kind, .at = r->now, .submission = r->sub->id, .delivery = r->to->delivery };
	return track_add(r->db, &r->line->entropy, NULL, &event);
}

static err replace_objects(struct renewal *r)
{
	const struct object *fresh = r->to->objects;
	int64_t place = 0;

	if (!r->stale)
		return OK;
	for (const struct object *old = r->stale; old; old = old->next, fresh = fresh->next) {
		must(fresh);
		TRY(object_replace(r->db, r->sub->arena, &r->line->entropy, r->sub, r->to, old->id, ++place, fresh));
	}
	if (r->order->password.len == 0) /* copied as it was */
		return OK;
	TRY(add_event(r, EVENT_RESEALED));
	return r->seal.weak ? add_event(r, EVENT_WEAK_PASSWORD) : OK;
}

static err record_renewal(struct renewal *r)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct line *line = r->line;
	moment keep = r->to->link.expires_at + line->config->link.erase_after;

	TRY(db_begin(r->db, &change));
	TRY(link_renew(r->db, r->sub->arena, line->keys, &line->entropy, r->sub, r->to, r->old.id, r->now));
	TRY(submission_keep(r->db, r->sub->id, keep, keep + line->config->link.records_after));
	TRY(link_answered(r->db, r->old.id)); /* whoever renewed it: the wish is granted */
	if (r->order->by_recipient)
		TRY(link_count_renewal(r->db, r->to->link.id, r->old.id));
	TRY(recall_unsent(line, r->db, r->what));
	TRY(queue_add(r->db, &line->entropy, r->sub, r->to, &r->message, r->now));
	TRY(add_event(r, EVENT_LINK_RENEWED));
	TRY(add_event(r, EVENT_QUEUED));
	TRY(replace_objects(r));
	r->committing = true;
	return db_commit(&change);
}

static err take_password(struct renewal *r)
{
	struct link *l = &r->to->link;

	l->proof = PROOF_PASSWORD;
	l->prompt = STR_NONE;
	return link_proof_text(r->sub->arena, PROOF_PASSWORD, &r->order->password, 1, &l->secret);
}

/* What the old link asked for and allowed; to a recipient who renews it himself what is left of that. */
static err plan_presigned(struct renewal *r, struct fault *fault)
{
	struct link *l = &r->to->link;
	span good_for = l->expires_at - r->now;

	if (r->sub->mode != LINK_PRESIGNED)
		return OK;
	if (good_for > STORE_SHARED_MAX) {
		fault_set(fault, "its link is a presigned URL, which lives for seven days at the most: --expires 7d");
		return NEVER(USAGE, "a presigned URL lives for seven days at the most");
	}
	TRY(objects_promise(r->line->store, r->now, good_for, fault));
	TRY(id_new(&r->line->entropy, &l->object));
	return objects_share(r->line->store, r->sub->arena, r->now, good_for, l);
}

static err plan_link(struct renewal *r, struct fault *fault)
{
	const struct link_view *old = &r->old;
	struct link *l = &r->to->link;
	bool rest = r->order->by_recipient;

	TRY(link_mint(&r->line->entropy, r->sub->arena, r->to));
	TRY(id_new(&r->line->entropy, &r->to->delivery));
	l->expires_at = r->now + (r->order->expires ? r->order->expires : old->expires_at - old->created_at);
	l->proof = old->proof;
	l->tries_max = old->tries_max - (rest ? old->tries : 0);
	l->opens_max = old->opens_max - (rest && old->opens_max ? old->opens : 0);
	TRY(link_prompt(r->db, r->sub->arena, r->sub->key, old->id, &l->prompt));
	TRY(r->order->password.len ? take_password(r) : OK);
	return plan_presigned(r, fault);
}

/* What the mail tells of the documents is then of the fresh ones. */
static err seal_anew(struct renewal *r, struct fault *fault)
{
	r->seal = (struct reseal){
		.line = r->line,
		.arena = r->sub->arena,
		.sub = r->sub,
		.to = r->to,
		.old_password = r->order->old_password,
		.new_password = r->order->password,
	};

	if (r->sub->mode == LINK_PAGE && (r->order->password.len == 0 || r->to->seal == SEAL_OPEN))
		return OK;
	if (r->sub->state != SUBMISSION_ACCEPTED)
		return NEVER(EXPIRED, "the documents are gone");
	if (!link_may(r->old.state, LINK_RENEWED))
		return NEVER(STATE, "the link cannot be renewed");
	TRY(renew_seal(&r->seal, fault));
	r->stale = r->to->objects;
	r->to->objects = r->seal.fresh;
	return OK;
}

/* After a commit that failed nobody knows what a crash would find: then the fresh objects stay, and the sweep decides.
 */
static err tell_and_record(struct renewal *r, str *url, struct fault *fault)
{
	bool presigned = r->sub->mode == LINK_PRESIGNED;
	err e = presigned ? objects_share_try(r->line->store, &r->to->link, fault) : OK;

	if (!failed(e))
		e = compose_renewal(r, url, fault);
	if (!failed(e))
		e = record_renewal(r);
	if (failed(e) && !r->committing)
		renew_seal_undo(&r->seal);
	if (!failed(e) && presigned)
		r->old_url_lives = failed(recall_direct(r->line, r->db, r->to->id, NULL));
	return e;
}

err flow_renew(struct line *line, struct db *db, struct arena *a, const struct standing *what,
	       const struct renewal_order *order, struct renewed *out, struct fault *fault)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct renewal r = { .line = line, .db = db, .what = what, .order = order, .now = clock_now(&line->clock) };
	str url;

	TRY(submission_load(db, a, line->keys, what->submission, &sub));
	r.sub = sub;
	TRY(recipient_load(db, a, sub, what->recipient, &r.to));
	if (enclose_is(r.to->seal)) {
		fault_set(fault, "the mail carried the documents, so there is no link to renew: send them anew");
		return NEVER(STATE, "the documents left with the mail");
	}
	TRY(flow_suppression_check(line, db, a, r.to->address.text, fault));
	TRY(link_of_recipient(db, what->recipient, r.now, &r.old));
	TRY(plan_link(&r, fault));
	TRY(seal_anew(&r, fault));
	TRY(tell_and_record(&r, &url, fault));
	*out = (struct renewed){ r.to->delivery, url, r.old_url_lives, r.seal.signature_lost };
	return OK;
}
