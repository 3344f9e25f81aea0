/* New keys while everything runs. The keeper cannot open a file any more, so a second one begins beside it; when that
 * is ready, those who ask for keys leave with what they have in hand, others come with the new keeper, and the old one
 * goes when nobody asks it any more. The listening sockets are the parent's, so whoever connects meanwhile waits a
 * moment. Keys that cannot be read change nothing.
 *
 * The parent reads no key: that there are new ones it knows from the folder, since a key is made, and retired, by
 * putting a file into its place. */
#include "proc/parent.h"

#include "sys/sys.h"

#define ENDS_WITHIN (DRAIN_AND_KILL + 2 * SECOND) /* after those who ask it */

moment parent_keys_written_at(const struct parent *p)
{
	struct path_facts facts;

	return failed(path_look(p->options->config->keys, &facts)) ? 0 : facts.written_at;
}

static struct process *next_keeper(struct parent *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->process[i].next && !p->process[i].leaving)
			return &p->process[i];
	return NULL;
}

void parent_renew_keys(struct parent *p)
{
	if (!p->keys_asked || next_keeper(p))
		return;
	p->keys_asked = false;
	if (!parent_find(p, &roles[KEEPER]) || parent_keys_written_at(p) == p->keys_at)
		return; /* the one that comes reads them anyway; or they are known */
	err e = parent_start(p, &roles[KEEPER]);
	if (failed(e))
		log_failure(&p->log, "the keys could not be loaded again; the old ones stay in use", e, NULL);
	else
		p->process[p->count - 1].next = true;
}

/* It ends by itself when the last who asks is gone. */
static void retire(const struct parent *p, struct process *keeper)
{
	keeper->leaving = true;
	keeper->kill_at = parent_ticks(p) + ENDS_WITHIN;
	fd_done(&keeper->word);
}

void parent_take_over(struct parent *p, struct process *next)
{
	struct process *old = parent_find(p, &roles[KEEPER]);

	next->next = false;
	if (old)
		retire(p, old);
	for (size_t i = 0; i < p->count; i++)
		if (p->process[i].role->asks)
			parent_dismiss(p, &p->process[i]);
	log_say(&p->log, LOG_LEVEL_INFO, "the keys were loaded again; who uses them is replaced");
}

void parent_forget_next(struct parent *p)
{
	struct process *next = next_keeper(p);

	if (next)
		retire(p, next);
}
