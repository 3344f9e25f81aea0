#include "door/lambda/lambda.h"

#include "flow/order.h"
#include "sys/sys.h"
#include "wire/json.h"
#include "wire/order_event.h"

#include <stdio.h>

enum { ANSWER_MAX = 120 * 1024 };

struct handling {
	struct arena *arena;
	const struct config *config;
	struct clock clock;
	struct entropy entropy;
	const char *dir;
	struct buf lists; /* of the answer */
	size_t told;
	/* The first thing that was not done; what waits goes before what is refused, for it is worth another try. */
	const char *type;
	char words[1024];
};

/* ── What an event asks for ──────────────────────────────────────────────────────────────────────── */

static err refuse(struct fault *fault, const char *words)
{
	fault_set(fault, "%s", words);
	return NEVER(USAGE, "a word of the event is not understood");
}

static err read_form(const struct order_wish *w, const struct config *c, struct send_options *o, struct fault *fault)
{
	o->seal = (enum seal_kind)c->seal.as; /* the same order, as config.h says */
	if (w->as.len == 0)
		return OK;
	for (enum seal_kind k = SEAL_OPEN; k <= SEAL_AUTO; k++)
		if (str_same(w->as, seal_kind_name(k))) {
			o->seal = k;
			return OK;
		}
	return refuse(fault, "as: it is open, zip, pdf, smime, pgp or auto");
}

static err read_proof(const struct order_wish *w, const struct config *c, struct send_options *o, struct fault *fault)
{
	str given = w->proof.len ? w->proof : c->lambda.proof, kind, columns;

	o->proof = (enum proof_kind)c->proof.by;
	if (given.len == 0)
		return o->proof == PROOF_PASSWORD ? OK : refuse(fault, "proof: set lambda.proof, or say which columns");
	bool has_columns = str_cut(given, ':', &kind, &columns);
	o->proof_columns = columns;
	o->proof = str_same(kind, STR("details")) ? PROOF_DETAILS
		   : str_same(kind, STR("code"))  ? PROOF_CODE
						  : PROOF_PASSWORD;
	if (str_same(kind, proof_kind_name(o->proof)) && has_columns == (o->proof != PROOF_PASSWORD) &&
	    (columns.len > 0) == has_columns)
		return OK;
	return refuse(fault, "proof: it is password, details:COLUMN[+COLUMN…] or code:COLUMN");
}

/* The page asks the database of the machine that serves it, and no such machine sees the database of a run in a bucket:
 * links to it would open nothing. */
static err read_link(const struct order_wish *w, struct send_options *o, struct fault *fault)
{
	bool in_the_mail = o->seal == SEAL_SMIME || o->seal == SEAL_PGP;

	if (w->link.len && !str_same(w->link, STR("page")) && !str_same(w->link, STR("presigned")))
		return refuse(fault, "link: it is presigned");
	if (in_the_mail)
		return OK;
	o->mode = LINK_PRESIGNED;
	if (!str_same(w->link, STR("page")))
		return OK;
	return refuse(fault,
		      "link: page needs a machine that serves the page and knows the links, which a function has "
		      "not: say presigned, or use `letterlock send` and `serve` on a machine");
}

/* What stands before the names of documents: as the event says, as the configuration says, or what stands before the
 * list's own. */
static void place_documents(const struct order_wish *w, const struct config *c, struct order *o)
{
	o->documents_bucket = w->documents_bucket;
	o->documents = w->documents;
	if (w->has_documents)
		return;
	o->documents = c->lambda.documents;
	if (o->documents.len)
		return;
	o->documents = w->list;
	while (o->documents.len && !str_ends(o->documents, STR("/")))
		o->documents.len--;
}

static err read_wish(const struct order_wish *w, const struct config *c, struct order *out, struct fault *fault)
{
	struct send_options *o = &out->how;

	*out = (struct order){ .bucket = w->bucket, .list = w->list, .etag = w->etag, .label = w->label };
	place_documents(w, c, out);
	o->template_name = w->template_name.len ? w->template_name : c->mail.template;
	o->hide_names = w->hide_names;
	o->expires = w->expires ? w->expires : c->link.expires;
	o->patience = c->lambda.patience;
	o->rows_max = c->limits.list_rows;
	TRY(read_form(w, c, o, fault));
	TRY(read_link(w, o, fault));
	return read_proof(w, c, o, fault);
}

/* ── One list ────────────────────────────────────────────────────────────────────────────────────── */

static void complain(struct handling *h, const char *type, const struct order_wish *w, str words)
{
	struct buf b = { .at = h->words, .max = sizeof h->words - 1 };
	bool waits = h->type && strcmp(h->type, "Letterlock.Refused") != 0;

	if (waits || (h->type && strcmp(type, "Letterlock.Refused") == 0))
		return;
	h->type = type;
	if (w)
		buf_add_format(&b, "s3://%.*s/%.*s: ", STR_ARG(w->bucket), STR_ARG(w->list));
	buf_add_escaped(&b, str_upto(words, b.max - b.len));
	h->words[b.len] = 0;
}

static void tell(struct handling *h, str json)
{
	if (h->told++)
		buf_add_char(&h->lists, ',');
	buf_add(&h->lists, json);
}

/* LATER: ask again. NEVER: asking again does not help. BROKEN: somebody should look at it, and another try may do. */
static void tell_failure(struct handling *h, const struct order_wish *w, const struct fault *fault, err e)
{
	char room[2048];
	struct buf words = BUF_ON(room);
	const char *type = e.why == WHY_BUSY      ? "Letterlock.Busy"
			   : e.fate == FATE_NEVER ? "Letterlock.Refused"
						  : "Letterlock.Failed";

	buf_add_fault(&words, fault, e);
	complain(h, type, w, buf_str(&words));
}

static err make_dir(struct handling *h, size_t number, const char **out)
{
	char name[24];

	snprintf(name, sizeof name, "%zu", number);
	TRY(path_join(h->arena, h->dir, str_of(name), out));
	return dir_make(*out, 0700);
}

static bool is_results(const struct order_wish *w, const struct config *c)
{
	return str_starts(w->list, c->lambda.results) || !str_ends(w->list, STR(".csv"));
}

static void handle_wish(struct handling *h, const struct order_wish *w, size_t number)
{
	struct fault fault = { 0 };
	enum order_state state;
	struct order order;
	const char *dir;
	str answer;

	if (is_results(w, h->config)) {
		tell(h, STR("{\"state\":\"no list\"}")); /* our own results, put where the trigger looks */
		return;
	}
	err e = read_wish(w, h->config, &order, &fault);
	if (!failed(e))
		e = make_dir(h, number, &dir);
	if (!failed(e))
		e = flow_order(h->arena, h->config, h->clock, h->entropy, dir, &order, &state, &answer, &fault);
	if (failed(e)) {
		tell_failure(h, w, &fault, e);
		return;
	}
	(void)failed(dir_remove_all(dir));
	tell(h, answer);
	if (state == ORDER_WAITING)
		complain(h, "Letterlock.Waiting", w, answer);
}

/* ── One event ───────────────────────────────────────────────────────────────────────────────────── */

static err read_event(struct handling *h, const struct invocation *what, struct order_wish **wishes, size_t *count)
{
	struct fault fault = { 0 };
	err e = what->too_long ? NEVER(LIMIT, "the event has more than a MiB")
			       : order_event_read(h->arena, what->event, wishes, count, &fault);

	if (failed(e))
		tell_failure(h, NULL, &fault, e);
	return e;
}

static err handle(struct handling *h, const struct invocation *what)
{
	struct order_wish *wishes;
	size_t count;

	TRY(buf_open(h->arena, ANSWER_MAX, &h->lists));
	TRY(read_event(h, what, &wishes, &count));
	buf_add(&h->lists, STR("{\"lists\":["));
	for (size_t i = 0; i < count; i++) {
		if (stop_wanted()) {
			complain(h, "Letterlock.Waiting", &wishes[i], STR("there was no time left for it"));
			break;
		}
		handle_wish(h, &wishes[i], i);
	}
	buf_add(&h->lists, STR("]}"));
	return buf_check(&h->lists);
}

void lambda_handle(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
		   const char *dir, const struct invocation *what, struct handled *out)
{
	struct handling h = { .arena = a, .config = config, .clock = clock, .entropy = entropy, .dir = dir };
	err e = handle(&h, what);

	if (failed(e) && !h.type)
		tell_failure(&h, NULL, &(struct fault){ 0 }, e);
	*out = (struct handled){ .type = h.type, .text = buf_str(&h.lists) };
	if (h.type && failed(str_copy(a, str_of(h.words), &out->text)))
		out->text = STR("memory ran out");
}
