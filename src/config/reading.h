/* config's own: the strict walk that knows positions (marks.c), libcyaml's strings (raw.c), and their values. */
#ifndef LETTERLOCK_CONFIG_READING_H
#define LETTERLOCK_CONFIG_READING_H

#include "config/config.h"

enum { CONFIG_BYTES_MAX = 1024 * 1024, RECORDS_MAX = 64, COMMAND_WORDS_MAX = 32 };

/* Where a value stands in the file. */
struct config_mark {
	const struct config_setting *setting;
	size_t record;
	uint64_t line, column;
};

struct reading {
	struct arena *arena;
	struct fault *fault;
	const char *path, *folder;
	const char *data; /* once known */
	struct config *config;
	struct config_mark *marks;
	size_t mark_count, mark_max;
};

err marks_read(struct reading *r, str text);
const struct config_mark *mark_find(const struct config_mark *marks, size_t count, const struct config_setting *s,
				    size_t record);
/* Puts file, line and column of the setting into the fault; gives NEVER CONFIG. */
err reading_refuse(struct reading *r, const struct config_setting *s, size_t record, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Where a list of records stands in a struct: its first record, their number, and how far apart they are. */
struct config_list {
	const char *name;
	size_t first, count, each;
};
/* Of struct config, and the place of that list among the lists; for the list's own row and for those of its fields. */
const struct config_list *config_list(const struct config_setting *s, size_t *place);

struct raw;
err raw_read(struct reading *r, str text, struct raw **out);
void raw_done(struct raw **raw);
/* The text given for a setting, or null. */
const char *raw_text(const struct raw *raw, const struct config_setting *s, size_t record);
err raw_secret(const struct raw *raw, const struct config_setting *s, struct arena *a, struct config_secret *out);
size_t raw_records(const struct raw *raw, const struct config_setting *s);

/* From text to the field at `field`. */
err value_read(struct reading *r, const struct config_setting *s, size_t record, const char *text, void *field);
void value_print(const struct config_setting *s, const void *field, struct buf *out);

void offset_print(int minutes, struct buf *out); /* +01:00 */

err config_validate(struct reading *r, struct config *c);

#endif
