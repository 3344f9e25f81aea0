#include "check/content_inside.h"

#include "sys/sys.h"

#include <stdlib.h>

err content_check_open(const struct content_options *options, struct content_check **out)
{
	struct content_check *c = calloc(1, sizeof *c);

	if (!c)
		return LATER(MEMORY, "no memory");
	c->options = *options;
	pthread_mutex_init(&c->lock, NULL);
	*out = c;
	return OK;
}

void content_check_done(struct content_check **c)
{
	if (!*c)
		return;
	pthread_mutex_destroy(&(*c)->lock);
	free(*c);
	*c = NULL;
}

bool content_check_scans(const struct content_check *c)
{
	return c->options.clamd;
}

uint32_t content_check_tolerated(const struct content_check *c)
{
	return c->options.rules.tolerated;
}

/* ── One reading, three ways ── */

struct reading {
	struct source *document;
	struct hash *hash;
	struct sink scan; /* empty: nobody scans, or the scan has failed */
	err scan_failed;
	struct fault scan_problem;
	err read_failed;
	uint64_t size, size_max;
};

/* A scan that failed does not end the reading: what the other look finds may refuse the document for good. */
static void pass_on(struct reading *r, str bytes)
{
	if (!r->scan.ops)
		return;
	r->scan_failed = sink_put(&r->scan, bytes);
	if (failed(r->scan_failed))
		sink_done(&r->scan);
}

static err read_on(void *state, void *to, size_t max, size_t *got)
{
	struct reading *r = state;

	r->read_failed = source_read(r->document, to, max, got);
	TRY(r->read_failed);
	r->size += *got;
	if (r->scan.ops && r->size > r->size_max) {
		sink_done(&r->scan);
		r->scan_failed = NEVER(UNSCANNED, "the document is larger than what is scanned");
	}
	pass_on(r, str_bytes(to, *got));
	return hash_add(r->hash, str_bytes(to, *got));
}

static err read_to_the_end(struct source *from)
{
	char window[STREAM_WINDOW];
	size_t got;

	do
		TRY(source_read(from, window, sizeof window, &got));
	while (got);
	return OK;
}

/* ── Verdicts ── */

static err too_large(const struct content_check *c, struct fault *fault)
{
	fault_set(fault,
		  "it is larger than the %llu bytes that are scanned for malware (check.clamd_bytes, and clamd's "
		  "StreamMaxLength)",
		  (unsigned long long)clamd_bytes_max(c->options.clamd));
	return NEVER(UNSCANNED, "the document is larger than what is scanned");
}

static err infected(const struct clamd_verdict *v, struct fault *fault)
{
	fault_set(fault,
		  v->opaque ? "clamd could not look into all of it (%s)"
			    : "it is infected with malware: clamd found %s",
		  v->name);
	return NEVER(MALWARE, "the document was not found clean");
}

static err scan_verdict(const struct content_check *c, const struct reading *r, struct content *out)
{
	if (!c->options.clamd)
		return OK;
	if (!out->scanned && r->scan_failed.fate == FATE_NEVER)
		return too_large(c, &out->problem);
	if (!out->scanned) {
		fault_set(&out->problem, "it is held, because it could not be scanned for malware: %s",
			  r->scan_problem.what);
		return LATER(UNSCANNED, "the document could not be scanned");
	}
	return out->scan.infected ? infected(&out->scan, &out->problem) : OK;
}

/* Malware first, then what is refused for good: whoever is only held is tried again. */
static void judge_both(err look, const struct fault *look_problem, err scan, struct content *out)
{
	bool by_look = failed(look) && scan.why != WHY_MALWARE && (look.fate == FATE_NEVER || scan.fate != FATE_NEVER);

	out->verdict = by_look ? look : scan;
	if (by_look)
		out->problem = *look_problem;
}

/* ── The look at its type ── */

static err held_by_look(struct fault *fault, const char *words)
{
	char room[sizeof fault->what];

	escaped_copy(room, sizeof room, str_of(words));
	fault_set(fault, "it is held: %s", room);
	return LATER(UNSCANNED, "the document could not be judged");
}

static err look_verdict(const struct file_verdict *v, struct fault *fault)
{
	if (v->outcome == FILE_ALLOWED)
		return OK;
	fault_set(fault, "%.*s", STR_ARG(v->reason));
	return v->outcome == FILE_HELD ? held_by_look(fault, fault->what) : NEVER(DOCUMENT, "it may not enter");
}

/* *verdict: what the look says, or that nobody could look. An error is this machine's. */
static err look(const struct content_check *c, struct arena *a, str name, str declared, struct source *document,
		struct content *out, err *verdict, struct fault *fault)
{
	struct file_verdict v = { 0 };

	*verdict = OK;
	if (!c->options.inspectors)
		return OK;
	err e = check_file(c->options.inspectors, a, &c->options.rules, name, declared, document, &v, fault);
	if (e.fate == FATE_BROKEN)
		return e;
	if (failed(e)) {
		if (fault_empty(fault))
			fault_set(fault, "it could not be looked into: %s", e.note);
		*verdict = e.fate == FATE_NEVER ? NEVER(DOCUMENT, "it could not be looked into")
						: held_by_look(fault, fault->what);
		return OK;
	}
	out->looked = true;
	out->type = v.type;
	out->active = v.active;
	*verdict = look_verdict(&v, fault);
	return OK;
}

static err begin(const struct content_check *c, struct arena *a, struct reading *r, struct content *out)
{
	TRY(hash_open(&r->hash));
	if (!c->options.clamd)
		return OK;
	r->size_max = clamd_bytes_max(c->options.clamd);
	r->scan_failed = clamd_scan(a, c->options.clamd, &out->scan, &r->scan_problem, &r->scan);
	/* What is not clamd's failure is this machine's: no memory. */
	return r->scan_failed.why == WHY_UNSCANNED ? OK : r->scan_failed;
}

static err finish(struct reading *r, struct content *out)
{
	out->size = r->size;
	TRY(hash_finish(r->hash, out->sha256));
	if (!r->scan.ops)
		return OK;
	r->scan_failed = sink_finish(&r->scan);
	out->scanned = !failed(r->scan_failed);
	return OK;
}

static err judge(const struct content_check *c, struct arena *a, str name, str declared, struct reading *r,
		 struct content *out)
{
	static const struct source_ops ops = { .read = read_on };
	struct source document = { &ops, r };
	struct fault problem = { 0 };
	err seen;

	err e = look(c, a, name, declared, &document, out, &seen, &problem);
	TRY(r->read_failed);
	TRY(e);
	TRY(read_to_the_end(&document));
	TRY(finish(r, out));
	judge_both(seen, &problem, scan_verdict(c, r, out), out);
	return OK;
}

err check_content(struct content_check *c, struct arena *a, str name, str declared, struct source *document,
		  struct content *out)
{
	SCRATCH(a);
	struct reading r = { .document = document };
	struct content found = { .type = FILE_TYPES };

	err e = begin(c, a, &r, &found);
	if (!failed(e))
		e = judge(c, a, name, declared, &r, &found);
	sink_done(&r.scan);
	hash_done(&r.hash);
	TRY(e);
	*out = found;
	return OK;
}

/* ── A document of a list ── */

static err read_and_check(struct content_check *c, struct arena *a, int *fd, struct document *doc, struct content *out)
{
	OWNED(source_done) struct source from = { 0 };

	TRY(file_source(a, *fd, &from));
	*fd = -1;
	TRY(check_content(c, a, str_of(doc->path), STR_NONE, &from, out));
	if (!failed(out->verdict) && out->size != doc->size) {
		fault_set(&out->problem, "the file changed while it was read; send this row again");
		out->verdict = NEVER(DOCUMENT, "the file changed while it was read");
	}
	return OK;
}

static err check_open_file(struct content_check *c, struct arena *a, int *fd, struct document *doc, struct content *out)
{
	uint8_t key[SHA256_LEN];

	TRY(content_key(*fd, doc, key));
	if (content_known(c, key, out))
		return OK;
	TRY(read_and_check(c, a, fd, doc, out));
	if (!failed(out->verdict))
		content_remember(c, key, out);
	return OK;
}

err check_document_content(struct content_check *c, int dir_fd, struct arena *a, struct document *doc,
			   struct content *out, struct fault *fault)
{
	SCRATCH(a);
	OWNED(fd_done) int fd = -1;
	struct content here = { 0 }, *found = out ? out : &here;

	TRY(file_open_beneath(a, dir_fd, str_of(doc->path), &fd));
	TRY(check_open_file(c, a, &fd, doc, found));
	memcpy(doc->sha256, found->sha256, SHA256_LEN);
	if (failed(found->verdict))
		fault_set(fault, "the document %.*s cannot be used: %s", STR_ARG(doc->name), found->problem.what);
	return found->verdict;
}
