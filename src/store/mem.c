/* The engine that keeps objects in memory: for tests, and for trying things out. */
#include "store/engine.h"
#include "sys/sys.h"

#include <pthread.h>

struct blob {
	struct blob *next;
	id object;
	char *bytes;
	size_t len, room;
	moment written_at;
	struct mem_batch *batch; /* null once committed */
};

struct mem {
	pthread_mutex_t lock;
	struct blob *all;
};

struct mem_batch {
	struct mem *mem;
};

static void lock_release(pthread_mutex_t **lock)
{
	must(pthread_mutex_unlock(*lock) == 0);
}
#define LOCKED(mem)                                                                                                    \
	OWNED(lock_release) pthread_mutex_t *locked = &(mem)->lock;                                                    \
	must(pthread_mutex_lock(locked) == 0)

static struct blob **find(struct mem *m, id object)
{
	struct blob **at = &m->all;

	while (*at && !id_same((*at)->object, object))
		at = &(*at)->next;
	return at;
}

static void drop(struct blob **at)
{
	struct blob *gone = *at;

	*at = gone->next;
	free(gone->bytes);
	free(gone);
}

static err mem_begin(void *state, void **batch)
{
	struct mem_batch *b = calloc(1, sizeof *b);

	if (!b)
		return LATER(MEMORY, "no memory for a batch");
	b->mem = state;
	*batch = b;
	return OK;
}

static err write_blob(void *state, const void *from, size_t len)
{
	struct blob *blob = state;

	if (len > blob->room - blob->len) {
		size_t room = 2 * (blob->len + len);
		char *bytes = realloc(blob->bytes, room);
		if (!bytes)
			return LATER(MEMORY, "no memory for an object");
		blob->bytes = bytes;
		blob->room = room;
	}
	memcpy(blob->bytes + blob->len, from, len);
	blob->len += len;
	return OK;
}

static void abandon_blob(void *state)
{
	struct blob *blob = state;
	struct mem *m = blob->batch->mem;

	LOCKED(m);
	drop(find(m, blob->object));
}

static err mem_create(void *state, void *batch, struct arena *a, id *object, struct sink *out)
{
	static const struct sink_ops ops = { .write = write_blob, .abandon = abandon_blob };
	struct mem *m = state;
	struct clock clock = sys_clock();
	struct blob *blob = calloc(1, sizeof *blob);

	(void)a;
	if (!blob)
		return LATER(MEMORY, "no memory for an object");
	blob->object = *object;
	blob->batch = batch;
	blob->written_at = clock_now(&clock);
	LOCKED(m);
	blob->next = m->all;
	m->all = blob;
	*out = (struct sink){ &ops, blob };
	return OK;
}

static err mem_commit(void *state, void *batch)
{
	struct mem *m = state;

	LOCKED(m);
	for (struct blob *blob = m->all; blob; blob = blob->next)
		if (blob->batch == batch)
			blob->batch = NULL;
	return OK;
}

static void mem_batch_done(void *state, void *batch)
{
	struct mem *m = state;

	LOCKED(m);
	for (struct blob **at = &m->all; *at;)
		if ((*at)->batch == batch)
			drop(at);
		else
			at = &(*at)->next;
	free(batch);
}

static err mem_open(void *state, struct arena *a, id object, struct store_reader *out)
{
	struct mem *m = state;
	id *reader;

	TRY(NEW(a, reader));
	*reader = object;
	LOCKED(m);
	const struct blob *blob = *find(m, object);
	if (!blob || blob->batch)
		return NEVER(NOT_FOUND, "no such object");
	out->state = reader;
	out->size = blob->len;
	return OK;
}

static err mem_read_at(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got)
{
	struct mem *m = state;

	LOCKED(m);
	const struct blob *blob = *find(m, *(id *)reader);
	if (!blob)
		return NEVER(NOT_FOUND, "the object was removed");
	str part = str_upto(str_from(str_bytes(blob->bytes, blob->len), (size_t)offset), len);
	if (part.len)
		memcpy(to, part.at, part.len);
	*got = part.len;
	return OK;
}

static void mem_reader_done(void *state, void *reader)
{
	(void)state, (void)reader;
}

static err mem_destroy(void *state, const id *objects, size_t count)
{
	struct mem *m = state;

	LOCKED(m);
	for (size_t i = 0; i < count; i++) {
		struct blob **at = find(m, objects[i]);
		if (*at)
			drop(at);
	}
	return OK;
}

/* `each` may destroy what it is shown, so the entries are copied first. */
static err copy_entries(struct mem *m, struct arena *scratch, struct store_entry **out, size_t *count)
{
	size_t many = 0;

	LOCKED(m);
	for (const struct blob *blob = m->all; blob; blob = blob->next)
		many++;
	TRY(NEW_ARRAY(scratch, many + 1, *out));
	*count = 0;
	for (const struct blob *blob = m->all; blob; blob = blob->next)
		(*out)[(*count)++] = (struct store_entry){ blob->object, blob->len, blob->written_at, !blob->batch };
	return OK;
}

static err mem_list(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry),
		    void *to)
{
	struct store_entry *entries;
	size_t count;

	SCRATCH(scratch);
	TRY(copy_entries(state, scratch, &entries, &count));
	for (size_t i = 0; i < count; i++)
		TRY(each(to, &entries[i]));
	return OK;
}

static void mem_close(void *state)
{
	struct mem *m = state;

	while (m->all)
		drop(&m->all);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}

err store_open_mem(struct store **out)
{
	static const struct store_engine engine = {
		.begin = mem_begin,
		.create = mem_create,
		.commit = mem_commit,
		.batch_done = mem_batch_done,
		.open = mem_open,
		.read_at = mem_read_at,
		.reader_done = mem_reader_done,
		.destroy = mem_destroy,
		.list = mem_list,
		.close = mem_close,
	};
	struct mem *m = calloc(1, sizeof *m);

	if (!m)
		return LATER(MEMORY, "no memory for a store");
	must(pthread_mutex_init(&m->lock, NULL) == 0);
	return store_new(&engine, m, out);
}
