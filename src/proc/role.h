/* Inside proc: the roles, and what the process of one has in its hands. */
#ifndef LETTERLOCK_PROC_ROLE_H
#define LETTERLOCK_PROC_ROLE_H

#include "crypt/keyring_memory.h"
#include "flow/line.h"
#include "net/http.h"
#include "proc/keeper.h"
#include "proc/log.h"

enum { KEEPER, FRONT, COURIER, STEWARD, CERTIFIER, ROLES };

/* In-flight work is finished within DRAIN; a little later the parent no longer waits. */
#define DRAIN (28 * SECOND)
#define DRAIN_AND_KILL (30 * SECOND)

/* The sockets that the front accepts from, bound by the parent. */
struct listeners {
	struct http_listener at[LISTENERS_MAX];
	size_t count;
	struct http_listener ops, acme; /* -1: none */
};

struct duty {
	const struct role *role;
	const struct config *config;
	struct arena *arena;
	struct clock clock;
	struct entropy entropy;
	struct log log;
	int parent;                  /* to tell words to */
	struct listeners listeners;  /* the front's; else none */
	int sockets[KEEPER_SOCKETS]; /* to the keeper; not the keeper's */
	struct keeper_client *client;
	struct keyring_memory *memory; /* the front's; else null */
	struct line *line;             /* not the keeper's */
	bool ready;
};

struct role {
	const char *name, *title;
	unsigned asks; /* what of the keeper: MAY(…) */
	bool listens;
	err (*run)(struct duty *d, struct fault *fault); /* until stopping is wanted and its work is finished */
};
extern const struct role roles[ROLES];

err keeper_run(struct duty *d, struct fault *fault);
err front_run(struct duty *d, struct fault *fault);
err courier_run(struct duty *d, struct fault *fault);
err steward_run(struct duty *d, struct fault *fault);
err certifier_run(struct duty *d, struct fault *fault);

/* The child's whole life: its line opened over the keeper's keyring, its role run, its trouble told. */
_Noreturn void duty_do(struct duty *d);
err duty_ready(struct duty *d);    /* the parent may go on; from now on trouble is the log's */
bool duty_goes_on(struct duty *d); /* a second passes; false: finish */
err duty_outcome(void);            /* why it did not go on: OK if that was asked for */

#endif
