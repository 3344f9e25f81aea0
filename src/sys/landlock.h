/* Inside sys only: Landlock (landlock(7)) by system call, since no library of ours brings it. */
#ifndef LETTERLOCK_SYS_LANDLOCK_H
#define LETTERLOCK_SYS_LANDLOCK_H

/* This thread has no right over any file, port or other process any more, as far as the kernel can say so: its version
 * of the interface, or 0 if it has none. Wants no-new-privs. */
unsigned landlock_nothing(void);

#endif
