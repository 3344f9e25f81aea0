/* The sandbox of a program that parses hostile bytes. After cage_shut() it computes, reads standard input, writes
 * standard output, and ends; whatever else it asks of the kernel kills it. Three layers, each of which would do for
 * most attacks: a filter of system calls that kills (seccomp), no rights over any file, port or other process
 * (Landlock, as far as this kernel knows it), and limits. No descriptor but 0, 1 and 2 survives,
 * and 3 where a library of ciphers keeps /dev/urandom open there: it may be read and nothing else.
 *
 * Libraries that load data files do so before. One thread only. */
#ifndef LETTERLOCK_SYS_CAGE_H
#define LETTERLOCK_SYS_CAGE_H

#include "base/base.h"

struct cage_facts {
	bool filtered;     /* system calls are */
	unsigned landlock; /* version of its interface; 0: this kernel has none */
};

/* First of all, before anything is loaded: not dumpable, dies with its parent. */
void cage_begin(void);
void cage_shut(struct cage_facts *out);

/* What an attacker would try, for a self-test; each returns errno, 0 if it went through, or does not return. */
struct cage_try {
	const char *name;  /* "open" */
	const char *words; /* "open a file for reading" */
	int (*go)(void);
};
extern const struct cage_try cage_tries[];
extern const size_t cage_try_count;

#endif
