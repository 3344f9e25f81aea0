#include "flow/put_away_inside.h"

#include "flow/objects.h"
#include "flow/objects_sign.h"
#include "sys/sys.h"

err put_away_changed(const struct document *doc, struct fault *fault)
{
	fault_where(fault, doc->name, 0, 0);
	fault_set(fault, "the file changed while it was read; send this row again");
	return NEVER(DOCUMENT, "the file changed while it was read");
}

err put_away_open(const struct put_away *p, struct arena *a, const struct document *doc, struct source *out)
{
	int fd;

	TRY(file_open_beneath(a, p->chunk->documents_fd, str_of(doc->path), &fd));
	err e = file_source(a, fd, out);
	if (failed(e))
		fd_done(&fd);
	return e;
}

/* What was measured when the row was checked is what is sealed: a file that changed since is refused. */
static err pump_document(const struct put_away *p, struct arena *a, const struct document *doc, struct sink *to,
			 struct fault *fault)
{
	OWNED(source_done) struct source from = { 0 };
	uint64_t moved = 0;

	TRY(put_away_open(p, a, doc, &from));
	err e = pump_bounded(&from, to, doc->size, &moved);
	if ((e.fate == FATE_NEVER && e.why == WHY_LIMIT) || (!failed(e) && moved != doc->size))
		return put_away_changed(doc, fault);
	return e;
}

err put_away_same(const struct document *doc, const uint8_t sealed[SHA256_LEN], struct fault *fault)
{
	if (memcmp(doc->sha256, sealed, SHA256_LEN) == 0)
		return OK;
	fault_where(fault, doc->name, 0, 0);
	fault_set(fault, "the file changed after it was checked; send this row again");
	return NEVER(DOCUMENT, "the file changed after it was checked");
}

err put_away_object(const struct put_away *p, struct intake *in, str name, str type, struct object **out)
{
	struct object *o;

	TRY(NEW(p->chunk->sub->arena, o));
	if (p->line->config->seal.sign_documents)
		TRY(objects_signature_room(p->line, p->chunk->sub->arena, o));
	o->name = name;
	o->type = type;
	o->direct = objects_direct(p->line->config, p->chunk->sub->mode, in->to->seal);
	o->id = in->to->link.object;
	struct object **last = &in->to->objects;
	while (*last)
		last = &(*last)->next;
	*last = o;
	*out = o;
	return OK;
}

err put_away_create(const struct put_away *p, struct arena *a, struct object *o, struct sink *out)
{
	OWNED(sink_done) struct sink stored = { 0 };

	TRY(store_create(p->batch, a, p->line->keys, &p->line->entropy, p->chunk->sub->id, o, &stored));
	if (p->line->config->seal.sign_documents)
		return objects_signed(p->line, a, o, &stored, out);
	*out = stored;
	stored = (struct sink){ 0 };
	return OK;
}

/* SCRATCH stands first in what follows: what lives in the arena is released before its memory is given back. */
static err store_document(const struct put_away *p, struct intake *in, struct document *doc, struct object *o)
{
	struct arena *a = p->chunk->sub->arena;
	SCRATCH(a);
	OWNED(sink_done) struct sink stored = { 0 };

	TRY(put_away_create(p, a, o, &stored));
	TRY(pump_document(p, a, doc, &stored, &in->fault));
	return sink_finish(&stored);
}

static err put_open(const struct put_away *p, struct intake *in, struct document *doc)
{
	struct object *o;

	TRY(put_away_object(p, in, doc->name, doc->type, &o));
	TRY(store_document(p, in, doc, o));
	return put_away_same(doc, o->sha256, &in->fault);
}

/* letter.pdf becomes letter.zip; several documents, or hidden names, documents.zip. */
static err container_name(struct arena *a, const struct put_away *p, const struct document *docs, str *out)
{
	must(docs);
	str stem = docs->name;

	if (docs->next || p->chunk->hide_names) {
		*out = STR("documents.zip");
		return OK;
	}
	for (size_t i = stem.len; i-- > 1;)
		if (stem.at[i] == '.') {
			stem = str_upto(stem, i);
			break;
		}
	return str_format(a, out, "%.*s.zip", STR_ARG(stem));
}

static err put_entry(const struct put_away *p, struct arena *a, struct zip *zip, struct document *doc,
		     struct fault *fault)
{
	OWNED(sink_done) struct sink entry = { 0 };
	OWNED(sink_done) struct sink hashed = { 0 };
	uint8_t sealed[SHA256_LEN];

	TRY(seal_zip_entry(zip, doc->name, p->chunk->sub->created_at, doc->size, &entry));
	TRY(hash_sink(a, &entry, sealed, NULL, &hashed));
	TRY(pump_document(p, a, doc, &hashed, fault));
	TRY(sink_finish(&hashed));
	TRY(put_away_same(doc, sealed, fault));
	return sink_finish(&entry);
}

static err store_zip(const struct put_away *p, struct intake *in, const struct zip_options *options, struct object *o)
{
	struct arena *a = p->chunk->sub->arena;
	SCRATCH(a);
	OWNED(sink_done) struct sink stored = { 0 };
	OWNED(seal_zip_done) struct zip *zip = NULL;

	TRY(put_away_create(p, a, o, &stored));
	TRY(seal_zip_begin(a, options, &stored, &zip));
	for (struct document *doc = in->to->documents; doc; doc = doc->next)
		TRY(put_entry(p, a, zip, doc, &in->fault));
	TRY(seal_zip_finish(zip));
	return sink_finish(&stored);
}

static err put_zip(const struct put_away *p, struct intake *in)
{
	struct zip_options options = {
		.workspace = p->workspace,
		.keys = p->keys,
		.key_count = p->key_count,
		.hide_names = p->chunk->hide_names,
		.made_at = p->chunk->sub->created_at,
	};
	struct object *o;
	str name;

	for (struct document *doc = in->to->documents; doc; doc = doc->next)
		options.total_size += doc->size;
	TRY(container_name(p->chunk->sub->arena, p, in->to->documents, &name));
	TRY(put_away_object(p, in, name, STR("application/zip"), &o));
	return store_zip(p, in, &options, o);
}

err put_away(const struct put_away *p, struct intake *in)
{
	if (in->to->seal == SEAL_ZIP)
		return put_zip(p, in);
	for (struct document *doc = in->to->documents; doc; doc = doc->next)
		TRY(in->to->seal == SEAL_PDF ? put_away_pdf(p, in, doc) : put_open(p, in, doc));
	return OK;
}
