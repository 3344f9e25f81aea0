/* The engine that passes everything on to another, and fails when its plan says so: what is above must leave no trace
 * of what did not succeed. */
#include "store/engine.h"

struct faulty {
	struct store *below;
	struct store_fault *plan;
};

static err reach(struct store_fault *plan, enum store_step step)
{
	if (plan->step != step || plan->nth == 0 || --plan->nth)
		return OK;
	return plan->with;
}

static err faulty_begin(void *state, void **batch)
{
	struct faulty *f = state;
	return f->below->engine->begin(f->below->state, batch);
}

struct faulty_sink {
	struct store_fault *plan;
	struct sink below;
};

static err write_faulty(void *state, const void *from, size_t len)
{
	struct faulty_sink *s = state;

	TRY(reach(s->plan, STORE_WRITE));
	return sink_write(&s->below, from, len);
}

static err finish_faulty(void *state)
{
	struct faulty_sink *s = state;

	TRY(reach(s->plan, STORE_FINISH));
	return sink_finish(&s->below);
}

static void abandon_faulty(void *state)
{
	sink_done(&((struct faulty_sink *)state)->below);
}

static err faulty_create(void *state, void *batch, struct arena *a, id *object, struct sink *out)
{
	static const struct sink_ops ops = { .write = write_faulty,
					     .finish = finish_faulty,
					     .abandon = abandon_faulty };
	struct faulty *f = state;
	struct faulty_sink *s;

	TRY(reach(f->plan, STORE_CREATE));
	TRY(NEW(a, s));
	s->plan = f->plan;
	TRY(f->below->engine->create(f->below->state, batch, a, object, &s->below));
	*out = (struct sink){ &ops, s };
	return OK;
}

static err faulty_commit(void *state, void *batch)
{
	struct faulty *f = state;

	TRY(reach(f->plan, STORE_COMMIT));
	return f->below->engine->commit(f->below->state, batch);
}

static void faulty_batch_done(void *state, void *batch)
{
	struct faulty *f = state;
	f->below->engine->batch_done(f->below->state, batch);
}

static err faulty_open(void *state, struct arena *a, id object, struct store_reader *out)
{
	struct faulty *f = state;
	return f->below->engine->open(f->below->state, a, object, out);
}

static err faulty_read_at(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got)
{
	struct faulty *f = state;

	TRY(reach(f->plan, STORE_READ));
	return f->below->engine->read_at(f->below->state, reader, offset, to, len, got);
}

static void faulty_reader_done(void *state, void *reader)
{
	struct faulty *f = state;
	f->below->engine->reader_done(f->below->state, reader);
}

static err faulty_destroy(void *state, const id *objects, size_t count)
{
	struct faulty *f = state;

	TRY(reach(f->plan, STORE_DESTROY));
	return f->below->engine->destroy(f->below->state, objects, count);
}

static err faulty_list(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry),
		       void *to)
{
	struct faulty *f = state;
	return f->below->engine->list(f->below->state, scratch, each, to);
}

err store_open_faulty(struct store *below, struct store_fault *plan, struct store **out)
{
	static const struct store_engine engine = {
		.begin = faulty_begin,
		.create = faulty_create,
		.commit = faulty_commit,
		.batch_done = faulty_batch_done,
		.open = faulty_open,
		.read_at = faulty_read_at,
		.reader_done = faulty_reader_done,
		.destroy = faulty_destroy,
		.list = faulty_list,
		.close = free,
	};
	struct faulty *f = calloc(1, sizeof *f);

	if (!f)
		return LATER(MEMORY, "no memory for a store");
	*f = (struct faulty){ below, plan };
	return store_new(&engine, f, out);
}
