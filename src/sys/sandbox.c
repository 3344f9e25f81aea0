#include "sys/sandbox.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LOOKED_AT = 1024 };

static rlim_t descriptors_in_use(void)
{
	int highest = 2;

	for (int fd = 3; fd < LOOKED_AT; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			highest = fd;
	return (rlim_t)highest + 1;
}

static err set_limits(unsigned handed_max)
{
	rlim_t most = descriptors_in_use() + handed_max;
	const struct rlimit descriptors = { most, most }, size = { 0, 0 };

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_NOFILE, &descriptors) || setrlimit(RLIMIT_FSIZE, &size))
		return sys_failed(errno);
	return OK;
}

/* ── The filter ──────────────────────────────────────────────────────────────────────────────────── */

static void filter_done(scmp_filter_ctx *f)
{
	if (*f)
		seccomp_release(*f);
	*f = NULL;
}

/* Memory, waiting, time and chance, packets, and the end. */
static const int allowed[] = {
	SCMP_SYS(brk),          SCMP_SYS(munmap),          SCMP_SYS(mremap),        SCMP_SYS(madvise),
	SCMP_SYS(mlock),        SCMP_SYS(munlock),         SCMP_SYS(futex),         SCMP_SYS(sched_yield),
	SCMP_SYS(nanosleep),    SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),    SCMP_SYS(recvmsg),         SCMP_SYS(sendmsg),       SCMP_SYS(close),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(rt_sigaction),  SCMP_SYS(restart_syscall),
	SCMP_SYS(sigaltstack),  SCMP_SYS(getpid),          SCMP_SYS(gettid),        SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* New memory is never executable, and the only thing written to is standard error, for last words. */
static int allow_narrowly(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int bad = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);

	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, 2));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, SCMP_A0(SCMP_CMP_EQ, 2));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return bad;
}

static err set_filter(void)
{
	OWNED(filter_done) scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int bad = f ? seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) : -1;

	for (size_t i = 0; !bad && i < sizeof allowed / sizeof *allowed; i++)
		bad = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!bad)
		bad = allow_narrowly(f);
	if (!bad)
		bad = seccomp_load(f);
	return bad ? NEVER(UNSUPPORTED, "the kernel refuses to filter system calls") : OK;
}

err sandbox_shut(unsigned handed_max)
{
	TRY(set_limits(handed_max));
	return set_filter();
}
