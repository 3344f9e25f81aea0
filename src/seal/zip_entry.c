#include "seal/zip.h"

#include <libdeflate.h>
#include <string.h>

/* One entry: the window fills; if the document ends within it, everything is known before the header is written;
 * if not, the header goes out without sizes and the windows flow. */

static err write_body(struct zip_entry *e, void *bytes, size_t len)
{
	if (e->key)
		TRY(ae2_encrypt(e->cipher, bytes, len));
	return zip_write(e->zip, bytes, len);
}

/* WinZip's AE-x note, "encrypted file storage format": salt, password verification value, data, authentication. */
static err write_start(struct zip_entry *e)
{
	TRY(zip_write_header(e->zip, e->record));
	if (!e->key)
		return OK;
	TRY(ae2_open(&e->key->keys, &e->cipher));
	TRY(zip_write(e->zip, e->key->salt, AE2_SALT));
	return zip_write(e->zip, e->key->keys.verifier, sizeof e->key->keys.verifier);
}

static err write_end(struct zip_entry *e)
{
	uint8_t tag[AE2_TAG];

	if (e->key) {
		TRY(ae2_finish(e->cipher, tag));
		TRY(zip_write(e->zip, tag, sizeof tag));
	}
	return e->record->has_descriptor ? zip_write_descriptor(e->zip, e->record) : OK;
}

static uint64_t packed(const struct zip_entry *e, uint64_t data)
{
	return data + (e->key ? AE2_SALT + sizeof e->key->keys.verifier + AE2_TAG : 0);
}

static err begin_flowing(struct zip_entry *e)
{
	e->flowing = true;
	e->record->method = 8;
	e->record->has_descriptor = true;
	/* Sizes that come later must be announced as 64 bits wide or promised to be short. */
	e->record->local_zip64 = e->size_max == UINT64_MAX;
	return write_start(e);
}

static err flow(struct zip_entry *e, bool last)
{
	struct zip_room *room = e->zip->room;

	if (!e->flowing)
		TRY(begin_flowing(e));
	deflate_add(&room->deflate, room->window, e->filled, last);
	e->filled = 0;
	e->record->packed_size += room->deflate.len;
	TRY(write_body(e, room->deflate.out, room->deflate.len));
	deflate_taken(&room->deflate);
	return OK;
}

static err write_whole(struct zip_entry *e)
{
	struct zip_room *room = e->zip->room;

	if (e->filled)
		deflate_add(&room->deflate, room->window, e->filled, true);
	bool shorter = room->deflate.len < e->filled;
	uint8_t *body = shorter ? room->deflate.out : room->window;
	size_t len = shorter ? room->deflate.len : e->filled;
	e->record->method = shorter ? 8 : 0;
	e->record->packed_size = packed(e, len);
	e->record->local_zip64 =
		e->record->packed_size >= e->zip->options.zip64_from || e->record->size >= e->zip->options.zip64_from;
	TRY(write_start(e));
	return write_body(e, body, len);
}

static err entry_write(void *state, const void *from, size_t len)
{
	struct zip_entry *e = state;
	struct zip_room *room = e->zip->room;
	const uint8_t *at = from;

	e->record->size += len;
	if (e->record->size > e->size_max)
		return NEVER(DOCUMENT, "the document grew while it was read");
	if (!e->key)
		e->record->crc = libdeflate_crc32(e->record->crc, at, len);
	while (len) {
		if (e->filled == room->window_max)
			TRY(flow(e, false));
		size_t some = room->window_max - e->filled < len ? room->window_max - e->filled : len;
		memcpy(room->window + e->filled, at, some);
		e->filled += some, at += some, len -= some;
	}
	return OK;
}

static err finish(struct zip_entry *e)
{
	if (e->flowing) {
		TRY(flow(e, true));
		e->record->packed_size = packed(e, e->record->packed_size);
	} else {
		TRY(write_whole(e));
	}
	TRY(write_end(e));
	*e->zip->last = e->record;
	e->zip->last = &e->record->next;
	e->zip->count++;
	return OK;
}

static err entry_finish(void *state)
{
	struct zip_entry *e = state;

	TRY(finish(e));
	zip_entry_close(e->zip);
	return OK;
}

static void entry_abandon(void *state)
{
	zip_entry_close(((struct zip_entry *)state)->zip);
}

void zip_entry_close(struct zip *z)
{
	ae2_done(&z->entry.cipher);
	z->entry_open = false;
}

/* Data that resists grows by twenty bytes a kilobyte at worst, and the frame around it has less than a kilobyte. */
static uint64_t size_max(const struct zip *z, uint64_t size_if_known)
{
	uint64_t safe = z->options.zip64_from - z->options.zip64_from / 32;

	return size_if_known < safe && safe > 1024 && size_if_known < safe - 1024 ? safe - 1024 : UINT64_MAX;
}

static const struct zip_key *next_key(struct zip *z)
{
	if (!z->options.keys)
		return NULL;
	/* A key used twice would encrypt two documents with one keystream. */
	must(z->keys_used < z->options.key_count);
	return &z->options.keys[z->keys_used++];
}

err zip_entry_begin(struct zip *z, str name, moment modified, uint64_t size_if_known, struct sink *entry)
{
	static const struct sink_ops ops = { entry_write, entry_finish, entry_abandon };
	struct zip_record *r;

	must(!z->entry_open);
	TRY(NEW(z->arena, r));
	z->entry = (struct zip_entry){ .zip = z, .record = r, .key = next_key(z) };
	z->entry.size_max = size_max(z, size_if_known);
	z->entry_open = true;
	*r = (struct zip_record){ .name = name, .offset = z->offset, .dos_time = zip_dos_time(modified) };
	r->encrypted = z->entry.key;
	deflate_begin(&z->room->deflate);
	*entry = (struct sink){ &ops, &z->entry };
	return OK;
}
