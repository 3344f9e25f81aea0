/* How a process begins: its sockets, the fork, and what it has in its hands. */
#include "proc/parent.h"

#include "sys/fork.h"
#include "sys/listen.h"
#include "sys/packet.h"
#include "sys/sys.h"

#define HANDING_MAX (5 * SECOND)
#define PORT_FREE_WITHIN (2 * SECOND)

/* ── The listening socket ────────────────────────────────────────────────────────────────────────── */

/* host:port, [v6]:port. */
static err split_listen(str text, str *host, uint16_t *port, struct fault *fault)
{
	uint64_t number = 0;
	size_t colon = text.len;

	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	if (colon < 2 || !str_number(str_from(text, colon), &number) || number > UINT16_MAX) {
		fault_set(fault, "serve.listen: address and port are written 127.0.0.1:8443 or [::]:443");
		return NEVER(CONFIG, "not an address and port");
	}
	*host = str_upto(text, colon - 1);
	if (str_starts(*host, STR("[")) && str_ends(*host, STR("]")))
		*host = str_upto(str_from(*host, 1), host->len - 2);
	*port = (uint16_t)number;
	return OK;
}

/* The children of a parent that was killed die with it, but a moment later, and hold the port until then. */
err parent_listen(struct parent *p, struct fault *fault)
{
	int64_t until = parent_ticks(p) + PORT_FREE_WITHIN;
	uint16_t port;
	str host;
	err e;

	TRY(split_listen(p->options->config->serve.listen, &host, &port, fault));
	do
		e = listen_open(host, port, &p->listener, fault);
	while (e.why == WHY_EXISTS && parent_ticks(p) < until && sys_sleep(SECOND / 20));
	if (!failed(e))
		*fault = (struct fault){ 0 };
	return e;
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
	for (size_t i = 0; role != &roles[KEEPER] && i < KEEPER_SOCKETS; i++)
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
		.listener = role->listens ? p->listener : -1,
	};

	d.log.process = role->name;
	memcpy(d.sockets, sockets, sizeof d.sockets);
	return d;
}

/* It keeps what is in its duty and nothing else: no listener, no socket of another. */
static err fork_duty(const struct duty *d, pid_t *pid)
{
	int keep[KEEPER_SOCKETS + 2] = { d->parent, d->listener };

	memcpy(keep + 2, d->sockets, sizeof d->sockets);
	return fork_child(d->role->title, keep, sizeof keep / sizeof *keep, pid);
}

err parent_start(struct parent *p, const struct role *role)
{
	OWNED(sockets_done) int sockets[KEEPER_SOCKETS] = { -1, -1, -1, -1 };
	int ends[2];
	pid_t pid;

	if (p->count == PROCESSES_MAX)
		return LATER(BUSY, "too many processes are still leaving");
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
