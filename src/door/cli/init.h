/* init's own: what was asked for, and what is made of it. */
#ifndef LETTERLOCK_DOOR_CLI_INIT_H
#define LETTERLOCK_DOOR_CLI_INIT_H

#include "door/cli/cli.h"
#include "door/cli/dns_records.h"

struct init {
	struct cli *cli;
	struct arena *arena;
	const char *dir;
	bool dir_was_there;
	str domain, from, base_url, host;
	const char *kind, *relay, *port, *security, *region;
	struct dns_record *records;
};

err init_ask(struct init *i);  /* the options, each judged */
err init_make(struct init *i); /* everything, in the folder that is there; leaves what it made when it fails */
bool init_is_this_machine(str host);

#endif
