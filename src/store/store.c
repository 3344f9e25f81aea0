/* What is the same for all engines: stores and batches from begin to end. */
#include "store/engine.h"

err store_new(const struct store_engine *engine, void *state, struct store **out)
{
	struct store *s = calloc(1, sizeof *s);

	if (!s) {
		engine->close(state);
		return LATER(MEMORY, "no memory for a store");
	}
	s->engine = engine;
	s->state = state;
	*out = s;
	return OK;
}

err store_open(str where, struct store **out, struct fault *fault)
{
	char dir[4096];
	struct buf b = BUF_ON(dir);

	if (str_same(where, STR("mem:")))
		return store_open_mem(out);
	if (!str_starts(where, STR("disk:")) || str_has(where, 0)) {
		fault_set(fault, "%.*s is not a store; say disk:DIRECTORY", STR_ARG(where));
		return NEVER(CONFIG, "not a store");
	}
	buf_add(&b, str_from(where, 5));
	(void)buf_c(&b);
	TRY(buf_check(&b));
	return store_open_disk(dir, out, fault);
}

void store_done(struct store **s)
{
	if (*s) {
		(*s)->engine->close((*s)->state);
		free(*s);
	}
	*s = NULL;
}

err store_begin(struct store *s, struct store_batch **out)
{
	struct store_batch *b = calloc(1, sizeof *b);

	if (!b)
		return LATER(MEMORY, "no memory for a batch");
	b->store = s;
	err e = s->engine->begin(s->state, &b->batch);
	if (failed(e))
		free(b);
	else
		*out = b;
	return e;
}

err store_commit(struct store_batch *b)
{
	if (failed(b->failed))
		return b->failed;
	if (b->open_sinks)
		return NEVER(STATE, "an object of the batch is not finished");
	b->failed = b->store->engine->commit(b->store->state, b->batch);
	return b->failed;
}

void store_batch_done(struct store_batch **b)
{
	if (*b) {
		must((*b)->open_sinks == 0);
		(*b)->store->engine->batch_done((*b)->store->state, (*b)->batch);
		free(*b);
	}
	*b = NULL;
}

err store_destroy(struct store *s, const id *objects, size_t count)
{
	return s->engine->destroy(s->state, objects, count);
}

err store_ready(struct store *s)
{
	return s->engine->ready ? s->engine->ready(s->state) : OK;
}

err store_list(struct store *s, struct arena *scratch, err (*each)(void *state, const struct store_entry *entry),
	       void *state)
{
	return s->engine->list(s->state, scratch, each, state);
}
