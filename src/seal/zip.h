/* Inside seal only: an archive being written, and the records of PKWARE's APPNOTE it consists of. */
#ifndef LETTERLOCK_SEAL_ZIP_H
#define LETTERLOCK_SEAL_ZIP_H

#include "seal/deflate.h"
#include "seal/seal.h"

enum { ZIP_WINDOW = 1 << 20 };

/* An archive inside another needs room of its own while the outer one is being written. */
struct zip_room {
	uint8_t *window; /* plaintext */
	struct deflate deflate;
	size_t window_max;
};
struct zip_workspace {
	struct zip_room outer, inner;
};
err zip_workspace_open_sized(size_t window, struct zip_workspace **out);

/* One row of the central directory. */
struct zip_record {
	struct zip_record *next;
	str name;
	uint64_t size, packed_size, offset; /* packed: all that stands between header and descriptor */
	uint32_t crc;                       /* 0 if encrypted (AE-2) */
	uint32_t dos_time;                  /* APPNOTE 4.4.6, date in the upper half */
	uint16_t method;                    /* 0 stored, 8 deflated */
	bool encrypted, has_descriptor, local_zip64;
};

struct zip_entry {
	struct zip *zip;
	struct zip_record *record;
	const struct zip_key *key; /* null if not encrypted */
	struct ae2 *cipher;
	size_t filled;     /* of the window */
	uint64_t size_max; /* beyond it 32-bit sizes could overflow */
	bool flowing;      /* the header is out, and the sizes come after the data */
};

struct zip {
	struct arena *arena;
	struct zip_options options;
	struct sink *below;
	uint64_t offset; /* bytes written below */
	struct zip_record *first, **last;
	size_t count, keys_used;
	struct zip_room *room;
	struct zip_entry entry;
	bool entry_open;
	/* With hidden names, this is the inner archive and flows into the one entry of the outer one. */
	struct zip *outer;
	struct sink outer_entry;
};

err zip_write(struct zip *z, const void *from, size_t len);
err zip_write_header(struct zip *z, const struct zip_record *r);
err zip_write_descriptor(struct zip *z, const struct zip_record *r);
err zip_write_directory(struct zip *z);
err zip_write_row(struct zip *z, const struct zip_record *r); /* of the directory, */
err zip_write_end(struct zip *z, uint64_t directory_start);   /* and what stands after its last */

/* As seal_zip_entry, for a name that is clean and not there yet. */
err zip_entry_begin(struct zip *z, str name, moment modified, uint64_t size_if_known, struct sink *entry);
void zip_entry_close(struct zip *z); /* whether finished or not */
uint32_t zip_dos_time(moment at);
/* "a.pdf", and if that is taken "a (2).pdf"; upper and lower case are the same to many systems. */
err zip_name_unique(struct zip *z, str name, str *out);

#endif
