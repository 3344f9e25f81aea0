/* The disk engine: where things are, and reading, removing and listing them. Writing is in disk_batch.c. */
#include "store/disk.h"

#include "sys/sys.h"

const char *disk_shard(const struct disk *d, uint8_t shard, char path[DISK_PATH])
{
	struct buf b = { .at = path, .max = DISK_PATH };

	buf_add(&b, str_of(d->dir));
	buf_add_char(&b, '/');
	buf_add_hex(&b, str_bytes(&shard, 1));
	return buf_c(&b);
}

const char *disk_path(const struct disk *d, id object, bool finished, char path[DISK_PATH])
{
	struct buf b = { .at = path, .max = DISK_PATH };

	b.len = strlen(disk_shard(d, object.byte[0], path));
	buf_add_char(&b, '/');
	buf_add_id(&b, object);
	if (!finished)
		buf_add(&b, STR(DISK_PART));
	return buf_c(&b);
}

err disk_open(void *state, struct arena *a, id object, struct store_reader *out)
{
	OWNED(fd_done) int fd = -1;
	char path[DISK_PATH];
	int *reader;

	TRY(NEW(a, reader));
	TRY(file_open(disk_path(state, object, true, path), FILE_READ | FILE_NO_LINKS | FILE_REGULAR, 0, &fd));
	TRY(file_size(fd, &out->size));
	*reader = fd;
	fd = -1;
	out->state = reader;
	return OK;
}

err disk_read_at(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got)
{
	(void)state;
	return file_read_at(*(int *)reader, offset, to, len, got);
}

void disk_reader_done(void *state, void *reader)
{
	(void)state;
	fd_done(reader);
}

err disk_destroy(void *state, const id *objects, size_t count)
{
	bool touched[DISK_SHARDS] = { false };
	char path[DISK_PATH];

	for (size_t i = 0; i < count; i++) {
		TRY(file_remove(disk_path(state, objects[i], true, path)));
		TRY(file_remove(disk_path(state, objects[i], false, path)));
		touched[objects[i].byte[0]] = true;
	}
	for (unsigned shard = 0; shard < DISK_SHARDS; shard++)
		if (touched[shard])
			TRY(dir_sync(disk_shard(state, (uint8_t)shard, path)));
	return OK;
}

/* Names that are not ours are none of our business. */
static bool read_name(str name, struct store_entry *entry)
{
	entry->finished = !str_ends(name, STR(DISK_PART));
	str spelled = entry->finished ? name : str_upto(name, name.len - (sizeof DISK_PART - 1));
	return spelled.len == ID_TEXT && !failed(id_parse(spelled, &entry->object));
}

static err list_entry(const struct disk *d, str name, err (*each)(void *to, const struct store_entry *entry), void *to)
{
	struct store_entry entry = { 0 };
	struct path_facts facts;
	char path[DISK_PATH];

	if (!read_name(name, &entry))
		return OK;
	err e = path_look(disk_path(d, entry.object, entry.finished, path), &facts);
	if (e.why == WHY_NOT_FOUND)
		return OK; /* finished or removed since the directory was read */
	TRY(e);
	entry.size = facts.size;
	entry.written_at = facts.written_at;
	return each(to, &entry);
}

static err list_shard(const struct disk *d, struct arena *scratch, uint8_t shard,
		      err (*each)(void *to, const struct store_entry *entry), void *to)
{
	char path[DISK_PATH];
	str *names;
	size_t count;

	SCRATCH(scratch);
	TRY(dir_list(scratch, disk_shard(d, shard, path), &names, &count));
	for (size_t i = 0; i < count; i++)
		TRY(list_entry(d, names[i], each, to));
	return OK;
}

err disk_list(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry), void *to)
{
	for (unsigned shard = 0; shard < DISK_SHARDS; shard++)
		TRY(list_shard(state, scratch, (uint8_t)shard, each, to));
	return OK;
}

/* All of them at once, so that no commit ever has to make one and wonder whether it is durable. */
static err make_shards(const struct disk *d)
{
	char path[DISK_PATH];

	if (file_exists(disk_shard(d, DISK_SHARDS - 1, path)))
		return OK;
	for (unsigned shard = 0; shard < DISK_SHARDS; shard++)
		TRY(dir_make(disk_shard(d, (uint8_t)shard, path), 0700));
	return dir_sync(d->dir);
}

static err check_dir(const char *dir, struct fault *fault)
{
	struct path_facts facts;

	TRY(path_look(dir, &facts));
	if (facts.directory && !facts.others_read && !facts.others_write && facts.we_write)
		return OK;
	fault_set(fault, "the store %s must be a directory that only its owner can read and write; chmod 700 it", dir);
	return NEVER(DENIED, "the store is not a private directory");
}

static err open_dir(struct disk *d, struct fault *fault)
{
	if (!file_exists(d->dir))
		TRY(dir_make(d->dir, 0700));
	TRY(check_dir(d->dir, fault));
	return make_shards(d);
}

err store_open_disk(const char *dir, struct store **out, struct fault *fault)
{
	static const struct store_engine engine = {
		.begin = disk_begin,
		.create = disk_create,
		.commit = disk_commit,
		.batch_done = disk_batch_done,
		.open = disk_open,
		.read_at = disk_read_at,
		.reader_done = disk_reader_done,
		.destroy = disk_destroy,
		.list = disk_list,
		.close = free,
	};
	struct disk *d;
	struct buf b;

	if (strlen(dir) >= sizeof d->dir)
		return NEVER(LIMIT, "the path of the store is too long");
	d = calloc(1, sizeof *d);
	if (!d)
		return LATER(MEMORY, "no memory for a store");
	b = BUF_ON(d->dir);
	buf_add(&b, str_of(dir));
	err e = open_dir(d, fault);
	if (failed(e)) {
		if (fault_empty(fault))
			fault_set(fault, "the store %s cannot be opened: %s", dir, e.note);
		free(d);
		return e;
	}
	return store_new(&engine, d, out);
}
