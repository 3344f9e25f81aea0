/* One PDF, encrypted by the inspector on its way into the store. */
#include "flow/put_away_inside.h"

#include "seal/pdf.h"

/* What the inspector is given is counted and hashed here, not there. */
struct watched {
	struct source *file;
	struct hash *hash;
	uint64_t left;
	const struct document *doc;
	struct fault *fault;
};

static err watched_read(void *state, void *to, size_t max, size_t *got)
{
	struct watched *w = state;

	TRY(source_read(w->file, to, max, got));
	if (*got > w->left)
		return put_away_changed(w->doc, w->fault);
	w->left -= *got;
	return *got ? hash_add(w->hash, str_bytes(to, *got)) : OK;
}

static err was_all(struct watched *w)
{
	uint8_t digest[SHA256_LEN];

	if (w->left)
		return put_away_changed(w->doc, w->fault);
	TRY(hash_finish(w->hash, digest));
	return put_away_same(w->doc, digest, w->fault);
}

static err seal_into(const struct put_away *p, struct intake *in, struct document *doc, struct sink *stored)
{
	static const struct source_ops watched_ops = { .read = watched_read };
	struct line *line = p->line;
	struct arena *a = p->chunk->sub->arena;
	OWNED(hash_done) struct hash *hash = NULL;
	OWNED(source_done) struct source file = { 0 };
	struct watched watched = { &file, NULL, doc->size, doc, &in->fault };
	struct source document = { &watched_ops, &watched };
	struct pdf_options o = { .password = in->container_password, .bytes_max = line->config->limits.pdf_bytes };

	TRY(seal_pdf_pass(line->config->seal.pdf_pass, &o.pass, &in->fault));
	TRY(hash_open(&hash));
	watched.hash = hash;
	TRY(put_away_open(p, a, doc, &file));
	err e = seal_pdf(line->inspectors, a, &line->entropy, &o, &document, stored, &in->fault);
	if (failed(e) && !in->fault.where[0])
		fault_where(&in->fault, doc->name, 0, 0);
	TRY(e);
	return was_all(&watched);
}

static err refuse(struct intake *in, const struct document *doc, const char *words)
{
	fault_where(&in->fault, doc->name, 0, 0);
	fault_set(&in->fault, "%s", words);
	return NEVER(DOCUMENT, "not a PDF that can be sealed");
}

err put_away_pdf(const struct put_away *p, struct intake *in, struct document *doc)
{
	struct arena *a = p->chunk->sub->arena;
	struct object *o;

	if (!str_same(doc->type, STR("application/pdf")))
		return refuse(in, doc, "it is no PDF, and --as pdf seals nothing else: use --as zip or open for it");
	if (doc->size > p->line->config->limits.pdf_bytes)
		return refuse(in, doc, "it is larger than limits.pdf_bytes: use --as zip or open for it");
	TRY(put_away_object(p, in, doc->name, doc->type, &o));

	SCRATCH(a);
	OWNED(sink_done) struct sink stored = { 0 };
	TRY(put_away_create(p, a, o, &stored));
	TRY(seal_into(p, in, doc, &stored));
	return sink_finish(&stored);
}
