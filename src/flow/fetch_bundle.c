/* All objects of a recipient as one zip, made while it leaves: see seal_bundle(). */
#include "flow/fetch_inside.h"

#include "seal/seal.h"

/* Two windows of the store, for one object at a time. */
enum { OBJECT_ROOM = 1024 * 1024 };

struct packing {
	struct fetch *fetch;
	const struct fetch_view *view;
	struct arena *room;
	struct arena_mark empty;
	const struct object *next;
	struct bundle_options options;
	struct source below;
};

/* Called in the order of the entries, which is that of the objects. */
static err open_next(void *state, size_t index, struct source *out)
{
	struct packing *p = state;
	const struct object *o = p->next;

	(void)index;
	must(o);
	p->next = o->next;
	arena_rewind(&p->empty);
	p->empty = arena_mark(p->room);
	return store_read(p->fetch->parts.store, p->room, p->fetch->parts.keys, p->view->sub->id, o, 0, STORE_ALL, out);
}

static err read_packing(void *state, void *to, size_t max, size_t *got)
{
	return source_read(&((struct packing *)state)->below, to, max, got);
}

static void packing_done(void *state)
{
	struct packing *p = state;

	source_done(&p->below);
	arena_done(&p->room);
}

static err name_entries(struct arena *a, const struct object *objects, struct bundle_options *o)
{
	struct bundle_entry *entries;

	for (const struct object *object = objects; object; object = object->next)
		o->count++;
	TRY(NEW_ARRAY(a, o->count, entries));
	o->entries = entries;
	for (const struct object *object = objects; object; object = object->next)
		*entries++ = (struct bundle_entry){ object->name, object->size };
	return OK;
}

static err begin(struct packing *p, struct arena *a, uint64_t *size)
{
	TRY(arena_open(OBJECT_ROOM, &p->room));
	p->empty = arena_mark(p->room);
	p->options = (struct bundle_options){ .made_at = p->view->sub->created_at, .open = open_next, .state = p };
	p->next = p->view->to->objects;
	TRY(name_entries(a, p->next, &p->options));
	return seal_bundle(a, &p->options, size, &p->below);
}

err flow_fetch_bundle(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		      uint64_t *size, struct source *out)
{
	static const struct source_ops ops = { .read = read_packing, .done = packing_done };
	struct packing *p;

	TRY(NEW(a, p));
	p->fetch = f;
	p->view = v;
	OWNED(source_done) struct source packing = { &ops, p };
	TRY(begin(p, a, size));
	return fetch_watch(f, a, v, session, &packing, out);
}
