/* A keyring that remembers for a moment what the one below it answered, for a process that asks a keeper and asks the
 * same again and again: a browser that reads a document in many ranges asks four questions for each.
 *
 * Only answers that never change are remembered: unwrapped data keys, and MACs over tokens and sessions; no proof, no
 * address, no refusal. Who asks could have asked again and got the same, so nothing is allowed that was not; whether a
 * link may be opened is in the database and is looked at there. What is remembered lies in locked memory and is wiped
 * by keyring_memory_sweep(), which somebody calls about once a second. */
#ifndef LETTERLOCK_CRYPT_KEYRING_MEMORY_H
#define LETTERLOCK_CRYPT_KEYRING_MEMORY_H

#include "crypt/crypt.h"

struct keyring_memory;
/* Takes *below and gives *out in its place; *memory lives as long as *out. */
err keyring_remember(struct keyring **below, struct clock clock, span how_long, struct keyring **out,
		     struct keyring_memory **memory);
void keyring_memory_sweep(struct keyring_memory *m); /* wipes what is older than that; accepts null */

#endif
