/* Children that are this program itself, going on elsewhere. A child is forked before any thread exists; it keeps the
 * descriptors it is given and loses all others, dies with its parent, gains no rights by running anything, is not
 * dumpable, and shows its title in ps. SIGINT passes it by, because a terminal sends it to everybody and the parent
 * decides; SIGTERM and SIGHUP are watched as by stop_watch() and reload_watch(), of its own. */
#ifndef LETTERLOCK_SYS_FORK_H
#define LETTERLOCK_SYS_FORK_H

#include "base/base.h"

#include <sys/types.h>

/* *pid is 0 in the child. `title` has at most 15 bytes; descriptors 0 to 2 are kept besides. */
err fork_child(const char *title, const int *keep, size_t count, pid_t *pid);

enum fork_signal { FORK_STOP, FORK_RELOAD, FORK_KILL };
void fork_tell(pid_t pid, enum fork_signal what);

/* A child that ended since the last time, without waiting; false if none did. */
struct fork_end {
	pid_t pid;
	int status; /* of exit, or -1 */
	int signal; /* that ended it, or 0 */
};
bool fork_ended(struct fork_end *out);

#endif
