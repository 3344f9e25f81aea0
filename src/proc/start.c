/* How a process begins: its sockets, the fork, and what it has in its hands. */
#include "proc/parent.h"

#include "sys/fork.h"
#include "sys/listen.h"
#include "sys/packet.h"
#include "sys/sys.h"

#define HANDING_MAX (5 * SECOND)
#define PORT_FREE_WITHIN (2 * SECOND)

/* ── The listening socket ────────────────────────────────────────────────────────────────────────── */

static err listen_once(const struct config *c, const struct listen_at *at, int *fd, struct fault *fault)
{
	uint64_t figures = c->serve.socket_mode; /* "660" */

	if (at->path.len)
		return listen_unix(at->path, (mode_t)(figures / 100 << 6 | figures / 10 % 10 << 3 | figures % 10), fd,
				   fault);
	return listen_open(at->host, at->port, fd, fault);
}

/* The children of a parent that was killed die with it, but a moment later, and hold the port until then. */
static err listen_at_last(struct parent *p, const struct listen_at *at, int *fd, struct fault *fault)
{
	int64_t until = parent_ticks(p) + PORT_FREE_WITHIN;
	err e;

	do
		e = listen_once(p->options->config, at, fd, fault);
	while (e.why == WHY_EXISTS && parent_ticks(p) < until && sys_sleep(SECOND / 20));
	if (!failed(e))
		*fault = (struct fault){ 0 };
	return e;
}

static err listen_plainly(struct parent *p, str where, struct http_listener *to, struct fault *fault)
{
	struct listen_at at;

	if (where.len == 0)
		return OK;
	TRY(listen_at_parse(where, &at));
	to->plain = true;
	return listen_at_last(p, &at, &to->fd, fault);
}

err parent_listen(struct parent *p, struct fault *fault)
{
	const struct config *c = p->options->config;
	struct listen_at at[LISTENERS_MAX];
	size_t count;

	TRY(listen_at_all(c->serve.listen, at, &count));
	for (size_t i = 0; i < count; i++) {
		struct http_listener *l = &p->listeners.at[i];
		TRY(listen_at_last(p, &at[i], &l->fd, fault));
		l->plain = at[i].path.len > 0;
		p->listeners.count++;
	}
	TRY(listen_plainly(p, c->serve.ops_listen, &p->listeners.ops, fault));
	return c->serve.acme_directory.len ? listen_plainly(p, c->serve.acme_listen, &p->listeners.acme, fault) : OK;
}

/* A Unix socket's name stays: another parent may have put its own in its place by now. */
void parent_listen_no_more(struct parent *p)
{
	while (p->listeners.count)
		fd_done(&p->listeners.at[--p->listeners.count].fd);
	fd_done(&p->listeners.ops.fd);
	fd_done(&p->listeners.acme.fd);
}

/* ── Sockets to the keeper ───────────────────────────────────────────────────────────────────────── */

static void sockets_done(int (*sockets)[KEEPER_SOCKETS])
{
	for (size_t i = 0; i < KEEPER_SOCKETS; i++)
		fd_done(&(*sockets)[i]);
}

static err introduce(struct parent *p, const struct role *role, int *ours)
{
	const struct process *keeper = parent_find(p, &roles[KEEPER]);
	int ends[2];

	if (!keeper)
		return LATER(CLOSED, "there is no keeper");
	TRY(packet_pair(ends));
	OWNED(fd_done) int given = ends[1];
	*ours = ends[0];
	return packet_send_fd(keeper->word, (uint8_t)role->asks, given);
}

static err introduce_all(struct parent *p, const struct role *role, int (*sockets)[KEEPER_SOCKETS])
{
	for (size_t i = 0; role->asks && i < KEEPER_SOCKETS; i++)
		TRY(introduce(p, role, &(*sockets)[i]));
	return OK;
}

/* ── The fork ────────────────────────────────────────────────────────────────────────────────────── */

static struct duty duty_of(const struct parent *p, const struct role *role, int word, const int *sockets)
{
	const struct serve_options *o = p->options;
	struct duty d = {
		.role = role,
		.config = o->config,
		.arena = o->arena,
		.clock = o->clock,
		.entropy = o->entropy,
		.log = p->log,
		.parent = word,
		.listeners = role->listens ? p->listeners : (struct listeners){ .ops.fd = -1, .acme.fd = -1 },
	};

	d.log.process = role->name;
	memcpy(d.sockets, sockets, sizeof d.sockets);
	return d;
}

/* It keeps what is in its duty and nothing else: no listener, no socket of another. */
static err fork_duty(const struct duty *d, pid_t *pid)
{
	int keep[3 + KEEPER_SOCKETS + LISTENERS_MAX] = { d->parent, d->listeners.ops.fd, d->listeners.acme.fd };

	memcpy(keep + 3, d->sockets, sizeof d->sockets);
	for (size_t i = 0; i < d->listeners.count; i++)
		keep[3 + KEEPER_SOCKETS + i] = d->listeners.at[i].fd;
	return fork_child(d->role->title, keep, 3 + KEEPER_SOCKETS + d->listeners.count, pid);
}

err parent_start(struct parent *p, const struct role *role)
{
	OWNED(sockets_done) int sockets[KEEPER_SOCKETS] = { -1, -1, -1, -1 };
	int ends[2];
	pid_t pid;

	if (p->count == PROCESSES_MAX)
		return LATER(BUSY, "too many processes are still leaving");
	if (role == &roles[KEEPER])
		p->keys_at = parent_keys_written_at(p); /* before it reads them */
	TRY(introduce_all(p, role, &sockets));
	TRY(packet_pair(ends));
	OWNED(fd_done) int ours = ends[0];
	OWNED(fd_done) int theirs = ends[1];
	TRY(packet_patience(ours, HANDING_MAX));
	struct duty d = duty_of(p, role, theirs, sockets);
	TRY(fork_duty(&d, &pid));
	if (pid == 0)
		duty_do(&d);
	p->process[p->count++] = (struct process){ .role = role, .pid = pid, .word = ours, .since = parent_ticks(p) };
	ours = -1;
	return OK;
}
