#include "seal/zip.h"

#include <libdeflate.h>
#include <string.h>

/* What is being read: of each document a header, its bytes and a descriptor; then a row for each, and the end. */
enum step { HEADER, BYTES, DESCRIPTOR, ROW, END, OVER };

/* Headers and rows are written into `room` and read from it; none is longer. */
enum { RECORD_ROOM = 1024 };

struct bundle {
	const struct bundle_options *options;
	struct zip zip;
	struct zip_record *record; /* the one that `step` is about */
	size_t index;
	enum step step;
	struct source document;
	uint64_t left, start; /* bytes of the document; where the directory begins */
	char room[RECORD_ROOM];
	struct buf made;
	struct sink into_made;
	str unread; /* of `made` */
};

static void next_document(struct bundle *b)
{
	b->record = b->record->next;
	b->index++;
	b->step = b->record ? HEADER : ROW;
	if (b->record)
		return;
	b->record = b->zip.first;
	b->start = b->zip.offset;
}

static err begin_document(struct bundle *b)
{
	b->record->offset = b->zip.offset;
	b->record->crc = 0;
	b->left = b->record->size;
	TRY(zip_write_header(&b->zip, b->record));
	TRY(b->options->open(b->options->state, b->index, &b->document));
	b->step = BYTES;
	return OK;
}

/* A document whose stream has more than was announced would shift all that follows. */
static err end_document(struct bundle *b)
{
	uint8_t more;
	size_t got = 0;

	TRY(source_read(&b->document, &more, 1, &got));
	source_done(&b->document);
	if (got)
		return NEVER(DOCUMENT, "a document is longer than it was announced");
	b->zip.offset += b->record->size;
	TRY(zip_write_descriptor(&b->zip, b->record));
	next_document(b);
	return OK;
}

static err write_directory(struct bundle *b)
{
	if (b->step == END) {
		b->step = OVER;
		return zip_write_end(&b->zip, b->start);
	}
	TRY(zip_write_row(&b->zip, b->record));
	b->record = b->record->next;
	if (!b->record)
		b->step = END;
	return OK;
}

static err make_more(struct bundle *b)
{
	b->made.len = 0;
	switch (b->step) {
	case HEADER:
		TRY(begin_document(b));
		break;
	case DESCRIPTOR:
		TRY(end_document(b));
		break;
	case ROW:
	case END:
		TRY(write_directory(b));
		break;
	case BYTES:
	case OVER:
		break;
	}
	b->unread = buf_str(&b->made);
	return OK;
}

static err read_document(struct bundle *b, void *to, size_t max, size_t *got)
{
	size_t want = max < b->left ? max : (size_t)b->left;

	TRY(source_read(&b->document, to, want, got));
	if (*got == 0)
		return NEVER(DOCUMENT, "a document is shorter than it was announced");
	b->record->crc = libdeflate_crc32(b->record->crc, to, *got);
	b->left -= *got;
	return OK;
}

static err read_bundle(void *state, void *to, size_t max, size_t *got)
{
	struct bundle *b = state;

	for (;;) {
		if (b->unread.len) {
			*got = b->unread.len < max ? b->unread.len : max;
			memcpy(to, b->unread.at, *got);
			b->unread = str_from(b->unread, *got);
			return OK;
		}
		if (b->step == BYTES && b->left)
			return read_document(b, to, max, got);
		if (b->step == BYTES)
			b->step = DESCRIPTOR;
		if (b->step == OVER) {
			*got = 0;
			return OK;
		}
		TRY(make_more(b));
	}
}

static void bundle_done(void *state)
{
	source_done(&((struct bundle *)state)->document);
}

static err add_record(struct bundle *b, struct arena *a, const struct bundle_entry *entry)
{
	struct zip_record *r;

	TRY(NEW(a, r));
	TRY(seal_name_clean(a, entry->name, &r->name));
	TRY(zip_name_unique(&b->zip, r->name, &r->name));
	r->size = r->packed_size = entry->size;
	r->dos_time = zip_dos_time(b->options->made_at);
	r->has_descriptor = true;
	r->local_zip64 = entry->size >= b->zip.options.zip64_from;
	*b->zip.last = r;
	b->zip.last = &r->next;
	b->zip.count++;
	return OK;
}

/* The same records, written to where bytes are counted: lengths do not depend on what is in the documents. */
static err measure(const struct bundle *b, uint64_t *size)
{
	struct zip z = b->zip;
	struct sink counter = sink_to_count(size);

	*size = 0;
	z.below = &counter;
	for (struct zip_record *r = z.first; r; r = r->next) {
		r->offset = z.offset;
		TRY(zip_write_header(&z, r));
		if (r->size > INT64_MAX - z.offset)
			return NEVER(LIMIT, "more documents than an archive can hold");
		z.offset += r->size;
		TRY(zip_write_descriptor(&z, r));
	}
	TRY(zip_write_directory(&z));
	*size = z.offset;
	return OK;
}

err seal_bundle(struct arena *a, const struct bundle_options *options, uint64_t *size, struct source *out)
{
	static const struct source_ops ops = { .read = read_bundle, .done = bundle_done };
	struct bundle *b;

	TRY(NEW(a, b));
	b->options = options;
	b->zip = (struct zip){ .arena = a, .last = &b->zip.first, .below = &b->into_made };
	b->zip.options.zip64_from = options->zip64_from ? options->zip64_from : UINT32_MAX;
	b->made = BUF_ON(b->room);
	b->into_made = sink_to_buf(&b->made);
	for (size_t i = 0; i < options->count; i++)
		TRY(add_record(b, a, &options->entries[i]));
	TRY(measure(b, size));
	b->record = b->zip.first;
	b->step = b->record ? HEADER : END;
	*out = (struct source){ &ops, b };
	return OK;
}
