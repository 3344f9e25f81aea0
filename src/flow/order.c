#include "flow/order.h"

#include "flow/objects.h"
#include "flow/run.h"
#include "sys/sys.h"
#include "wire/json.h"

#include <stdatomic.h>

enum { ANSWER_MAX = 16 * 1024, TOLD_MAX = 3 };

struct work {
	struct arena *arena;
	const struct order *order;
	const char *dir;
	struct config config; /* with the run's database */
	struct clock clock;
	struct entropy entropy;
	struct bucket *lists, *documents, *runs; /* `documents` may be `lists` */
	struct bucket_object list;
	id id;
	str results; /* name of the object */
	struct run *run;
	struct line *line;
	struct send *send;
};

/* ── Which run ───────────────────────────────────────────────────────────────────────────────────── */

/* With its length before it, so that two texts never read as two others. */
static err digest(struct hash *h, str part)
{
	char be[8];

	put_u64be(be, part.len);
	TRY(hash_add(h, str_bytes(be, sizeof be)));
	return hash_add(h, part);
}

static err name_run(struct work *w)
{
	const struct order *o = w->order;
	OWNED(hash_done) struct hash *h = NULL;
	uint8_t sum[SHA256_LEN];
	str how;

	TRY(str_format(w->arena, &how, "%d %d %d %d %lld", (int)o->how.seal, (int)o->how.proof, (int)o->how.mode,
		       (int)o->how.hide_names, (long long)o->how.expires));
	const str parts[] = { STR("letterlock order 1"), o->bucket,           o->list,  str_of(w->list.etag),
			      o->documents_bucket,       o->documents,        o->label, how,
			      o->how.template_name,      o->how.proof_columns };
	TRY(hash_open(&h));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		TRY(digest(h, parts[i]));
	TRY(hash_finish(h, sum));
	memcpy(w->id.byte, sum, sizeof w->id.byte);
	return OK;
}

static err name_results(struct work *w)
{
	str name = w->order->list;

	if (str_ends(name, STR(".csv")))
		name.len -= 4;
	return str_format(w->arena, &w->results, "%.*s%.*s-results.csv", STR_ARG(w->config.lambda.results),
			  STR_ARG(name));
}

/* ── What send asks for ──────────────────────────────────────────────────────────────────────────── */

static err fetch_document(void *state, struct arena *a, str name, struct sink *to, struct fault *fault)
{
	struct work *w = state;
	str key;

	TRY(str_format(a, &key, "%.*s%.*s", STR_ARG(w->order->documents), STR_ARG(name)));
	err e = bucket_fetch(w->documents, a, key, w->config.limits.document_bytes, to);
	if (e.why == WHY_LIMIT)
		fault_set(fault, "the document %.*s cannot be used: it is larger than the limit for a document",
			  STR_ARG(str_upto(name, 300)));
	return e;
}

static err show_results(struct work *w)
{
	OWNED(arena_done) struct arena *a = NULL;
	str bytes;

	TRY(arena_open_secret((size_t)4 << 30, &a));
	TRY(file_read_private(a, run_results(w->run), (size_t)1 << 30, &bytes));
	return bucket_put(w->lists, w->results, bytes);
}

/* What was planned is in the run's log before anything is accepted; the object is there for people. */
static err keep_results(void *state, bool planned)
{
	struct work *w = state;

	if (planned)
		TRY(run_keep_results(w->run));
	return show_results(w);
}

static err may_mail(void *state)
{
	return run_may_mail(((struct work *)state)->run);
}

/* ── Steps ───────────────────────────────────────────────────────────────────────────────────────── */

static err open_buckets(struct work *w, struct fault *fault)
{
	str bucket, prefix;
	const struct order *o = w->order;

	err e = objects_place(&w->config, w->arena, &bucket, &prefix);
	if (failed(e)) {
		fault_set(fault,
			  "store: what has no machine of its own keeps documents in a bucket, s3://BUCKET/PREFIX");
		return e;
	}
	TRY(objects_bucket(&w->config, o->bucket, &w->lists, fault));
	if (o->documents_bucket.len && !str_same(o->documents_bucket, o->bucket))
		TRY(objects_bucket(&w->config, o->documents_bucket, &w->documents, fault));
	else
		w->documents = w->lists;
	return objects_bucket(&w->config, bucket, &w->runs, fault);
}

static err list_fault(struct fault *fault, const struct order *o, err e)
{
	fault_set(fault, "s3://%.*s/%.*s: %s", STR_ARG(o->bucket), STR_ARG(o->list), e.note);
	return e;
}

static err look_at_list(struct work *w, bool *replaced, struct fault *fault)
{
	const struct order *o = w->order;
	err e = bucket_look(w->lists, w->arena, o->list, &w->list);
	str etag = str_of(w->list.etag);

	if (failed(e))
		return list_fault(fault, o, e);
	if (w->list.size > w->config.limits.list_bytes)
		return list_fault(fault, o, NEVER(LIST, "the list is larger than limits.list_bytes"));
	if (etag.len >= 2 && etag.at[0] == '"')
		etag = str_upto(str_from(etag, 1), etag.len - 2);
	*replaced = o->etag.len && !str_same(o->etag, etag);
	return OK;
}

static err inside(struct work *w, const char *name, const char **out)
{
	return path_join(w->arena, w->dir, str_of(name), out);
}

static err fetch_list(struct work *w, const char **path, struct fault *fault)
{
	OWNED(sink_done) struct sink to = { 0 };
	OWNED(fd_done) int fd = -1;

	TRY(inside(w, "list.csv", path));
	TRY(file_open(*path, FILE_NEW, 0600, &fd));
	TRY(file_sink(w->arena, fd, &to));
	err e = bucket_read(w->lists, w->arena, w->order->list, &w->list, &to);
	if (failed(e))
		return list_fault(fault, w->order, e);
	return sink_finish(&to);
}

static err take_run(struct work *w, struct fault *fault)
{
	OWNED(keyring_done) struct keyring *keys = NULL;
	char text[ID_TEXT];
	struct buf name = BUF_ON(text);
	const char *dir;
	str bucket, prefix;

	buf_add_id(&name, w->id);
	TRY(objects_place(&w->config, w->arena, &bucket, &prefix));
	TRY(str_format(w->arena, &prefix, "%.*sruns/%.*s/", STR_ARG(prefix), STR_ARG(buf_str(&name))));
	TRY(inside(w, "run", &dir));
	TRY(dir_make(dir, 0700));
	TRY(line_open(w->arena, &w->config, w->clock, w->entropy, &w->line, fault));
	const struct run_options options = {
		.bucket = w->runs,
		.prefix = prefix.at,
		.id = w->id,
		.dir = dir,
		.keys = w->line->keys,
		.clock = w->clock,
		.entropy = w->entropy,
		.lease = w->config.lambda.lease,
	};
	TRY(run_open(&options, &w->run, fault));
	w->config.database = run_database(w->run);
	return OK;
}

static err plan(struct work *w, struct fault *fault)
{
	struct send_options o = w->order->how;
	const char *list, *documents;

	TRY(fetch_list(w, &list, fault));
	TRY(inside(w, "documents", &documents));
	TRY(dir_make(documents, 0700));
	o.list_path = list;
	o.documents_dir = documents;
	o.results_path = run_results(w->run);
	o.resume = run_has_results(w->run);
	o.once = o.wait = true;
	o.elsewhere = (struct send_elsewhere){ fetch_document, keep_results, may_mail, w };
	return send_plan(w->line, &o, &w->send, fault);
}

/* ── The answer ──────────────────────────────────────────────────────────────────────────────────── */

static void add_id_field(struct buf *b, const char *name, id which)
{
	char text[ID_TEXT];
	struct buf t = BUF_ON(text);

	buf_add_id(&t, which);
	buf_add_json_field(b, name, buf_str(&t));
}

/* Why the first few rows were refused: the others stand in the results. */
static void add_problems(struct buf *b, const struct results *r)
{
	unsigned told = 0;

	buf_add(b, STR(",\"problems\":["));
	for (size_t i = 0; i < r->count && told < TOLD_MAX; i++) {
		if (r->rows[i].status == ROW_DELIVERED || !r->rows[i].problem.len)
			continue;
		if (told++)
			buf_add_char(b, ',');
		buf_add_json(b, str_upto(r->rows[i].problem, 512));
	}
	buf_add_char(b, ']');
}

static err answer(struct work *w, enum order_state state, str *out)
{
	struct send_count count;
	struct buf b;
	str where;

	send_counts(w->send, &count);
	TRY(buf_open(w->arena, ANSWER_MAX, &b));
	TRY(str_format(w->arena, &where, "s3://%.*s/%.*s", STR_ARG(w->order->bucket), STR_ARG(w->results)));
	buf_add_char(&b, '{');
	buf_add_json_field(&b, "state", state == ORDER_DONE ? STR("done") : STR("waiting"));
	add_id_field(&b, "run", w->id);
	add_id_field(&b, "submission", send_submission(w->send));
	buf_add_json_number(&b, "rows", count.rows);
	buf_add_json_number(&b, "folded", count.folded);
	for (enum row_status s = ROW_WAITING; s <= ROW_CANCELLED; s++)
		buf_add_json_number(&b, row_status_name(s).at, count.by_status[s]);
	buf_add_json_number(&b, "held", count.held);
	buf_add_json_field(&b, "results", where);
	if (send_trouble(w->send)[0])
		buf_add_json_field(&b, "trouble", str_of(send_trouble(w->send)));
	add_problems(&b, send_results(w->send));
	buf_add_char(&b, '}');
	*out = buf_str(&b);
	return buf_check(&b);
}

static err replaced(struct work *w, str *out)
{
	struct buf b;

	TRY(buf_open(w->arena, 2 * BUCKET_NAME_MAX + 1024, &b));
	buf_add_char(&b, '{');
	buf_add_json_field(&b, "state", STR("replaced"));
	buf_add_json_field(&b, "list", w->order->list);
	buf_add_char(&b, '}');
	*out = buf_str(&b);
	return buf_check(&b);
}

/* ── All of it ───────────────────────────────────────────────────────────────────────────────────── */

static void tick(void *state, const struct send_count *count, const char *trouble)
{
	(void)state, (void)count, (void)trouble;
}

static err finish(struct work *w, enum order_state *state, str *out)
{
	struct send_count count;

	send_counts(w->send, &count);
	*state = count.ended == count.rows - count.folded ? ORDER_DONE : ORDER_WAITING;
	TRY(answer(w, *state, out));
	send_done(&w->send); /* its connection to the database, before the last entry */
	return *state == ORDER_DONE ? run_end(w->run, *out) : run_rest(w->run);
}

static err carry_out(struct work *w, enum order_state *state, str *out, struct fault *fault)
{
	const struct send_watch watch = { .tick = tick };

	TRY(plan(w, fault));
	TRY(send_work(w->send, &watch, fault));
	return finish(w, state, out);
}

static err work(struct work *w, enum order_state *state, str *out, struct fault *fault)
{
	bool gone = false;

	TRY(open_buckets(w, fault));
	TRY(look_at_list(w, &gone, fault));
	if (gone) {
		*state = ORDER_REPLACED;
		return replaced(w, out);
	}
	TRY(name_run(w));
	TRY(name_results(w));
	TRY(take_run(w, fault));
	*state = ORDER_DONE;
	str before;
	if (run_has_ended(w->run, &before))
		return str_copy(w->arena, before, out);
	err e = carry_out(w, state, out, fault);
	send_done(&w->send);
	if (failed(e) && e.fate != FATE_BROKEN)
		(void)failed(run_rest(w->run)); /* so that the next one need not wait for silence */
	return e;
}

static void work_done(struct work *w)
{
	send_done(&w->send);
	run_done(&w->run);
	line_done(&w->line);
	if (w->documents != w->lists)
		bucket_done(&w->documents);
	bucket_done(&w->lists);
	bucket_done(&w->runs);
}

err flow_order(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
	       const char *dir, const struct order *order, enum order_state *state, str *answer_, struct fault *fault)
{
	OWNED(work_done)
	struct work w = {
		.arena = a, .order = order, .dir = dir, .config = *config, .clock = clock, .entropy = entropy
	};

	return work(&w, state, answer_, fault);
}
