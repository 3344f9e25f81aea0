#include "sys/worker.h"

#include "sys/cage.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif

#define DYING_MAX (SECOND / 2) /* how long one that closed its socket may take to end by itself */

/* ── Starting ────────────────────────────────────────────────────────────────────────────────────── */

/* Blocked from birth: a terminal's ^C and a manager's SIGTERM are for the parent, which ends its workers itself. */
static int set_signals(posix_spawnattr_t *how)
{
	sigset_t blocked, usual;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigfillset(&usual);
	int error = posix_spawnattr_setsigmask(how, &blocked);
	error = error ? error : posix_spawnattr_setsigdefault(how, &usual);
	return error ? error : posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int set_files(posix_spawn_file_actions_t *files, int theirs, int rested)
{
	int error = posix_spawn_file_actions_adddup2(files, theirs, 0);

	error = error ? error : posix_spawn_file_actions_adddup2(files, theirs, 1);
	if (!error && rested >= 0)
		error = posix_spawn_file_actions_adddup2(files, rested, CAGE_RESTED);
	return error ? error : posix_spawn_file_actions_addopen(files, 2, "/dev/null", O_WRONLY, 0);
}

static int spawn(const char *program, int theirs, int rested, pid_t *pid)
{
	char *argv[] = { (char *)(uintptr_t)program, NULL }, *nothing[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;

	int error = posix_spawn_file_actions_init(&files);
	if (error)
		return error;
	error = posix_spawnattr_init(&how);
	if (!error) {
		error = set_files(&files, theirs, rested);
		error = error ? error : set_signals(&how);
		error = error ? error : posix_spawn(pid, program, &files, &how, argv, nothing);
		posix_spawnattr_destroy(&how);
	}
	posix_spawn_file_actions_destroy(&files);
	return error;
}

err worker_start(const char *program, bool stands_by, struct worker *out)
{
	int ends[2], rested_ends[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return sys_failed(errno);
	OWNED(fd_done) int ours = ends[0];
	OWNED(fd_done) int theirs = ends[1];
	if (stands_by && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, rested_ends))
		return sys_failed(errno);
	OWNED(fd_done) int hears_rested = rested_ends[0];
	OWNED(fd_done) int says_rested = rested_ends[1];
	struct worker w = { 0 };
	if (fcntl(ours, F_SETFL, O_NONBLOCK))
		return sys_failed(errno);
	int error = spawn(program, theirs, says_rested, &w.pid);
	if (error == EAGAIN || error == ENOMEM)
		return LATER(MEMORY, "no process could be started");
	if (error)
		return sys_failed(error);
	w.fd = ours;
	w.rested_fd = hears_rested;
	ours = hears_rested = -1;
	*out = w;
	return OK;
}

/* ── Limits ──────────────────────────────────────────────────────────────────────────────────────── */

static err cpu_used(pid_t pid, uint64_t *seconds)
{
	struct timespec used;
	clockid_t clock;

	int error = clock_getcpuclockid(pid, &clock);
	if (error || clock_gettime(clock, &used))
		return LATER(CLOSED, "the worker is gone");
	*seconds = (uint64_t)used.tv_sec;
	return OK;
}

/* The soft limit only: the hard one could never be raised again for the next job. The worker cannot raise it. */
static err set_soft(pid_t pid, __rlimit_resource_t what, uint64_t to)
{
	struct rlimit limit;

	if (prlimit(pid, what, NULL, &limit))
		return LATER(CLOSED, "the worker is gone");
	limit.rlim_cur = to < limit.rlim_max ? to : limit.rlim_max;
	return prlimit(pid, what, &limit, NULL) ? sys_failed(errno) : OK;
}

err worker_limit(struct worker *w, const struct worker_limits *limits)
{
	uint64_t used;

	TRY(cpu_used(w->pid, &used));
	uint64_t cpu = used + 1 + limits->cpu_seconds; /* the kernel counts whole seconds */
	if (cpu != w->now.cpu_seconds)
		TRY(set_soft(w->pid, RLIMIT_CPU, cpu));
	w->now.cpu_seconds = cpu;
#ifndef UNDER_ASAN
	if (limits->address_space != w->now.address_space)
		TRY(set_soft(w->pid, RLIMIT_AS, limits->address_space));
#endif
	w->now.address_space = limits->address_space;
	return OK;
}

/* ── Talking ─────────────────────────────────────────────────────────────────────────────────────── */

static err would_wait(ssize_t n)
{
	if (n >= 0 || errno == EAGAIN || errno == EINTR)
		return OK;
	return errno == EPIPE || errno == ECONNRESET ? LATER(CLOSED, "the worker is gone") : sys_failed(errno);
}

/* One that is gone may have said why before: a failure to write is no reason not to read. */
static err send_some(int fd, str *out, bool *moved)
{
	ssize_t n = send(fd, out->at, out->len, MSG_NOSIGNAL);

	if (n > 0) {
		*out = str_from(*out, (size_t)n);
		*moved = true;
	}
	return would_wait(n);
}

static err receive_some(int fd, void *in, size_t max, size_t *got, bool *moved)
{
	ssize_t n = recv(fd, in, max, 0);

	if (n == 0)
		return LATER(CLOSED, "the worker is gone");
	if (n > 0) {
		*got = (size_t)n;
		*moved = true;
	}
	return would_wait(n);
}

static err wait_for_either(int fd, bool writing, int64_t until)
{
	struct clock clock = sys_clock();
	int64_t left = until - clock_ticks(&clock);
	struct pollfd one = { .fd = fd, .events = (short)(POLLIN | (writing ? POLLOUT : 0)) };
	const struct timespec patience = { .tv_sec = left / SECOND, .tv_nsec = left % SECOND * 1000 };

	if (left <= 0)
		return LATER(TIMEOUT, "the worker was too slow");
	return ppoll(&one, 1, &patience, NULL) < 0 && errno != EINTR ? sys_failed(errno) : OK;
}

err worker_talk(const struct worker *w, str *out, void *in, size_t max, size_t *got, int64_t until)
{
	bool moved = false;

	*got = 0;
	for (;;) {
		err sent = out->len ? send_some(w->fd, out, &moved) : OK;
		TRY(receive_some(w->fd, in, max, got, &moved));
		if (!moved || *got == 0)
			TRY(sent);
		if (moved)
			return OK;
		TRY(wait_for_either(w->fd, out->len > 0, until));
	}
}

bool worker_sent(const struct worker *w)
{
	return send(w->rested_fd, ".", 1, MSG_NOSIGNAL) == 1;
}

bool worker_rested(const struct worker *w, int64_t until)
{
	struct pollfd one = { .fd = w->rested_fd, .events = POLLIN };
	struct clock clock = sys_clock();
	char c;

	for (;;) {
		int64_t left = until - clock_ticks(&clock);
		const struct timespec patience = { .tv_sec = left / SECOND, .tv_nsec = left % SECOND * 1000 };
		int n = left > 0 ? ppoll(&one, 1, &patience, NULL) : 0;
		if (n > 0)
			return read(w->rested_fd, &c, 1) == 1;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

bool worker_quiet(const struct worker *w)
{
	char c;

	return recv(w->fd, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* ── Ending ──────────────────────────────────────────────────────────────────────────────────────── */

static bool ended(pid_t pid, siginfo_t *how, int wait)
{
	*how = (siginfo_t){ 0 };
	while (waitid(P_PID, (id_t)pid, how, WEXITED | wait) < 0)
		if (errno != EINTR)
			return true; /* it is no child of ours: there is nothing to wait for */
	return how->si_pid == pid;
}

/* Whoever closed its socket is dying already, and of what is worth knowing. */
static bool ends_by_itself(const struct worker *w, siginfo_t *how)
{
	struct clock clock = sys_clock();
	int64_t until = clock_ticks(&clock) + DYING_MAX;
	char c;

	if (ended(w->pid, how, WNOHANG))
		return true;
	while (recv(w->fd, &c, 1, MSG_PEEK) == 0 && clock_ticks(&clock) < until) {
		const struct timespec pause = { .tv_nsec = 1000000 };
		(void)nanosleep(&pause, NULL);
		if (ended(w->pid, how, WNOHANG))
			return true;
	}
	return false;
}

void worker_end(struct worker *w, int *signal)
{
	siginfo_t how = { 0 };

	if (signal)
		*signal = 0;
	if (w->pid > 0) {
		if (!ends_by_itself(w, &how)) {
			(void)kill(w->pid, SIGKILL);
			(void)ended(w->pid, &how, 0);
		} else if (signal && (how.si_code == CLD_KILLED || how.si_code == CLD_DUMPED)) {
			*signal = how.si_status;
		}
	}
	fd_done(&w->fd);
	fd_done(&w->rested_fd);
	*w = WORKER_NONE;
}

enum worker_signal worker_signal_means(int signal)
{
	switch (signal) {
	case SIGXCPU:
		return WORKER_CPU;
	case SIGSYS:
		return WORKER_REFUSED_CALL;
	case SIGKILL:
		return WORKER_KILLED;
	default:
		return WORKER_OTHER_SIGNAL;
	}
}

/* ── Finding ─────────────────────────────────────────────────────────────────────────────────────── */

err program_beside(struct arena *a, const char *name, const char **out)
{
	static const char *const places[] = { "", "../libexec/" };
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self);
	size_t dir = len > 0 ? (size_t)len : 0;

	while (dir > 0 && self[dir - 1] != '/')
		dir--;
	for (size_t i = 0; dir > 0 && i < sizeof places / sizeof *places; i++) {
		str path;
		TRY(str_format(a, &path, "%.*s%s%s", (int)dir, self, places[i], name));
		TRY(str_c(a, path, out));
		if (access(*out, X_OK) == 0)
			return OK;
	}
	return NEVER(NOT_FOUND, "a program that belongs to this one is missing");
}
