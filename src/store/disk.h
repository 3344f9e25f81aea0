/* Inside store: the disk engine. DIR/<shard>/<id>, where the shard is the id's first byte in hex. The objects of a
 * batch share a shard, so that a commit syncs one directory, however many objects it holds. */
#ifndef LETTERLOCK_STORE_DISK_H
#define LETTERLOCK_STORE_DISK_H

#include "store/engine.h"

struct disk {
	char dir[4096 - 64];
};

enum { DISK_SHARDS = 256, DISK_PATH = 4096 };
#define DISK_PART ".part" /* what the name of an object ends in until it is durable */

const char *disk_shard(const struct disk *d, uint8_t shard, char path[DISK_PATH]);
const char *disk_path(const struct disk *d, id object, bool finished, char path[DISK_PATH]);

err disk_begin(void *state, void **batch);
err disk_create(void *state, void *batch, struct arena *a, id *object, struct sink *out);
err disk_commit(void *state, void *batch);
void disk_batch_done(void *state, void *batch);

err disk_open(void *state, struct arena *a, id object, struct store_reader *out);
err disk_read_at(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got);
void disk_reader_done(void *state, void *reader);

err disk_destroy(void *state, const id *objects, size_t count);
err disk_list(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry), void *to);

#endif
