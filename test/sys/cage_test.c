/* The layers of the cage one by one: story/sandbox shows that all of them together hold, and there the filter of system
 * calls comes first and hides the others. */
#include "test/support/support.h"

#include "sys/cage.h"
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

TESTS(cage, test(landlock_alone_takes_all_files_away), test(the_whole_cage_lets_a_process_end_and_nothing_else),
      test(what_was_open_before_is_closed))
