#include "sys/fork.h"

#include "sys/signals.h"
#include "sys/sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool kept(int fd, const int *keep, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

static void close_all_but(const int *keep, size_t count)
{
	int highest = 2;

	for (size_t i = 0; i < count; i++)
		if (keep[i] > highest)
			highest = keep[i];
	for (int fd = 3; fd < highest; fd++)
		if (!kept(fd, keep, count))
			(void)close(fd);
	(void)close_range((unsigned)highest + 1, ~0u, 0);
}

static void begin(const char *title, pid_t parent, const int *keep, size_t count)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1); /* it died before we asked to be told */
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)prctl(PR_SET_NAME, title, 0, 0, 0);
	sys_harden();
	close_all_but(keep, count);
	signals_begin_again();
}

err fork_child(const char *title, const int *keep, size_t count, pid_t *pid)
{
	pid_t parent = getpid();
	sigset_t all, before;

	/* A signal between fork and begin() would ring the parent's bell from the child. */
	sigfillset(&all);
	must(sigprocmask(SIG_BLOCK, &all, &before) == 0);
	pid_t made = fork();
	int error = errno;
	if (made == 0)
		begin(title, parent, keep, count);
	must(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	if (made < 0)
		return error == EAGAIN || error == ENOMEM ? LATER(MEMORY, "no process could be started")
							  : sys_failed(error);
	*pid = made;
	return OK;
}

void fork_tell(pid_t pid, enum fork_signal what)
{
	static const int numbers[] = { SIGTERM, SIGHUP, SIGKILL };

	(void)kill(pid, numbers[what]);
}

bool fork_ended(struct fork_end *out)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (pid <= 0)
		return false;
	*out = (struct fork_end){
		.pid = pid,
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	};
	return true;
}
