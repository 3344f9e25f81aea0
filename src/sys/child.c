/* A child that is asked one thing: its standard output is read to the end, its standard input is empty.
 * It gets its arguments as a list, never through a shell. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static err spawn(const char *const *argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int error = posix_spawn_file_actions_init(&files);

	if (error)
		return sys_failed(error);
	error = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&files, out, 1);
	if (!error)
		error = posix_spawnp(pid, argv[0], &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return error ? sys_failed(error) : OK;
}

/* Milliseconds until `deadline`, for poll; 0 when it is over. */
static int time_left_ms(const struct clock *clock, int64_t deadline)
{
	int64_t left = deadline - clock_ticks(clock);

	return left <= 0 ? 0 : left / 1000 > 60000 ? 60000 : (int)(left / 1000) + 1;
}

static err read_until(int fd, int64_t deadline, struct buf *to)
{
	struct clock clock = sys_clock();

	for (;;) {
		struct pollfd one = { .fd = fd, .events = POLLIN };
		int left = time_left_ms(&clock, deadline);

		if (left == 0)
			return LATER(TIMEOUT, "the command did not end in time");
		if (poll(&one, 1, left) <= 0)
			continue;
		if (to->len == to->max)
			return NEVER(LIMIT, "the command said too much");
		ssize_t n = read(fd, to->at + to->len, to->max - to->len);
		if (n < 0 && errno != EINTR)
			return sys_failed(errno);
		if (n == 0)
			return OK;
		if (n > 0)
			to->len += (size_t)n;
	}
}

static err wait_for(pid_t pid, bool kill_it, int *status)
{
	if (kill_it)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return sys_failed(errno);
	return OK;
}

err child_output(struct arena *a, const char *const *argv, size_t max, span timeout, str *out)
{
	struct clock clock = sys_clock();
	int64_t deadline = clock_ticks(&clock) + timeout;
	int ends[2], status = 0;
	struct buf to;
	pid_t pid = -1;

	TRY(buf_open(a, max + 1, &to)); /* one more, to notice that it is too long */
	if (pipe2(ends, O_CLOEXEC))
		return sys_failed(errno);
	OWNED(fd_done) int from = ends[0];
	OWNED(fd_done) int into = ends[1];
	TRY(spawn(argv, into, &pid));
	fd_done(&into);
	err e = read_until(from, deadline, &to);
	e = err_first(e, wait_for(pid, failed(e), &status));
	TRY(e);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return NEVER(SYSTEM, "the command failed");
	*out = buf_str(&to);
	return OK;
}
