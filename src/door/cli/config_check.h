/* config check's own: what a probe is given and how it says what it found. */
#ifndef LETTERLOCK_DOOR_CLI_CONFIG_CHECK_H
#define LETTERLOCK_DOOR_CLI_CONFIG_CHECK_H

#include "config/config.h"
#include "crypt/crypt.h"
#include "door/cli/cli.h"

enum { FINDINGS_MAX = 64, FINDING_TEXT = 600 };

enum judgement { FINE, DOUBTFUL, FAILED };

struct finding {
	const char *name;
	enum judgement judgement;
	char found[FINDING_TEXT], todo[FINDING_TEXT];
};

struct check {
	struct cli *cli;
	const struct config *config;
	struct keyring *keys; /* null if they cannot be opened */
	const char *probe;    /* that is running */
	struct finding findings[FINDINGS_MAX];
	size_t count;
};

struct probe {
	const char *name;
	void (*look)(struct check *c);
	bool dials; /* left out with --offline */
};
extern const struct probe config_probes[];
extern const size_t config_probe_count;

#endif
