/* The layers of the cage one by one: story/sandbox shows that all of them together hold, and there the filter of system
 * calls comes first and hides the others. */
#include "test/support/support.h"

#include "sys/cage.h"
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process of its own: its exit status, or 256 and the signal that ended it. */
static int in_a_child(int (*what)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(what());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

enum { NO_LANDLOCK = 77 };

static int errno_of(int result)
{
	return result < 0 ? errno : 0;
}

static int shut_landlock(void)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return landlock_nothing() ? 0 : NO_LANDLOCK;
}

static int open_under_landlock(void)
{
	int none = shut_landlock();

	return none ? none : errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int make_under_landlock(void)
{
	int none = shut_landlock();

	return none ? none : errno_of(mkdir("/tmp/letterlock-cage-test", 0700));
}

static int run_under_landlock(void)
{
	char *const nothing[] = { NULL };
	int none = shut_landlock();

	return none ? none : errno_of(execve("/bin/true", nothing, nothing));
}

static void landlock_alone_takes_all_files_away(void **state)
{
	int (*const tries[])(void) = { open_under_landlock, make_under_landlock, run_under_landlock };

	for (size_t i = 0; i < COUNT(tries); i++) {
		int said = in_a_child(tries[i]);
		if (said == NO_LANDLOCK)
			skip(); /* a kernel that has none */
		assert_int_equal(said, EACCES);
	}
}

static int shut(void)
{
	struct cage_facts facts;

	cage_begin();
	cage_shut(&facts);
	return facts.filtered ? 0 : 1;
}

static int shut_and_end(void)
{
	int not_filtered = shut();

	_exit(not_filtered);
}

static int shut_and_open(void)
{
	return shut() ? 1 : errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

/* Even one that does not exist: the filter looks at the number. */
static int write_elsewhere(void)
{
	return shut() ? 1 : (int)write(3, "x", 1);
}

static int read_elsewhere(void)
{
	char c;

	return shut() ? 1 : (int)read(1, &c, 1);
}

static void the_whole_cage_lets_a_process_end_and_nothing_else(void **state)
{
	assert_int_equal(in_a_child(shut_and_end), 0);
	assert_int_equal(in_a_child(shut_and_open), 256 + SIGSYS);
	assert_int_equal(in_a_child(write_elsewhere), 256 + SIGSYS);
	assert_int_equal(in_a_child(read_elsewhere), 256 + SIGSYS);
}

/* ── The bolt ────────────────────────────────────────────────────────────────────────────────────── */

enum { NOT_BEGUN = 90 };

/* Standing by, with the bytes of a job to come, of which it is said that they are all: the job's process does `what`,
 * and this one ends as it did. */
static int standing_by_with(str bytes, int (*what)(void))
{
	struct cage_facts facts;
	int ends[2], rested[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || write(ends[1], bytes.at, bytes.len) != (ssize_t)bytes.len ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, rested) || write(rested[0], "..", 2) != 2)
		return NOT_BEGUN;
	(void)close(ends[1]);
	(void)dup2(ends[0], 0);
	(void)dup2(rested[0], 2); /* where it stays open */
	(void)dup2(rested[1], CAGE_RESTED);
	if (!cage_is_asked_to_stand_by())
		return NOT_BEGUN;
	cage_begin();
	cage_shut(&facts);
	if (!facts.filtered)
		return NOT_BEGUN;
	if (cage_stand_by(facts.filtered))
		_exit(what());
	return 2; /* the other end is closed: after a job that ended well there is no other */
}

static int standing_by(int (*what)(void))
{
	return standing_by_with(STR("x"), what);
}

static int does_well(void)
{
	char c;

	return read(0, &c, 1) == 1 && c == 'x' ? 0 : 3;
}

static int breaks_down(void)
{
	abort();
}

static int makes_a_process(void)
{
	return (int)fork();
}

static int signals_its_parent(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int signals_another(void)
{
	return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static int waits(void)
{
	return (int)waitpid(-1, NULL, WNOHANG);
}

static int looks_ahead(void)
{
	char c;

	return (int)recv(0, &c, 1, MSG_PEEK);
}

static int outlives_its_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

static int raises_its_limit(void)
{
	const struct rlimit more = { 9, 9 };

	return setrlimit(RLIMIT_NPROC, &more);
}

static int says_that_it_rests(void)
{
	return write(CAGE_RESTED, ".", 1) < 0 && errno == EBADF ? does_well() : 4;
}

static int stand_by_for(void)
{
	static int (*const jobs[])(void) = { makes_a_process, signals_its_parent,  signals_another, waits,
					     looks_ahead,     outlives_its_parent, raises_its_limit };

	for (size_t i = 0; i < COUNT(jobs); i++) {
		pid_t pid = fork();
		int status = 0;
		if (pid == 0)
			_exit(standing_by(jobs[i]));
		if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			return 100 + (int)i;
	}
	return 0;
}

static int stand_by_well(void)
{
	return standing_by(does_well);
}

static int stand_by_breaking(void)
{
	return standing_by(breaks_down);
}

static int stand_by_saying(void)
{
	return standing_by(says_that_it_rests);
}

/* Each byte would be a job that does well. */
static int stand_by_leaving(void)
{
	return standing_by_with(STR("xx"), does_well);
}

static int stand_by_for_nothing(void)
{
	return standing_by_with(STR(""), breaks_down);
}

static void what_a_job_left_unread_is_no_other_job(void **state)
{
	assert_int_equal(in_a_child(stand_by_leaving), 1);
	assert_int_equal(in_a_child(stand_by_for_nothing), 2); /* nor is nothing one */
}

static void a_job_may_do_less_than_who_stands_by_for_it(void **state)
{
	assert_int_equal(in_a_child(stand_by_well), 2);
	assert_int_equal(in_a_child(stand_by_saying), 2);
	assert_int_equal(in_a_child(stand_by_breaking), 256 + SIGABRT);
	assert_int_equal(in_a_child(stand_by_for), 0);
}

static int leave_a_file_open(void)
{
	int fd = open("/etc/passwd", O_RDONLY);
	char c;

	cage_begin();
	return fd > 2 && read(fd, &c, 1) < 0 && errno == EBADF ? 0 : 1;
}

static void what_was_open_before_is_closed(void **state)
{
	assert_int_equal(in_a_child(leave_a_file_open), 0);
}

TESTS(cage, test(a_job_may_do_less_than_who_stands_by_for_it), test(what_a_job_left_unread_is_no_other_job),
      test(landlock_alone_takes_all_files_away), test(the_whole_cage_lets_a_process_end_and_nothing_else),
      test(what_was_open_before_is_closed))
