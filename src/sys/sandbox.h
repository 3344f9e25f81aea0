/* A process that needs nothing more from the world shuts the door behind itself. From then on it can compute, wait,
 * and talk over the descriptors it has or is handed: it opens no file and no socket, starts no program and no
 * thread, touches no other process and enlarges no file. What it tries nevertheless fails with EPERM. */
#ifndef LETTERLOCK_SYS_SANDBOX_H
#define LETTERLOCK_SYS_SANDBOX_H

#include "base/base.h"

/* All threads at once. `handed_max`: how many more descriptors may be handed in at the same time. The limits hold in
 * any case; NEVER UNSUPPORTED if the kernel refuses the filter of system calls. */
err sandbox_shut(unsigned handed_max);

#endif
