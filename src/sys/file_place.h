/* Inside sys only: how a file gets its name in one step, so that a crash leaves the old one, the new one or none. */
#ifndef LETTERLOCK_SYS_FILE_PLACE_H
#define LETTERLOCK_SYS_FILE_PLACE_H

#include "sys/sys.h"

enum { FILE_TEMPORARY_MAX = 4096 };
err file_temporary_name(const char *path, char *to, size_t max);
/* Renames, or links if nothing may be replaced, and syncs the directory. The temporary name is gone on success. */
err file_put_in_place(const char *temporary, const char *path, bool replace);

#endif
