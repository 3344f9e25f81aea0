#include "seal/zip.h"

#include <libdeflate.h>
#include <stdlib.h>

/* Of libdeflate; 6 is what others call normal. */
enum { THOROUGH = 6, QUICK = 1 };

static void room_done(struct zip_room *r)
{
	if (r->window)
		crypt_wipe(r->window, r->window_max);
	free(r->window);
	free(r->deflate.out);
	free(r->deflate.walk);
	libdeflate_free_compressor(r->deflate.thorough);
	libdeflate_free_compressor(r->deflate.quick);
	*r = (struct zip_room){ 0 };
}

static err room_open(struct zip_room *r, size_t window)
{
	r->window_max = window;
	r->window = malloc(window);
	r->deflate.out = malloc(deflate_bound(window));
	r->deflate.walk = malloc(deflate_walk_size());
	r->deflate.thorough = libdeflate_alloc_compressor(THOROUGH);
	r->deflate.quick = libdeflate_alloc_compressor(QUICK);
	if (r->window && r->deflate.out && r->deflate.walk && r->deflate.thorough && r->deflate.quick)
		return OK;
	room_done(r);
	return LATER(MEMORY, "no memory to compress in");
}

err zip_workspace_open_sized(size_t window, struct zip_workspace **out)
{
	struct zip_workspace *w = calloc(1, sizeof *w);

	if (!w)
		return LATER(MEMORY, "no memory to compress in");
	w->inner.window_max = window;
	err e = room_open(&w->outer, window);
	if (failed(e)) {
		free(w);
		return e;
	}
	*out = w;
	return OK;
}

err zip_workspace_open(struct zip_workspace **out)
{
	return zip_workspace_open_sized(ZIP_WINDOW, out);
}

void zip_workspace_done(struct zip_workspace **w)
{
	if (!*w)
		return;
	room_done(&(*w)->outer);
	if ((*w)->inner.window)
		room_done(&(*w)->inner);
	free(*w);
	*w = NULL;
}

static err begin(struct arena *a, const struct zip_options *o, struct sink *below, struct zip_room *room,
		 struct zip **out)
{
	struct zip *z;

	TRY(NEW(a, z));
	z->arena = a;
	z->options = *o;
	z->below = below;
	z->room = room;
	z->last = &z->first;
	if (z->options.zip64_from == 0)
		z->options.zip64_from = UINT32_MAX;
	*out = z;
	return OK;
}

/* Headers and names of the inner archive, generously, so that a known sum of documents can promise a size. */
static uint64_t inner_size_at_most(uint64_t documents)
{
	const uint64_t around = 16u << 20;

	return documents > UINT64_MAX / 2 ? ZIP_SIZE_UNKNOWN : documents + documents / 32 + around;
}

static err begin_hidden(struct arena *a, const struct zip_options *o, struct sink *below, struct zip **out)
{
	struct zip_workspace *w = o->workspace;
	struct zip_options bare = *o;
	struct zip *outer, *inner;

	if (!w->inner.window)
		TRY(room_open(&w->inner, w->inner.window_max));
	TRY(begin(a, o, below, &w->outer, &outer));
	bare.keys = NULL;
	TRY(begin(a, &bare, NULL, &w->inner, &inner));
	inner->outer = outer;
	inner->below = &inner->outer_entry;
	TRY(zip_entry_begin(outer, STR("documents.zip"), o->made_at, inner_size_at_most(o->total_size),
			    &inner->outer_entry));
	*out = inner;
	return OK;
}

size_t seal_zip_keys_needed(bool hide_names, size_t documents)
{
	return hide_names ? 1 : documents;
}

err seal_zip_begin(struct arena *a, const struct zip_options *o, struct sink *below, struct zip **out)
{
	must(o->keys && o->workspace);
	return o->hide_names ? begin_hidden(a, o, below, out) : begin(a, o, below, &o->workspace->outer, out);
}

err seal_zip_entry(struct zip *z, str name, moment modified, uint64_t size_if_known, struct sink *entry)
{
	str clean;

	TRY(seal_name_clean(z->arena, name, &clean));
	TRY(zip_name_unique(z, clean, &clean));
	return zip_entry_begin(z, clean, modified, size_if_known, entry);
}

err seal_zip_finish(struct zip *z)
{
	must(!z->entry_open);
	TRY(zip_write_directory(z));
	if (!z->outer)
		return OK;
	TRY(sink_finish(&z->outer_entry));
	return zip_write_directory(z->outer);
}

void seal_zip_done(struct zip **z)
{
	if (!*z)
		return;
	zip_entry_close(*z);
	if ((*z)->outer)
		sink_done(&(*z)->outer_entry);
	*z = NULL;
}
