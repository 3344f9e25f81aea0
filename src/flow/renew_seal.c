#include "flow/renew_seal.h"

#include "check/check.h"
#include "flow/inspectors.h"
#include "flow/objects.h"
#include "flow/objects_sign.h"
#include "flow/smime.h"
#include "seal/pdf.h"

enum { SECRETS_MAX = 1 << 20 };

/* ── The old container, out of the store ─────────────────────────────────────────────────────────── */

/* What fails here is the store's, however it is called further up. */
struct stored {
	const struct reseal *r;
	const struct object *object;
	err trouble;
};
struct piece {
	struct stored *of;
	struct source below;
};

static err piece_read(void *state, void *to, size_t max, size_t *got)
{
	struct piece *p = state;
	err e = source_read(&p->below, to, max, got);

	if (failed(e))
		p->of->trouble = e;
	return e;
}

static void piece_done(void *state)
{
	source_done(&((struct piece *)state)->below);
}

static err stored_open(void *state, uint64_t offset, uint64_t len, struct source *out)
{
	static const struct source_ops ops = { piece_read, piece_done };
	struct stored *s = state;
	const struct reseal *r = s->r;
	struct piece *p;

	TRY(NEW(r->arena, p));
	p->of = s;
	err e = store_read(r->line->store, r->arena, r->line->keys, r->sub->id, s->object, offset, len, &p->below);
	if (failed(e))
		s->trouble = e;
	else
		*out = (struct source){ &ops, p };
	return e;
}

static err in_words(const struct stored *s, err e, struct fault *fault)
{
	fault_where(fault, s->object->name, 0, 0);
	if (failed(s->trouble))
		fault_set(fault, "it cannot be read from the store: %s", err_verdict(s->trouble)->words);
	else if (e.why == WHY_PROOF)
		fault_set(fault, "the old password does not open it; the one it was sealed with stands in the results");
	else if (e.why == WHY_TAMPERED || e.why == WHY_SYNTAX)
		fault_set(fault, "the container is damaged, and no password opens it: send the documents anew");
	return e;
}

/* ── Each kind ───────────────────────────────────────────────────────────────────────────────────── */

static err reseal_zip(const struct reseal *r, struct stored *old, struct sink *to)
{
	const struct zip_reseal how = {
		.size = old->object->size,
		.open = stored_open,
		.state = old,
		.old_password = r->old_password,
		.new_password = r->new_password,
		.chance = &r->line->entropy,
	};
	return seal_zip_reseal(r->arena, &how, to);
}

static err reseal_pdf(const struct reseal *r, struct stored *old, struct sink *to, struct fault *fault)
{
	const struct pdf_options how = { .password = r->new_password,
					 .old = r->old_password,
					 .bytes_max = SEAL_PDF_BYTES_MAX };
	SCRATCH(r->arena);
	OWNED(source_done) struct source from = { 0 };

	TRY(stored_open(old, 0, STORE_ALL, &from));
	return seal_pdf(r->line->inspectors, r->arena, &r->line->entropy, &how, &from, to, fault);
}

static err copy_into(struct stored *old, struct sink *to, struct fault *fault)
{
	SCRATCH(old->r->arena);
	OWNED(source_done) struct source from = { 0 };

	err e = stored_open(old, 0, STORE_ALL, &from);
	if (!failed(e))
		e = pump(&from, to);
	return failed(e) ? in_words(old, e, fault) : OK;
}

static err reseal_into(const struct reseal *r, const struct object *object, struct sink *to, struct fault *fault)
{
	struct stored old = { .r = r, .object = object };
	struct fault unheard = { 0 };

	if (r->new_password.len == 0)
		return copy_into(&old, to, fault);
	err e = r->to->seal == SEAL_ZIP ? reseal_zip(r, &old, to) : reseal_pdf(r, &old, to, &unheard);
	return failed(e) ? in_words(&old, e, fault) : OK;
}

/* A copy has the same bytes, and the signature of the old object is of them. */
static err plan_object(struct reseal *r, const struct object *object, struct object **out)
{
	struct object *fresh;
	bool copied = r->new_password.len == 0;

	TRY(NEW(r->arena, fresh));
	fresh->name = object->name;
	fresh->type = object->type;
	fresh->direct = object->direct;
	fresh->id = r->to->link.object; /* or none */
	if (copied)
		fresh->signature = object->signature;
	else if (r->line->config->seal.sign_documents)
		TRY(objects_signature_room(r->line, r->arena, fresh));
	else if (object->signature.len)
		r->signature_lost = true;
	*out = fresh;
	return OK;
}

static err create(const struct reseal *r, struct store_batch *batch, struct object *fresh, struct sink *out)
{
	OWNED(sink_done) struct sink stored = { 0 };
	struct line *line = r->line;

	TRY(store_create(batch, r->arena, line->keys, &line->entropy, r->sub->id, fresh, &stored));
	if (r->new_password.len && line->config->seal.sign_documents)
		return objects_signed(line, r->arena, fresh, &stored, out);
	*out = stored;
	stored = (struct sink){ 0 };
	return OK;
}

static err reseal_one(const struct reseal *r, struct store_batch *batch, const struct object *object,
		      struct object *fresh, struct fault *fault)
{
	SCRATCH(r->arena);
	OWNED(sink_done) struct sink to = { 0 };

	TRY(create(r, batch, fresh, &to));
	TRY(reseal_into(r, object, &to, fault));
	return sink_finish(&to);
}

static err reseal_all(struct reseal *r, struct fault *fault)
{
	OWNED(store_batch_done) struct store_batch *batch = NULL;
	struct object **last = &r->fresh;

	TRY(store_begin(r->line->store, &batch));
	for (const struct object *o = r->to->objects; o; o = o->next) {
		TRY(plan_object(r, o, last));
		TRY(reseal_one(r, batch, o, *last, fault));
		last = &(*last)->next;
	}
	return store_commit(batch);
}

/* ── The passwords ───────────────────────────────────────────────────────────────────────────────── */

static err judge(struct reseal *r, struct arena *secret, struct fault *fault)
{
	const struct config *c = r->line->config;
	const struct value known = { .name = STR("name"), .text = r->to->name };
	struct password_verdict verdict;

	TRY(check_password(secret, r->to->seal, r->new_password, &known, false, &verdict));
	if (verdict.accepted && verdict.bits >= (double)c->password.floor_bits)
		return OK;
	r->weak = c->password.allow_weak_reason.len > 0;
	if (r->weak)
		return OK;
	fault_set(fault, "the new password: %s", verdict.reason ? verdict.reason : "it is below password.floor_bits");
	return NEVER(WEAK_PASSWORD, "too weak for a container");
}

static err spell(struct reseal *r, struct arena *secret, struct fault *fault)
{
	bool old = false;

	if (r->to->seal != SEAL_PDF)
		return OK;
	err e = seal_pdf_password(secret, r->new_password, &r->new_password);
	if (!failed(e)) {
		old = true;
		e = seal_pdf_password(secret, r->old_password, &r->old_password);
	}
	if (failed(e))
		fault_set(fault, "the %s password: %s", old ? "old" : "new", e.note);
	return e;
}

static err check(const struct reseal *r, struct fault *fault)
{
	if (r->to->seal != SEAL_ZIP && r->to->seal != SEAL_PDF) {
		fault_set(fault, "the %.*s file is sealed for the recipient's key, and has no password",
			  STR_ARG(seal_kind_name(r->to->seal)));
		return NEVER(UNSUPPORTED, "a container without a password");
	}
	if (r->old_password.len == 0) {
		fault_set(
			fault,
			"the %.*s file is sealed with the password that was given, and is opened with it to be sealed "
			"anew: name the old one with --old-password-file; it stands in the results",
			STR_ARG(seal_kind_name(r->to->seal)));
		return NEVER(USAGE, "the container's password is needed");
	}
	return OK;
}

/* What the signature of a container promised is promised of the new one too, or it is not sealed. */
static err take_signer(struct line *line, struct fault *fault)
{
	if (!line->config->seal.sign_documents || line->signer)
		return OK;
	return flow_smime_signer(line->config, clock_now(&line->clock), &line->signer, fault);
}

err renew_seal(struct reseal *r, struct fault *fault)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct line *line = r->line;

	if (r->new_password.len == 0)
		return reseal_all(r, fault);
	TRY(check(r, fault));
	TRY(arena_open_secret(SECRETS_MAX, &secret));
	TRY(spell(r, secret, fault));
	TRY(judge(r, secret, fault));
	TRY(take_signer(line, fault));
	if (r->to->seal == SEAL_PDF && !line->inspectors)
		TRY(flow_inspectors(line->config, &line->inspectors, fault));
	return reseal_all(r, fault);
}

void renew_seal_undo(const struct reseal *r)
{
	for (const struct object *o = r->fresh; o; o = o->next)
		(void)failed(objects_remove(r->line->store, o));
}
