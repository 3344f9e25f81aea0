#include "sys/cage.h"

#include "sys/landlock.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHANCE = 3 }; /* the descriptor at which Botan, below librnp, reads /dev/urandom */

/* Where memory is short for all, what reads hostile bytes goes before what sends mail. Best effort. */
static void go_first(void)
{
	OWNED(fd_done) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)file_write(fd, STR("1000"));
}

void cage_begin(void)
{
	go_first(); /* while we are dumpable: else our own file is not ours */
	/* A parent that died just before this has closed the other end of standard input: the first read says so. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sys_harden();
	(void)close_range(CHANCE, CHANCE, 0);
	(void)close_range(CAGE_RESTED + 1, ~0u, 0);
}

/* ── Limits ──────────────────────────────────────────────────────────────────────────────────────── */

/* Memory and CPU are limited from outside, for each job (sys/worker.h). No file grows and no descriptor can be added to
 * those there are; that no process is made either, the bolt sees to. */
static void set_limits(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_FSIZE, &none);
	(void)setrlimit(RLIMIT_NOFILE, &none);
	(void)setrlimit(RLIMIT_MEMLOCK, &none);
	(void)setrlimit(RLIMIT_MSGQUEUE, &none);
	(void)setrlimit(RLIMIT_CORE, &none);
}

/* ── The filter ──────────────────────────────────────────────────────────────────────────────────── */

static void filter_done(scmp_filter_ctx *f)
{
	if (*f)
		seccomp_release(*f);
	*f = NULL;
}

/* Memory, time, chance, and the end. */
static const int allowed[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(close),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* Until the bolt (standby.c). */
	SCMP_SYS(wait4),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(getppid),
};

/* What the bolt takes away again: making a process, looking whether a job is there, and bolting. */
static int allow_standing_by(scmp_filter_ctx f)
{
	const scmp_datum_t fork_flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
	int bad = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, ~fork_flags, 0));

	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), 2, SCMP_A0(SCMP_CMP_EQ, 0),
				SCMP_A3(SCMP_CMP_EQ, MSG_PEEK));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), 2, SCMP_A0(SCMP_CMP_EQ, 0),
				SCMP_A3(SCMP_CMP_EQ, MSG_PEEK | MSG_DONTWAIT));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
				SCMP_A1(SCMP_CMP_EQ, RLIMIT_NPROC));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, CAGE_RESTED));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, CAGE_RESTED));
	return bad;
}

/* It reads 0 and, if it is there, the source of chance; writes 1 and 2, and makes no memory executable. That a job
 * signals nobody but itself (abort), the bolt sees to: whom it is, is not known yet. */
static int allow_narrowly(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int bad = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);

	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, 0));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, CHANCE));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_LE, 2));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, SCMP_A0(SCMP_CMP_LE, 2));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
	return bad;
}

static bool set_filter(void)
{
	OWNED(filter_done) scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int bad = f ? 0 : -1;

	for (size_t i = 0; !bad && i < sizeof allowed / sizeof *allowed; i++)
		bad = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!bad)
		bad = allow_narrowly(f);
	if (!bad)
		bad = allow_standing_by(f);
	if (!bad)
		bad = seccomp_load(f);
	return !bad;
}

/* What libraries have left open goes, but for the device that chance comes from. */
static void close_all_else(void)
{
	struct stat there, device;
	bool is_chance = fstat(CHANCE, &there) == 0 && stat("/dev/urandom", &device) == 0 && S_ISCHR(there.st_mode) &&
			 there.st_rdev == device.st_rdev;

	if (!is_chance)
		(void)close_range(CHANCE, CHANCE, 0);
	(void)close_range(CAGE_RESTED + 1, ~0u, 0);
}

void cage_shut(struct cage_facts *out)
{
	struct cage_facts facts = { 0 };

	close_all_else();

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	facts.landlock = landlock_nothing();
	set_limits();
	facts.filtered = set_filter();
	*out = facts;
}
