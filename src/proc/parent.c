/* The parent: starts, watches, starts again, and ends the others. It reads nothing but signals, deaths and words. */
#include "proc/parent.h"

#include "proc/word.h"
#include "sys/fork.h"
#include "sys/packet.h"
#include "sys/sys.h"

#define WAIT_FIRST SECOND
#define WAIT_MOST (60 * SECOND)
#define LIVED_WELL (60 * SECOND) /* after this long the next death is a first one again */
#define KEEPER_ENDS_WITHIN (2 * SECOND)

int64_t parent_ticks(const struct parent *p)
{
	return clock_ticks(&p->options->clock);
}

struct process *parent_find(struct parent *p, const struct role *role)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->process[i].role == role && !p->process[i].leaving && !p->process[i].next)
			return &p->process[i];
	return NULL;
}

static struct post *post_of(struct parent *p, const struct role *role)
{
	return &p->post[role - roles];
}

/* ── Filling posts ───────────────────────────────────────────────────────────────────────────────── */

static bool keeper_is_ready(struct parent *p)
{
	const struct process *keeper = parent_find(p, &roles[KEEPER]);

	return keeper && keeper->ready;
}

static bool is_due(struct parent *p, const struct role *role)
{
	const struct post *post = post_of(p, role);

	return post->wanted && !parent_find(p, role) && parent_ticks(p) >= post->again_at &&
	       (role == &roles[KEEPER] || keeper_is_ready(p));
}

/* Doubles until one has lived long enough. */
static void wait_before_next(struct parent *p, const struct role *role, span lived)
{
	struct post *post = post_of(p, role);
	span wait = lived >= LIVED_WELL || !post->wait ? WAIT_FIRST : post->wait;

	post->again_at = parent_ticks(p) + wait;
	post->wait = 2 * wait > WAIT_MOST ? WAIT_MOST : 2 * wait;
	log_say(&p->log, LOG_LEVEL_WARNING, "the %s is started again in %d s", role->name, (int)(wait / SECOND));
}

static err fill_posts(struct parent *p)
{
	for (const struct role *role = roles; role < roles + ROLES; role++) {
		if (!is_due(p, role))
			continue;
		err e = parent_start(p, role);
		if (failed(e) && !p->begun)
			return e;
		if (failed(e)) {
			log_failure(&p->log, "no process could be started", e, NULL);
			wait_before_next(p, role, 0);
		}
	}
	return OK;
}

/* ── Leaving ─────────────────────────────────────────────────────────────────────────────────────── */

void parent_dismiss(struct parent *p, struct process *one)
{
	if (one->leaving)
		return;
	one->leaving = true;
	one->kill_at = parent_ticks(p) + DRAIN_AND_KILL;
	fork_tell(one->pid, FORK_STOP);
}

static void dismiss_clients(struct parent *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->process[i].role != &roles[KEEPER])
			parent_dismiss(p, &p->process[i]);
}

static void kill_the_late(struct parent *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct process *one = &p->process[i];
		if (!one->leaving || parent_ticks(p) < one->kill_at)
			continue;
		log_say(&p->log, LOG_LEVEL_WARNING, "the %s did not finish in time and is ended", one->role->name);
		fork_tell(one->pid, FORK_KILL);
		one->kill_at = INT64_MAX;
		p->killed = true;
	}
}

/* ── Words and deaths ────────────────────────────────────────────────────────────────────────────── */

static void is_ready(struct parent *p, struct process *one, const struct fault *fault)
{
	one->ready = true;
	if (!fault_empty(fault))
		log_say(&p->log, LOG_LEVEL_WARNING, "%s", fault->what);
	log_say(&p->log, p->begun ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "the %s is at work, as process %d",
		one->role->name, (int)one->pid);
	if (one->next)
		parent_take_over(p, one);
}

/* What it could not begin for is the whole command's failure at first, and a line in the log later. */
static err could_not_begin(struct parent *p, const struct process *one, const struct word *w, struct fault *fault)
{
	if (!p->begun) {
		*fault = w->fault;
		return w->e;
	}
	char what[64];
	struct buf b = BUF_ON(what);
	buf_add_format(&b, "the %s could not begin", one->role->name);
	log_failure(&p->log, buf_c(&b), w->e, &w->fault);
	return OK;
}

static err hear(struct parent *p, struct process *one, struct fault *fault)
{
	struct word w;

	if (failed(word_hear(one->word, &w))) {
		fd_done(&one->word); /* its end is seen by fork_ended() */
		return OK;
	}
	if (w.kind == WORD_FAILED)
		return could_not_begin(p, one, &w, fault);
	if (w.kind == WORD_READY)
		is_ready(p, one, &w.fault);
	else
		log_say(&p->log, LOG_LEVEL_ERROR,
			"the keeper of the keys cut off a process that asked what is no question");
	return OK;
}

static err listen_to_all(struct parent *p, span patience, struct fault *fault)
{
	int fds[PROCESSES_MAX + 1];
	bool ready[PROCESSES_MAX + 1];
	size_t count = p->count;

	for (size_t i = 0; i < count; i++)
		fds[i] = p->process[i].word;
	fds[count] = stop_wanted() ? -1 : stop_fd();
	TRY(packet_wait(fds, count + 1, patience, ready));
	for (size_t i = 0; i < count; i++)
		if (ready[i])
			TRY(hear(p, &p->process[i], fault));
	return OK;
}

static void say_end(const struct parent *p, const struct process *one, const struct fork_end *end)
{
	if (one->leaving && end->status == 0)
		log_say(&p->log, LOG_LEVEL_DEBUG, "the %s has finished", one->role->name);
	else if (end->signal)
		log_say(&p->log, LOG_LEVEL_ERROR, "the %s was ended by signal %d", one->role->name, end->signal);
	else
		log_say(&p->log, LOG_LEVEL_ERROR, "the %s ended with status %d", one->role->name, end->status);
}

static void bury(struct parent *p, size_t i, const struct fork_end *end)
{
	struct process gone = p->process[i];

	p->process[i] = p->process[--p->count];
	fd_done(&gone.word);
	say_end(p, &gone, end);
	if (gone.leaving || !p->begun)
		return;
	if (gone.next) {
		log_say(&p->log, LOG_LEVEL_WARNING, "the keys could not be loaded again; the old ones stay in use");
		return;
	}
	wait_before_next(p, gone.role, parent_ticks(p) - gone.since);
	if (gone.role == &roles[KEEPER])
		dismiss_clients(p);
}

/* What it had to say was heard before. */
static err bury_the_dead(struct parent *p)
{
	size_t before = p->count;
	struct fork_end end;

	while (fork_ended(&end))
		for (size_t i = 0; i < p->count; i++)
			if (p->process[i].pid == end.pid) {
				bury(p, i, &end);
				break;
			}
	return p->begun || p->count == before ? OK : BROKEN(SYSTEM, "a process ended before it could begin");
}

/* ── Together ────────────────────────────────────────────────────────────────────────────────────── */

static void look_whether_begun(struct parent *p)
{
	for (const struct role *role = roles; !p->begun && role < roles + ROLES; role++) {
		const struct process *one = parent_find(p, role);
		if (post_of(p, role)->wanted && !(one && one->ready))
			return;
	}
	if (!p->begun)
		sys_notify("READY=1");
	p->begun = true;
}

static void pass_on_reload(struct parent *p)
{
	p->keys_asked = true;
	for (size_t i = 0; i < p->count; i++)
		if (p->process[i].role->listens)
			fork_tell(p->process[i].pid, FORK_RELOAD);
}

static err watch(struct parent *p, struct fault *fault)
{
	while (!stop_wanted()) {
		TRY(fill_posts(p));
		TRY(listen_to_all(p, SECOND / 4, fault));
		TRY(bury_the_dead(p));
		look_whether_begun(p);
		kill_the_late(p);
		if (reload_wanted())
			pass_on_reload(p);
		if (p->begun)
			parent_renew_keys(p);
	}
	return OK;
}

static void wait_for_ends(struct parent *p, size_t left)
{
	struct fault none = { 0 };

	p->begun = true; /* from here on a death is no failure to begin */
	while (p->count > left) {
		(void)failed(listen_to_all(p, SECOND / 10, &none));
		(void)failed(bury_the_dead(p));
		kill_the_late(p);
	}
}

/* The keeper goes last, when nobody asks any more. */
static void drain(struct parent *p)
{
	for (size_t i = 0; i < ROLES; i++)
		p->post[i].wanted = false;
	dismiss_clients(p);
	parent_forget_next(p);
	struct process *keeper = parent_find(p, &roles[KEEPER]);
	wait_for_ends(p, keeper != NULL);
	keeper = parent_find(p, &roles[KEEPER]);
	if (!keeper)
		return;
	keeper->leaving = true;
	keeper->kill_at = parent_ticks(p) + KEEPER_ENDS_WITHIN;
	fd_done(&keeper->word);
	wait_for_ends(p, 0);
}

static bool has_authority(const struct parent *p)
{
	return p->options->config->serve.acme_directory.len > 0;
}

static err serve(struct parent *p, struct fault *fault)
{
	for (const struct role *role = roles; role < roles + ROLES; role++) {
		const struct role *only = p->options->only;
		bool here = !only || role == only || role == &roles[KEEPER];
		post_of(p, role)->wanted = here && (role != &roles[CERTIFIER] || has_authority(p));
	}
	if (p->post[FRONT].wanted)
		TRY(parent_listen(p, fault));
	err e = watch(p, fault);
	if (!failed(e))
		log_say(&p->log, LOG_LEVEL_INFO, "stopping: what is in flight is finished first");
	sys_notify("STOPPING=1");
	drain(p);
	if (!failed(e) && p->killed)
		e = LATER(TIMEOUT, "what was in flight did not finish in time");
	return e;
}

err role_find(str name, const struct role **out)
{
	for (size_t i = FRONT; i < ROLES; i++)
		if (str_same(name, str_of(roles[i].name))) {
			*out = &roles[i];
			return OK;
		}
	return NEVER(USAGE, "a role is front, courier, steward or certifier");
}

err proc_serve(const struct serve_options *options, struct fault *fault)
{
	const struct config *c = options->config;
	struct parent p = {
		.options = options,
		.listeners.ops.fd = -1,
		.listeners.acme.fd = -1,
		.log = { .least = c->log.level, .format = c->log.format, .clock = options->clock, .process = "parent" },
	};

	if (options->quiet && p.log.least > LOG_LEVEL_WARNING)
		p.log.least = LOG_LEVEL_WARNING;
	stop_watch();
	reload_watch();
	err e = serve(&p, fault);
	parent_listen_no_more(&p);
	return e;
}
