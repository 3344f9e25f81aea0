/* The inside of file.h: one look at one document, and the files that know each type. Not for others.
 *
 * Each function answers OK, or what look_refuse() gave back; an error other than NEVER DOCUMENT means that the look
 * failed, not the document. */
#ifndef LETTERLOCK_INSPECTOR_FILE_INSIDE_H
#define LETTERLOCK_INSPECTOR_FILE_INSIDE_H

#include "inspector/file.h"

struct look {
	struct arena *arena;
	const struct clock *clock;
	int64_t ends_at;                /* by the clock's ticks */
	const struct file_rules *rules; /* its counters below are of the whole document, however deep */
	uint64_t entries, produced, packed;
	uint64_t depth;
	str name; /* of the file that is being looked into */
	uint32_t active;
	bool held;
	char inside[256]; /* the entry that is being looked into, escaped; empty: the document itself */
	char reason[512]; /* escaped */
};

/* NEVER DOCUMENT with the sentence in look->reason, behind the name of the entry it is about. */
err look_refuse(struct look *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something active was found: noted, and refused or held if the rules say so. */
err look_active(struct look *l, enum file_active what);
err look_time(struct look *l); /* refuses when the time for it is over */

/* One file, whole in memory, under the name it has: type by name and content, allow-list, content. */
err look_file(struct look *l, str name, str declared, str bytes, enum file_type *type);

/* By content. */
enum file_type sniff_type(str head); /* of those with a signature; zip for all that are zips */
const char *sniff_foreign(str head); /* "a Windows program" and the like; null if it is none we know */
err sniff_second_face(struct look *l, enum file_type type, str bytes); /* what could be read as something else, too */

err look_pdf(struct look *l, str bytes);
err look_png(struct look *l, str bytes);
err look_jpeg(struct look *l, str bytes);
err look_size(struct look *l, uint64_t width, uint64_t height); /* in pixels: what a viewer can bear */
err look_gif(struct look *l, str bytes);
err look_archive(struct look *l, enum file_type type, str bytes);

/* What the Finder of macOS adds to a zip: "__MACOSX/folder/._name", RFC 1740. */
bool apple_names(str path);
err look_apple(struct look *l, str bytes);

/* Text, a window at a time. */
struct text_look {
	unsigned state;           /* of the UTF-8 automaton */
	bool not_utf8, not_latin; /* so far */
	bool begun;
};
err look_text(struct look *l, struct text_look *t, str window);
err look_text_end(struct look *l, struct text_look *t);

/* The cells of a table in text, a window at a time: those that a spreadsheet computes. */
enum csv_cell { CELL_BEGIN, CELL_PLAIN, CELL_EQUALS, CELL_SIGN };
struct csv_look {
	enum csv_cell cell; /* how the one that is read began */
	char before;        /* the octet before this one */
	bool asks;          /* it names another program */
};
err look_csv(struct look *l, struct csv_look *t, str window);

/* A document in memory, by doubling: what is held is what is there and not what somebody says is there. Refused beyond
 * rules->look_bytes. */
struct held {
	char *at;
	size_t len, room;
};
err look_hold(struct look *l, struct source *from, struct held *h);
void held_done(struct held *h); /* for OWNED */

/* ── A zip, read strictly ────────────────────────────────────────────────────────────────────────── */

struct zip_entry {
	str name;
	uint64_t packed, size, at, data; /* at: of the local header, data: of the first packed byte */
	uint32_t crc;
	uint16_t method, flags, made_by;
	uint32_t attributes;
	bool directory, encrypted;
	uint64_t end; /* of everything that is its own */
};
struct zip_list {
	struct zip_entry *entries; /* in the order of their bytes */
	size_t count;
};
/* Central directory, local headers and descriptors must tell one story that covers every byte once: no gap, no
 * overlap, nothing before, between or after. Names as by file_path_judge(), none twice (in any case), no links, no
 * methods but stored and deflated. APPNOTE 6.3.10. Works on the bytes; inflates nothing. */
void zip_prepare(void);
err zip_read(struct look *l, str bytes, struct zip_list *out);

/* ── Office documents ────────────────────────────────────────────────────────────────────────────── */

enum office_kind { OFFICE_NONE, OFFICE_OOXML, OFFICE_ODF, OFFICE_PROGRAM };
enum office_kind office_kind_of(const struct zip_list *list); /* by its members' names; a program is a JAR or an APK */

struct office {
	enum office_kind kind;
	enum file_type type; /* FILE_TYPES until its parts have told */
	bool broken;         /* a member is no XML: damaged, or encrypted as the manifest will tell */
};
/* One member, whole; `name` as in the archive. */
err office_member(struct look *l, struct office *o, str name, str bytes);
err office_end(struct look *l, struct office *o, const struct zip_list *list); /* all members were seen */
/* The XML of a member: OOXML's relationships, content types and fields, ODF's scripts and links. A DOCTYPE is
 * refused, and so is what is not well-formed. */
err office_xml(struct look *l, struct office *o, str name, str bytes);

/* libmagic's opinion, as a media type; empty if it has none. */
str magic_opinion(str head);
err file_ready(void);

/* ── A PDF's names ───────────────────────────────────────────────────────────────────────────────── */

struct pdf_names {
	uint32_t active;      /* ACTIVE_BIT of what its names say */
	bool object_streams;  /* names may stand in compressed objects, too */
	bool unclear_opening; /* an /OpenAction that is no plain place in the document */
};
void pdf_scan_names(str bytes, struct pdf_names *out); /* adds; no parser: every '/' begins a name */
void pdf_scan_outside_streams(str bytes, struct pdf_names *out);
void pdf_name_meaning(str name, struct pdf_names *out);         /* one decoded name, without its slash */
err pdf_walk(struct look *l, str bytes, struct pdf_names *out); /* with qpdf, every object that can be reached */

#endif
