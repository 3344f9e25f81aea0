/* The shared files of AWS's programs (~/.aws/credentials, ~/.aws/config): sections in brackets, "name = value" lines,
 * comments from # or ; on. What is indented belongs to a setting of another program and is skipped. A value ends where
 * a blank and a # follow. */
#ifndef LETTERLOCK_WIRE_INI_H
#define LETTERLOCK_WIRE_INI_H

#include "base/base.h"

struct ini_place {
	uint64_t line; /* where it is wrong; from 1 */
};
/* The value lies within `text`. NEVER NOT_FOUND; NEVER SYNTAX, with the line, for a file that is none, or says the
 * same name twice in a section: nobody could tell which is meant. The whole file is read in any case. */
err ini_find(str text, str section, str name, str *out, struct ini_place *wrong);
bool ini_has_section(str text, str section);

#endif
