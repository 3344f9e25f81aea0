#include "flow/submit.h"

#include "flow/decide.h"
#include "flow/enclose.h"
#include "flow/key_search.h"
#include "flow/objects.h"
#include "flow/put_away.h"
#include "flow/suppressions.h"
#include "flow/write_down.h"
#include "sys/sys.h"

enum { ROOM_LEAST = 8 * 1024 * 1024 };

struct workbench {
	struct db *db;
	struct key_directory *directory; /* null until a key is searched */
	struct zip_workspace *zip;
};

err workbench_open(struct line *line, struct workbench **out)
{
	OWNED(workbench_done) struct workbench *b = calloc(1, sizeof *b);

	if (!b)
		return LATER(MEMORY, "no memory");
	TRY(line_db(line, &b->db, NULL));
	TRY(zip_workspace_open(&b->zip));
	*out = b;
	b = NULL;
	return OK;
}

void workbench_done(struct workbench **b)
{
	if (!*b)
		return;
	key_directory_done(&(*b)->directory);
	zip_workspace_done(&(*b)->zip);
	db_done(&(*b)->db);
	free(*b);
	*b = NULL;
}

/* A refusal is this recipient's alone, and so is a document that could not be scanned; anything else ends the chunk. */
static err refuse_or_stop(struct intake *in, err e)
{
	if (e.fate != FATE_NEVER && e.why != WHY_UNSCANNED)
		return e;
	in->problem = e;
	return OK;
}

static bool going(const struct intake *in)
{
	return !failed(in->problem);
}

/* ── Check ── */

static err check_suppression(struct line *line, struct db *db, struct arena *a, struct intake *in)
{
	err e = flow_suppression_check(line, db, a, in->to->address.text, &in->fault);

	in->suppressed = e.why == WHY_SUPPRESSED;
	return e;
}

static err find_keys(struct line *line, struct workbench *bench, struct chunk *c, struct intake *in)
{
	const struct key_searching search = { line, bench->db, &bench->directory, .keep = true };

	if (c->sub->seal != SEAL_AUTO && !enclose_is(c->sub->seal))
		return OK;
	TRY(enclose_weigh(line, bench->db, c->sub->arena, in));
	return c->sub->seal == SEAL_SMIME ? OK : key_search(&search, c->sub->arena, in);
}

static err check_one(struct line *line, struct workbench *bench, struct chunk *c, struct intake *in)
{
	struct list_row row = { .documents = (str *)(uintptr_t)in->document_names,
				.document_count = in->document_count };

	TRY(check_suppression(line, bench->db, c->sub->arena, in));
	TRY(check_documents(c->documents_fd, &row, line->config->limits.document_bytes, c->sub->arena,
			    &in->to->documents, &in->fault));
	for (struct document *doc = in->to->documents; doc; doc = doc->next) {
		struct content found = { 0 };
		TRY(check_document_content(line->content, c->documents_fd, c->sub->arena, doc, &found, &in->fault));
		in->active |= found.active;
		in->flagged |= found.active & ~content_check_tolerated(line->content);
		TRY(id_new(&line->entropy, &doc->id));
	}
	TRY(find_keys(line, bench, c, in));
	return decide(line, c->sub, in);
}

static err check_all(struct line *line, struct workbench *bench, struct chunk *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (going(&c->intakes[i]))
			TRY(refuse_or_stop(&c->intakes[i], check_one(line, bench, c, &c->intakes[i])));
	return OK;
}

/* ── Enclose ── */

/* What is found wrong with a key only when it is used is a reason to choose anew, as long as that is ours to do; who is
 * left with a link then goes on with the others. */
static err enclose_one(struct line *line, struct chunk *c, struct intake *in, moment now, struct message *out)
{
	err e = OK;

	for (bool again = true; again && enclose_is(in->to->seal);) {
		e = enclose_find_key(line, in);
		if (!failed(e))
			e = enclose(line, c, in, now, out);
		again = false;
		if (failed(e))
			TRY(decide_without_key(line, c->sub, in, e, &again));
		if (again)
			e = OK;
	}
	return e;
}

/* Before anything is stored: it may turn out that there is something to store. */
static err enclose_all(struct line *line, struct chunk *c, struct message *messages)
{
	for (size_t i = 0; i < c->count; i++) {
		struct intake *in = &c->intakes[i];
		if (going(in) && enclose_is(in->to->seal))
			TRY(refuse_or_stop(in, enclose_one(line, c, in, clock_now(&line->clock), &messages[i])));
	}
	return OK;
}

/* ── Seal and store ── */

static size_t keys_needed(const struct chunk *c, const struct intake *in)
{
	return going(in) && in->to->seal == SEAL_ZIP ? seal_zip_keys_needed(c->hide_names, in->document_count) : 0;
}

/* The keys of all archives of the chunk at once: the processor derives several in the time of one. */
static err derive_keys(struct line *line, struct chunk *c, struct zip_key **keys, size_t *total)
{
	size_t needed = 0, at = 0;
	str *passwords;

	for (size_t i = 0; i < c->count; i++)
		needed += keys_needed(c, &c->intakes[i]);
	TRY(NEW_ARRAY(c->sub->arena, needed + 1, passwords));
	TRY(NEW_ARRAY(c->sub->arena, needed + 1, *keys));
	for (size_t i = 0; i < c->count; i++) {
		size_t own = keys_needed(c, &c->intakes[i]);
		for (size_t k = 0; k < own; k++)
			passwords[at++] = c->intakes[i].container_password;
	}
	*total = needed;
	return needed ? seal_zip_keys(&line->entropy, passwords, needed, *keys) : OK;
}

static err put_all_away(struct put_away *p)
{
	const struct zip_key *next = p->keys;

	for (size_t i = 0; i < p->chunk->count; i++) {
		struct intake *in = &p->chunk->intakes[i];
		if (!going(in) || enclose_is(in->to->seal)) /* whose mail carries its documents */
			continue;
		p->keys = next;
		p->key_count = keys_needed(p->chunk, in);
		next += p->key_count;
		err e = put_away(p, in);
		if (decide_otherwise(p->chunk->sub, in, e))
			e = put_away(p, in);
		TRY(refuse_or_stop(in, e));
	}
	return OK;
}

static err seal_and_store(struct line *line, struct workbench *bench, struct chunk *c)
{
	OWNED(store_batch_done) struct store_batch *batch = NULL;
	struct zip_key *keys = NULL;
	size_t key_count = 0;

	TRY(derive_keys(line, c, &keys, &key_count));
	TRY(store_begin(line->store, &batch));
	struct put_away p = { .line = line, .chunk = c, .batch = batch, .workspace = bench->zip, .keys = keys };
	err e = put_all_away(&p);
	if (keys)
		crypt_wipe(keys, key_count * sizeof *keys);
	TRY(e);
	return store_commit(batch);
}

/* One URL of each chunk: what denies one denies all. */
static err try_first_url(struct line *line, struct chunk *c)
{
	for (size_t i = 0; c->sub->mode == LINK_PRESIGNED && i < c->count; i++) {
		struct intake *in = &c->intakes[i];
		if (going(in))
			return objects_share_try(line->store, &in->to->link, &in->fault);
	}
	return OK;
}

/* ── Compose and sign ── */

static err compose_one(struct line *line, struct chunk *c, struct intake *in, moment now, struct message *out)
{
	struct submission *sub = c->sub;
	str url = in->to->link.url;

	if (enclose_is(in->to->seal))
		return OK; /* it is there already */
	if (sub->mode == LINK_PAGE)
		TRY(link_url(sub->arena, line->config->base_url, in->to->link.token, &url));
	return compose_message(line->compose, sub, in->to, url, now, &line->entropy, sub->arena, out, &in->fault);
}

/* A message that cannot be signed is held, not refused: the fault is ours. */
static err sign_one(struct line *line, struct submission *sub, struct intake *in, moment now, struct message *out)
{
	out->from = line->bounce.text;
	if (!line->rules)
		return OK; /* line_open() saw to it that there is a written reason */
	err e = sign_message(line->keys, line->rules, now, in->to->link.expires_at, sub->arena, out, &in->fault);
	return e.why == WHY_SIGNATURE || e.why == WHY_KEY ? e : refuse_or_stop(in, e);
}

static err compose_all(struct line *line, struct chunk *c, struct message *messages)
{
	for (size_t i = 0; i < c->count; i++) {
		struct intake *in = &c->intakes[i];
		moment now = clock_now(&line->clock);
		if (!going(in))
			continue;
		TRY(refuse_or_stop(in, compose_one(line, c, in, now, &messages[i])));
		if (going(in))
			TRY(sign_one(line, c->sub, in, now, &messages[i]));
	}
	return OK;
}

static void remove_objects(struct line *line, const struct object *o)
{
	for (; o; o = o->next)
		(void)failed(objects_remove(line->store, o));
}

/* Objects that were stored for somebody who was refused afterwards, or in a form that was given up; what fails here,
 * the sweep finds. */
static void remove_unused(struct line *line, struct chunk *c, bool all)
{
	for (size_t i = 0; i < c->count; i++) {
		remove_objects(line, c->intakes[i].unused);
		if (all || !going(&c->intakes[i]))
			remove_objects(line, c->intakes[i].to->objects);
	}
}

err flow_submission(struct line *line, struct db *db, struct submission *sub)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct event accepted = { .kind = EVENT_ACCEPTED, .at = sub->created_at, .submission = sub->id };

	TRY(db_begin(db, &change));
	TRY(submission_save(db, sub->arena, &line->entropy, sub));
	TRY(submission_set_state(db, sub->id, SUBMISSION_ACCEPTED));
	TRY(track_add(db, &line->entropy, NULL, &accepted));
	TRY(db_commit(&change));
	sub->state = SUBMISSION_ACCEPTED;
	return OK;
}

err flow_submit(struct line *line, struct workbench *bench, struct chunk *c)
{
	struct message *messages;

	must(line->content);
	/* What is accepted already goes first: its outcomes need the last of the room. */
	TRY(db_room(bench->db, ROOM_LEAST));
	TRY(NEW_ARRAY(c->sub->arena, c->count, messages));
	TRY(check_all(line, bench, c));
	TRY(enclose_all(line, c, messages));
	TRY(seal_and_store(line, bench, c));
	bool committing = false;
	err e = try_first_url(line, c);
	if (!failed(e))
		e = compose_all(line, c, messages);
	if (!failed(e))
		e = write_down(line, bench->db, c, messages, &committing);
	/* After a commit that failed nobody knows what a crash would find in the log: then the objects stay, and the
	 * sweep decides. */
	remove_unused(line, c, failed(e) && !committing);
	return e;
}
