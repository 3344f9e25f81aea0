/* Standing by: a process for each job, made by one that has everything loaded and has never read a byte from outside.
 * Making it takes a millisecond, loading would take twenty. */
#include "sys/cage.h"

#include "sys/sys.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ── The bolt ────────────────────────────────────────────────────────────────────────────────────── */

/* On top of the filter of cage_shut(), and only ever narrower. */
#define NUMBER_IS(name)                                                                                                \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (name), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

static bool bolt_calls(pid_t self)
{
	struct sock_filter rows[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		NUMBER_IS(SYS_clone),
		NUMBER_IS(SYS_wait4),
		NUMBER_IS(SYS_set_robust_list),
		NUMBER_IS(SYS_getppid),
		NUMBER_IS(SYS_recvfrom),
		NUMBER_IS(SYS_prctl),
		NUMBER_IS(SYS_prlimit64),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3),
		LOAD(args[0]), /* the lower half, as the kernel takes it */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)self, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof rows / sizeof *rows, .filter = rows };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* What cannot be bolted does no job, unless there was no filter to begin with. */
void cage_bolt(bool filtered)
{
	const struct rlimit none = { 0, 0 };

	(void)close(CAGE_RESTED);
	(void)setrlimit(RLIMIT_NPROC, &none);
	if (!bolt_calls(getpid()) && filtered)
		_exit(1);
}

static void bolt_new(pid_t parent, bool filtered)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1); /* it died before it could take us with it */
	cage_bolt(filtered);
}

/* ── Waiting ─────────────────────────────────────────────────────────────────────────────────────── */

static bool something_comes(void)
{
	char c;
	ssize_t n;

	do
		n = recv(0, &c, 1, MSG_PEEK);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Whoever started us learns from our end how the job ended. */
static void end_as(int status)
{
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	quick_exit(1);
}

/* A job that was taken over may end in the middle of its document, so that the next process would take the rest for
 * frames of its own: a key of the attacker's choosing, for somebody else's document. Once all of a job was sent, its
 * process is gone and nothing is left to read, nothing comes from it any more. */
static bool left_something(void)
{
	size_t got = 0;
	char c;

	if (failed(file_read(CAGE_RESTED, &c, 1, &got)) || got == 0)
		quick_exit(0); /* nobody wants another job */
	return recv(0, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			quick_exit(1);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		end_as(status);
	if (left_something())
		quick_exit(1);
	(void)failed(file_write(CAGE_RESTED, STR(".")));
}

bool cage_is_asked_to_stand_by(void)
{
	struct stat there;

	return fstat(CAGE_RESTED, &there) == 0 && S_ISSOCK(there.st_mode);
}

bool cage_stand_by(bool filtered)
{
	pid_t self = getpid();

	while (something_comes()) {
		pid_t pid = fork();
		if (pid < 0)
			return false;
		if (pid == 0) {
			bolt_new(self, filtered);
			return true;
		}
		wait_for(pid);
	}
	return false;
}
