/* Inside proc: the parent's table of posts and processes. */
#ifndef LETTERLOCK_PROC_PARENT_H
#define LETTERLOCK_PROC_PARENT_H

#include "proc/proc.h"
#include "proc/role.h"

#include <sys/types.h>

enum { PROCESSES_MAX = 4 * ROLES };

struct process {
	const struct role *role;
	pid_t pid;
	int word; /* what it tells us; of the keeper: also what we hand in */
	bool ready, leaving;
	bool next;              /* a keeper with newer keys, until it is ready */
	int64_t since, kill_at; /* ticks */
};

/* One for each role: whether somebody is to hold it, and when the next may begin. */
struct post {
	bool wanted;
	span wait;        /* after the next death */
	int64_t again_at; /* ticks */
};

struct parent {
	const struct serve_options *options;
	struct log log;
	struct listeners listeners;
	struct process process[PROCESSES_MAX];
	size_t count;
	struct post post[ROLES];
	moment keys_at;  /* when the newest keeper's keys were last written */
	bool keys_asked; /* whether there are new ones is to be looked at */
	bool begun;      /* all were ready once; until then a failure is the end */
	bool killed;
};

/* start.c */
err parent_listen(struct parent *p, struct fault *fault);
void parent_listen_no_more(struct parent *p);
err parent_start(struct parent *p, const struct role *role); /* in a new process; returns in the parent only */

/* renewal.c */
moment parent_keys_written_at(const struct parent *p); /* the folder; 0 if that cannot be told */
void parent_renew_keys(struct parent *p);              /* as often as you like; does something once keys_asked is set */
void parent_take_over(struct parent *p, struct process *next); /* it is ready */
void parent_forget_next(struct parent *p);

/* Asked to finish, and killed if it does not. */
void parent_dismiss(struct parent *p, struct process *one);
/* The one on duty, not one that is leaving, nor the next; null if there is none. */
struct process *parent_find(struct parent *p, const struct role *role);
int64_t parent_ticks(const struct parent *p);

#endif
