/* The sandbox of a program that parses hostile bytes. It has two doors: cage_shut() once everything is loaded, and
 * cage_bolt(), or cage_stand_by(), which makes a process of its own for each job and bolts that. Bolted, it computes,
 * reads standard input, writes standard output, and ends; whatever else it asks of the kernel kills it. Between the two
 * it may make processes, wait for them and bolt them, and takes no byte of a job: so what one job did to its process is
 * gone with it, and no job meets what another left behind, nor what it left unread.
 *
 * Three layers, each of which would do for most attacks: a filter of system calls that kills (seccomp), no rights over
 * any file, port or other process (Landlock, as far as this kernel knows it), and limits. No descriptor but 0, 1 and 2
 * survives, and 3 where a library of ciphers keeps /dev/urandom open there: it may be read and nothing else. Over
 * CAGE_RESTED, which jobs do not have, the one who asks says that a job was sent to its last byte, and is told that its
 * process has ended and read it so far.
 *
 * Libraries that load data files do so before. One thread only. */
#ifndef LETTERLOCK_SYS_CAGE_H
#define LETTERLOCK_SYS_CAGE_H

#include "base/base.h"

enum { CAGE_RESTED = 4 }; /* the descriptor, a socket: one byte in when a job was sent, one out when it is gone */

struct cage_facts {
	bool filtered;     /* system calls are */
	unsigned landlock; /* version of its interface; 0: this kernel has none */
};

/* First of all, before anything is loaded: not dumpable, dies with its parent. */
void cage_begin(void);
void cage_shut(struct cage_facts *out);
void cage_bolt(bool filtered); /* for who does its jobs itself; does not return where it cannot be done */
/* Was it started to stand by? Then CAGE_RESTED is there. */
bool cage_is_asked_to_stand_by(void);
/* Waits until there is something to read, and returns true in a new process, bolted, which does one job and ends; false
 * when nothing more will come. Where a job did not end well, this process ends as that one did; where it left something
 * unread, with 1. `filtered` as
 * cage_shut() said. */
bool cage_stand_by(bool filtered);

/* What an attacker would try, for a self-test; each returns errno, 0 if it went through, or does not return. */
struct cage_try {
	const char *name;  /* "open" */
	const char *words; /* "open a file for reading" */
	int (*go)(void);
};
extern const struct cage_try cage_tries[];
extern const size_t cage_try_count;

#endif
