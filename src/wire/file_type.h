/* The types of files there are words for, and what may be said of a file by its name alone. One table (file_type.def)
 * knows extension, media type and what people call it. That a file has an extension proves nothing; that its name
 * lies is reason enough to refuse it: a name decides which program opens the file at the recipient's. */
#ifndef LETTERLOCK_WIRE_FILE_TYPE_H
#define LETTERLOCK_WIRE_FILE_TYPE_H

#include "base/base.h"

enum file_type {
#define FILE_TYPE(name, word, extensions, media, others, called) FILE_##name,
#include "wire/file_type.def"
#undef FILE_TYPE
	FILE_TYPES, /* as a value: none of these */
};
#define FILE_BIT(type) (1u << (unsigned)(type))

str file_type_word(enum file_type type);        /* "pdf"; "unknown" of none */
str file_type_media(enum file_type type);       /* RFC 6838; application/octet-stream of none */
const char *file_type_called(enum file_type t); /* "a PDF" */
enum file_type file_type_of_word(str word);     /* FILE_TYPES if there is none */
enum file_type file_type_of_name(str name);     /* by the extension, in any case */
enum file_type file_type_of_extension(str extension);

/* Whether a sender's media type may stand before such a file. None, and application/octet-stream, say nothing;
 * parameters are not looked at (RFC 9110 8.3). */
bool file_type_agrees(enum file_type type, str declared);

/* "pdf, docx txt": commas and blanks between. NEVER SYNTAX with the word in *wrong. */
err file_types_read(str words, uint32_t *bits, str *wrong);

/* NEVER DOCUMENT, with the reason as note, for the last part of a path that would mislead: not UTF-8, control,
 * direction and unseen characters, blanks or dots at its end, separators, more than 255 octets, a second extension
 * that is a program's or another type's. What may be named like a device of Windows is the caller's matter. */
err file_name_judge(str name);
/* A path inside an archive: each part as above, none empty, "." or "..", not absolute, no drive, no device. */
err file_path_judge(str path);
bool file_name_is_device(str name); /* CON, NUL, COM1 …, with any extension */

#endif
