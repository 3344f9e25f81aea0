/* Writing objects to the disk, durably and in groups. Each is written under a temporary name and pushed towards the
 * disk as soon as it is complete, so that the sync of the commit finds most of its work done. Then all are synced
 * together (see sys/sync.c for how and why), then renamed, then their directory is synced, once. A batch of more files
 * than may be open is synced in groups. */
#include "store/disk.h"

#include "sys/sys.h"

enum { OPEN_MAX = 256 }; /* files of one batch that wait for their sync, or are being written */

struct written {
	struct written *next;
	struct batch *batch;
	id object;
	int fd; /* -1: synced */
	bool finished, renamed;
};

struct batch {
	struct disk *disk;
	struct written *all;
	unsigned open;
	bool committed;
};

err disk_begin(void *state, void **batch)
{
	struct batch *b = calloc(1, sizeof *b);

	if (!b)
		return LATER(MEMORY, "no memory for a batch");
	b->disk = state;
	*batch = b;
	return OK;
}

static void close_written(struct written *w)
{
	w->batch->open -= w->fd >= 0;
	fd_done(&w->fd);
}

static void remove_written(struct written *w)
{
	char path[DISK_PATH];

	close_written(w);
	(void)failed(file_remove(disk_path(w->batch->disk, w->object, w->renamed, path)));
}

static void unlink_written(struct written *w)
{
	struct written **at = &w->batch->all;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	free(w);
}

static err write_disk(void *state, const void *from, size_t len)
{
	return file_write(((struct written *)state)->fd, str_bytes(from, len));
}

static err finish_disk(void *state)
{
	struct written *w = state;

	file_start_write(w->fd);
	w->finished = true;
	return OK;
}

static void abandon_disk(void *state)
{
	remove_written(state);
	unlink_written(state);
}

/* After a failing sync the kernel has forgotten which pages it could not write: asking again would be told all is
 * well. So the first failure ends the batch. */
static err sync_finished(struct batch *b)
{
	int fds[OPEN_MAX];
	size_t count = 0;

	for (struct written *w = b->all; w; w = w->next)
		if (w->finished && w->fd >= 0)
			fds[count++] = w->fd;
	TRY(files_sync(fds, count));
	for (struct written *w = b->all; w; w = w->next)
		if (w->finished)
			close_written(w);
	return OK;
}

static err open_part(struct batch *b, id object, int *fd)
{
	char path[DISK_PATH];

	return file_open(disk_path(b->disk, object, false, path), FILE_NEW | FILE_NO_LINKS, 0600, fd);
}

err disk_create(void *state, void *batch, struct arena *a, id *object, struct sink *out)
{
	static const struct sink_ops ops = { .write = write_disk, .finish = finish_disk, .abandon = abandon_disk };
	struct batch *b = batch;
	int fd = -1;

	(void)state, (void)a;
	if (b->open == OPEN_MAX)
		TRY(sync_finished(b));
	if (b->open == OPEN_MAX)
		return NEVER(LIMIT, "too many objects are written at once");
	/* 120 random bits are left, and names need not be secret. */
	if (b->all)
		object->byte[0] = b->all->object.byte[0];
	struct written *w = calloc(1, sizeof *w);
	if (!w)
		return LATER(MEMORY, "no memory for an object");
	err e = open_part(b, *object, &fd);
	if (failed(e)) {
		free(w);
		return e;
	}
	*w = (struct written){ .next = b->all, .batch = b, .object = *object, .fd = fd };
	b->all = w;
	b->open++;
	*out = (struct sink){ &ops, w };
	return OK;
}

static err rename_all(const struct batch *b)
{
	char part[DISK_PATH], whole[DISK_PATH];

	for (struct written *w = b->all; w; w = w->next) {
		TRY(file_rename(disk_path(b->disk, w->object, false, part),
				disk_path(b->disk, w->object, true, whole)));
		w->renamed = true;
	}
	return OK;
}

err disk_commit(void *state, void *batch)
{
	struct batch *b = batch;
	char path[DISK_PATH];

	if (!b->all)
		return OK;
	TRY(sync_finished(b));
	TRY(rename_all(b));
	TRY(dir_sync(disk_shard(state, b->all->object.byte[0], path)));
	b->committed = true;
	return OK;
}

void disk_batch_done(void *state, void *batch)
{
	struct batch *b = batch;

	(void)state;
	for (struct written *w = b->all, *next; w; w = next) {
		next = w->next;
		if (!b->committed)
			remove_written(w);
		close_written(w);
		free(w);
	}
	free(b);
}
