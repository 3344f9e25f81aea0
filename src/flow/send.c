/* The frame of a run: planned, its results written for the first time, and closed. */
#include "flow/send.h"

#include "flow/enclose.h"
#include "flow/objects.h"
#include "flow/send_inside.h"
#include "seal/pdf.h"
#include "sys/sys.h"

#define PLAN_MEMORY ((size_t)8 * 1024 * 1024 * 1024)

/* ── Rows by their delivery ── */

static size_t slot_of(const struct send *s, id delivery)
{
	size_t h;

	memcpy(&h, delivery.byte, sizeof h);
	return h & (s->slots - 1);
}

err send_index(struct send *s)
{
	s->slots = 16;
	while (s->slots < 2 * s->results.count)
		s->slots *= 2;
	TRY(NEW_ARRAY(s->arena, s->slots, s->by_delivery));
	for (size_t i = 0; i < s->results.count; i++) {
		if (id_none(s->results.rows[i].delivery))
			continue;
		size_t at = slot_of(s, s->results.rows[i].delivery);
		while (s->by_delivery[at])
			at = (at + 1) & (s->slots - 1);
		s->by_delivery[at] = i + 1;
	}
	return OK;
}

bool send_find(const struct send *s, id delivery, size_t *row)
{
	for (size_t at = slot_of(s, delivery); s->by_delivery[at]; at = (at + 1) & (s->slots - 1)) {
		size_t i = s->by_delivery[at] - 1;
		if (id_same(s->results.rows[i].delivery, delivery)) {
			*row = i;
			return true;
		}
	}
	return false;
}

/* ── Planning ── */

static err unsupported(struct fault *fault, const char *words)
{
	fault_set(fault, "%s", words);
	return NEVER(UNSUPPORTED, "not in this version");
}

/* Who could never get a code should not get a link either. */
static err check_code(const struct line *line, const struct send_options *o, struct fault *fault)
{
	if (o->proof != PROOF_CODE)
		return OK;
	if (o->seal != SEAL_OPEN && o->seal != SEAL_AUTO)
		return unsupported(fault, "--proof code opens documents at the page: use --as open or auto");
	if (str_has(o->proof_columns, '+')) {
		fault_set(fault, "--proof code:COLUMN takes the one column that has the telephone number");
		return NEVER(USAGE, "more than one telephone");
	}
	if (line->config->sms.url.len == 0) {
		fault_set(fault, "--proof code needs a gateway for text messages: set sms.url");
		return NEVER(CONFIG, "no gateway for codes");
	}
	return OK;
}

/* The URL opens the stored bytes to whoever has it: they must protect themselves, and it must live as long as is said.
 */
static err check_presigned(const struct line *line, const struct send_options *o, struct fault *fault)
{
	if (o->mode != LINK_PRESIGNED)
		return OK;
	if (!store_has_direct(line->store))
		return unsupported(fault, "--link presigned needs a bucket that recipients can reach: store: "
					  "s3://BUCKET/PREFIX; --link page works with every store");
	if (o->seal != SEAL_ZIP && o->seal != SEAL_PDF)
		return unsupported(fault, "--link presigned hands out the stored bytes as they are: use --as zip or "
					  "--as pdf, which need no page to protect them");
	if (o->expires > STORE_SHARED_MAX) {
		fault_set(fault, "--link presigned: such a URL lives for seven days at the most; let it end earlier "
				 "with --expires 7d, or use --link page");
		return NEVER(USAGE, "a presigned URL lives for seven days at the most");
	}
	return objects_promise(line->store, clock_now(&line->clock), o->expires, fault);
}

static err check_options(const struct send_options *o, struct fault *fault)
{
	if (o->hide_names && o->seal != SEAL_ZIP)
		return unsupported(fault, "--hide-names goes with --as zip");
	return OK;
}

/* It seals, wherever else documents are not looked into. */
static err take_inspectors(struct line *line, enum seal_kind seal, struct fault *fault)
{
	uint32_t pass;

	if (seal == SEAL_PGP || seal == SEAL_AUTO)
		TRY(line_search_keys(line));
	if (enclose_is(seal))
		return line_take_inspectors(line, fault);
	if (seal != SEAL_PDF && seal != SEAL_AUTO)
		return OK;
	err e = seal_pdf_pass(line->config->seal.pdf_pass, &pass, fault);
	if (failed(e)) {
		fault_where(fault, STR("seal.pdf_pass"), 0, 0);
		return e;
	}
	return line_take_inspectors(line, fault);
}

static err open_documents(struct send *s, struct fault *fault)
{
	err e = dir_open(s->options.documents_dir, &s->documents_fd);

	if (failed(e)) {
		fault_where(fault, str_of(s->options.documents_dir), 0, 0);
		fault_set(fault, "the directory of documents cannot be opened");
	}
	return e;
}

static err new_submission(struct send *s)
{
	struct line *line = s->line;
	moment now = clock_now(&line->clock);

	TRY(submission_new(s->arena, line->keys, &line->entropy, now, &s->sub));
	/* The submission outlives its links by what the configuration keeps of documents, then of records. */
	s->sub->expires_at = now + s->options.expires + line->config->link.erase_after;
	s->sub->erase_at = s->sub->expires_at + line->config->link.records_after;
	s->sub->from = line->from;
	s->sub->from_name = line->config->sender.name;
	s->sub->template_name = s->options.template_name;
	s->sub->seal = s->options.seal;
	s->sub->mode = s->options.mode;
	return OK;
}

/* A template that cannot be rendered is the run's fault, not a row's: it is found with the first row that may go. */
static err try_template(struct send *s, struct fault *fault)
{
	struct document example = { .name = STR("example.pdf"), .type = STR("application/pdf"), .size = 1 };

	for (size_t i = 0; i < s->results.count; i++) {
		struct recipient *to = s->rows[i].to;
		if (!to)
			continue;
		to->documents = &example;
		err e = compose_check(s->line->compose, s->sub, to, fault);
		to->documents = NULL;
		return e;
	}
	return OK;
}

static err list_todo(struct send *s)
{
	TRY(NEW_ARRAY(s->arena, s->results.count, s->todo));
	for (size_t i = 0; i < s->results.count; i++)
		if (s->rows[i].to && !s->rows[i].accepted && !s->rows[i].ended)
			s->todo[s->todo_count++] = i;
	return OK;
}

static err plan(struct send *s, struct fault *fault)
{
	TRY(check_options(&s->options, fault));
	TRY(check_presigned(s->line, &s->options, fault));
	TRY(line_take_documents(s->line, fault));
	TRY(take_inspectors(s->line, s->options.seal, fault));
	TRY(check_code(s->line, &s->options, fault));
	TRY(arena_open_secret(PLAN_MEMORY, &s->arena));
	TRY(line_db(s->line, &s->db, fault));
	TRY(open_documents(s, fault));
	TRY(new_submission(s));
	TRY(send_read_list(s, fault));
	TRY(try_template(s, fault));
	TRY(send_index(s));
	TRY(list_todo(s));
	TRY(send_same_way(s, fault));
	if (s->options.dry_run)
		return OK;
	fault_where(fault, str_of(s->options.results_path), 0, 0);
	err e = results_write(s->arena, s->options.results_path, &s->results, s->options.resume);
	if (e.why == WHY_EXISTS)
		fault_set(fault,
			  "the results of an earlier run are there; carry that run on with --resume FILE, or name "
			  "another file with --results");
	TRY(e);
	return s->options.elsewhere.results ? s->options.elsewhere.results(s->options.elsewhere.state, true) : OK;
}

err send_plan(struct line *line, const struct send_options *options, struct send **out, struct fault *fault)
{
	struct send *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory");
	s->line = line;
	s->options = *options;
	s->documents_fd = s->list_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	err e = plan(s, fault);
	if (failed(e))
		send_done(&s);
	else
		*out = s;
	return e;
}

void send_done(struct send **send)
{
	struct send *s = *send;

	if (!s)
		return;
	check_list_done(&s->list);
	submission_done(&s->sub);
	fd_done(&s->documents_fd);
	fd_done(&s->list_fd);
	db_done(&s->db);
	pthread_mutex_destroy(&s->lock);
	free(s->notes);
	arena_close(s->arena);
	free(s);
	*send = NULL;
}

/* ── Telling ── */

id send_submission(const struct send *s)
{
	return s->sub->id;
}

void send_counts(const struct send *s, struct send_count *out)
{
	*out = s->count;
}

bool send_stopped(const struct send *s)
{
	return s->stopped;
}

const char *send_notice(const struct send *s)
{
	return s->notice;
}

const char *send_trouble(const struct send *s)
{
	return s->trouble;
}

const struct results *send_results(const struct send *s)
{
	return &s->results;
}
