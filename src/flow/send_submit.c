/* The threads that take rows down the line, a chunk at a time; and --dry-run, which only judges them. */
#include "flow/decide.h"
#include "flow/enclose.h"
#include "flow/key_search.h"
#include "flow/send_inside.h"
#include "flow/suppressions.h"

#include "sys/sys.h"

static void fill_intake(const struct send_row *row, struct intake *in)
{
	*in = (struct intake){
		.to = row->to,
		.document_names = row->document_names,
		.document_count = row->document_count,
		.container_password = row->container_password,
		.weak_reason = row->weak_reason,
		.strong = row->strong,
	};
}

static err problem_text(struct arena *a, const struct intake *in, str *out)
{
	struct buf b;

	TRY(buf_open(a, 2048, &b));
	buf_add_fault(&b, &in->fault, in->problem);
	*out = buf_str(&b);
	return OK;
}

/* A refused row has no link and no password: nobody could use them. */
static void refuse_row(struct send *s, size_t row, const struct intake *in)
{
	struct result *r = &s->results.rows[row];
	str problem = STR("refused");

	(void)failed(problem_text(s->arena, in, &problem));
	send_set_status(s, row, in->suppressed ? ROW_SUPPRESSED : ROW_REFUSED, problem, true);
	r->delivery = (id){ 0 };
	r->link = r->password = STR_NONE;
}

/* It waits: its document could not be judged. Its ids, link and password stay in the results, so that the run which
 * carries this one on gives it the same. */
static void hold_row(struct send *s, size_t row, const struct intake *in)
{
	str problem = STR("its document could not be judged");

	(void)failed(problem_text(s->arena, in, &problem));
	send_set_status(s, row, ROW_WAITING, problem, false);
	s->count.held++;
}

static void stop_row(struct send *s, size_t row, const struct intake *in)
{
	if (in->problem.fate == FATE_NEVER)
		refuse_row(s, row, in);
	else
		hold_row(s, row, in);
}

static void count_row(struct send *s, const struct intake *in)
{
	s->count.by_seal[in->to->seal]++;
	s->count.flagged += in->flagged != 0;
	s->count.active |= in->flagged;
}

/* What the mail carries is opened by no link: one that was minted before this was known is nobody's. */
static void forget_link(struct result *r, const struct recipient *to)
{
	if (!enclose_is(to->seal))
		return;
	r->link = r->password = STR_NONE;
	r->expires_at = 0;
}

/* Whoever comes last when the memory of a chunk is used up need not be to blame: that shows when each is alone. */
static bool wants_room(const struct chunk *c, err e)
{
	return c->count > 1 && e.fate == FATE_NEVER && e.why == WHY_LIMIT;
}

/* What the chunk made of it lies in the chunk's memory. */
static void row_over(struct send_row *row)
{
	row->to->documents = NULL;
	row->to->objects = NULL;
}

static void chunk_over(struct send *s, const size_t *todo, const struct chunk *c)
{
	const struct intake *intakes = c->intakes;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < c->count; i++) {
		if (wants_room(c, intakes[i].problem))
			continue;
		if (failed(intakes[i].problem)) {
			stop_row(s, todo[i], &intakes[i]);
		} else {
			s->rows[todo[i]].accepted = true;
			forget_link(&s->results.rows[todo[i]], intakes[i].to);
			s->count.accepted++;
			count_row(s, &intakes[i]);
			s->changed = true;
		}
		row_over(&s->rows[todo[i]]);
	}
	pthread_mutex_unlock(&s->lock);
	if (s->dispatch)
		dispatch_wake(s->dispatch);
}

void send_halt(struct send *s, err e, const struct fault *fault)
{
	pthread_mutex_lock(&s->lock);
	if (!failed(s->broken)) {
		s->broken = e;
		atomic_store(&s->halted, true);
		if (fault)
			s->fault = *fault;
	}
	pthread_mutex_unlock(&s->lock);
}

static const struct fault *first_fault(const struct intake *intakes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!failed(intakes[i].problem) && !fault_empty(&intakes[i].fault))
			return &intakes[i].fault;
	return NULL;
}

/* `again` is given the rows that are to be tried alone. */
static err submit_together(struct send *s, struct workbench *bench, struct arena *a, const size_t *todo, size_t count,
			   size_t *again, size_t *again_count)
{
	struct intake *intakes;
	struct recipient *given;
	struct submission view = *s->sub;

	SCRATCH(a);
	view.arena = a;
	TRY(NEW_ARRAY(a, count, intakes));
	TRY(NEW_ARRAY(a, count, given));
	for (size_t i = 0; i < count; i++) {
		fill_intake(&s->rows[todo[i]], &intakes[i]);
		given[i] = *intakes[i].to;
	}
	struct chunk chunk = { &view, s->documents_fd, s->options.hide_names, intakes, count };
	OWNED(fetched_done) struct fetched fetched = FETCHED_NONE;
	err e = s->options.elsewhere.document ? fetch_documents(s, a, &chunk, &fetched) : OK;
	if (!failed(e))
		e = flow_submit(s->line, bench, &chunk);
	if (e.fate == FATE_NEVER && e.why == WHY_LIMIT) {
		for (size_t i = 0; i < count; i++) /* nobody of it was accepted */
			intakes[i].problem = e;
		e = OK;
	}
	if (failed(e)) {
		send_halt(s, e, first_fault(intakes, count));
		return e;
	}
	chunk_over(s, todo, &chunk);
	for (size_t i = 0; i < count; i++)
		if (wants_room(&chunk, intakes[i].problem)) {
			*intakes[i].to = given[i];
			again[(*again_count)++] = todo[i];
		}
	return OK;
}

static err submit_chunk(struct send *s, struct workbench *bench, struct arena *a, const size_t *todo, size_t count)
{
	size_t again[CHUNK_MOST], again_count = 0, nothing = 0;

	must(count <= CHUNK_MOST);
	TRY(submit_together(s, bench, a, todo, count, again, &again_count));
	for (size_t i = 0; i < again_count; i++)
		TRY(submit_together(s, bench, a, &again[i], 1, NULL, &nothing));
	return OK;
}

static err submit_chunks(struct send *s)
{
	OWNED(workbench_done) struct workbench *bench = NULL;
	OWNED(arena_done) struct arena *a = NULL;

	TRY(workbench_open(s->line, &bench));
	TRY(arena_open((size_t)s->line->config->limits.chunk_bytes, &a));
	while (!stop_wanted() && !atomic_load(&s->halted)) {
		size_t at = atomic_fetch_add(&s->next, s->chunk_size);
		if (at >= s->todo_count)
			break;
		size_t count = s->todo_count - at < s->chunk_size ? s->todo_count - at : s->chunk_size;
		TRY(submit_chunk(s, bench, a, s->todo + at, count));
	}
	return OK;
}

void *send_submit(void *state)
{
	struct send *s = state;
	err e = submit_chunks(s);

	if (failed(e))
		send_halt(s, e, NULL);
	pthread_mutex_lock(&s->lock);
	s->working--;
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ── Trying out ── */

static err try_keys(struct send *s, struct key_directory **directory, struct arena *a, struct intake *in)
{
	const struct key_searching search = { s->line, s->db, directory, .keep = false };

	if (s->sub->seal != SEAL_AUTO && !enclose_is(s->sub->seal))
		return OK;
	TRY(enclose_weigh(s->line, s->db, a, in));
	return s->sub->seal == SEAL_SMIME ? OK : key_search(&search, a, in);
}

static err try_row(struct send *s, struct key_directory **directory, struct arena *a, struct intake *in)
{
	struct list_row row = { .documents = (str *)(uintptr_t)in->document_names,
				.document_count = in->document_count };

	err suppressed = flow_suppression_check(s->line, s->db, a, in->to->address.text, &in->fault);
	in->suppressed = suppressed.why == WHY_SUPPRESSED;
	TRY(suppressed);
	TRY(check_documents(s->documents_fd, &row, s->line->config->limits.document_bytes, a, &in->to->documents,
			    &in->fault));
	for (struct document *doc = in->to->documents; doc; doc = doc->next) {
		struct content found = { 0 };
		TRY(check_document_content(s->line->content, s->documents_fd, a, doc, &found, &in->fault));
		in->active |= found.active;
		in->flagged |= found.active & ~content_check_tolerated(s->line->content);
	}
	TRY(try_keys(s, directory, a, in));
	err e = decide(s->line, s->sub, in);
	if (!failed(e) && enclose_is(in->to->seal))
		e = enclose_find_key(s->line, in);
	if (!failed(e))
		e = compose_check(s->line->compose, s->sub, in->to, &in->fault);
	in->to->documents = NULL;
	return e;
}

/* --dry-run: all that can be judged without storing or sending. */
err send_try_all(struct send *s, const struct send_watch *watch, struct arena *a)
{
	OWNED(key_directory_done) struct key_directory *directory = NULL;

	for (size_t i = 0; i < s->todo_count && !stop_wanted(); i++) {
		struct intake in;
		SCRATCH(a);
		fill_intake(&s->rows[s->todo[i]], &in);
		in.problem = try_row(s, &directory, a, &in);
		if (failed(in.problem) && in.problem.fate != FATE_NEVER && in.problem.why != WHY_UNSCANNED)
			return in.problem;
		if (failed(in.problem))
			stop_row(s, s->todo[i], &in);
		else
			count_row(s, &in);
		watch->tick(watch->state, &s->count, "");
	}
	return OK;
}
