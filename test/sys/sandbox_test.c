/* Behind the shut door: what a process may still do, and what it may not. Each try is a process of its own. */
#include "test/support/support.h"

#include "sys/packet.h"
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int opens_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}
static int makes_a_file(void)
{
	return open("/tmp/letterlock-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0;
}
static int makes_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static int runs_a_program(void)
{
	char *const argv[] = { "true", NULL };
	return execv("/bin/true", argv) == 0;
}
static int forks(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
}
static int kills_its_parent(void)
{
	return kill(getppid(), 0) == 0;
}
static int traces_its_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}
static int makes_memory_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}
static int raises_its_limits(void)
{
	const struct rlimit l = { 1000, 1000 };
	return setrlimit(RLIMIT_FSIZE, &l) == 0;
}
static int uses_io_uring(void)
{
	char parameters[256] = { 0 };
	return syscall(SYS_io_uring_setup, 1, parameters) >= 0;
}
static int writes_elsewhere(void)
{
	return write(1, "x", 1) == 1;
}

static int (*const forbidden[])(void) = {
	opens_a_file,     makes_a_file,      makes_a_socket,          runs_a_program,    forks,
	kills_its_parent, traces_its_parent, makes_memory_executable, raises_its_limits, uses_io_uring,
	writes_elsewhere,
};

static int works(void)
{
	int *more = malloc(1 << 20);
	struct timespec now;
	more[1000] = 1;
	free(more);
	return clock_gettime(CLOCK_MONOTONIC, &now) == 0;
}

/* Exit status 0: it was refused with EPERM; 1: it went through; 2: refused otherwise; 77: no filter here. */
static int tried(int (*what)(void))
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		err e = sandbox_shut(4);
		if (failed(e))
			_exit(e.why == WHY_UNSUPPORTED ? 77 : 3);
		_exit(what() ? 1 : errno == EPERM ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void behind_the_door_nothing_new_is_opened_or_started(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		int status = tried(forbidden[i]);
		if (status == 77)
			skip();
		if (status != 0)
			print_error("try %zu: status %d\n", i, status);
		assert_int_equal(status, 0);
	}
}

static void behind_the_door_work_goes_on(void **state)
{
	(void)state;
	int status = tried(works);
	if (status == 77)
		skip();
	assert_int_equal(status, 1);
}

static void descriptors_are_handed_in_up_to_the_limit(void **state)
{
	int ends[2], status, given[3];
	uint8_t what;
	(void)state;
	assert_ok(packet_pair(ends));
	for (int i = 0; i < 3; i++)
		assert_ok(packet_send_fd(ends[0], 7, 0));
	pid_t pid = fork();
	if (pid == 0) {
		if (ends[1] != 3) /* no gaps among the numbers */
			dup2(ends[1], 3);
		close_range(4, ~0u, 0);
		err e = sandbox_shut(2);
		if (e.why == WHY_UNSUPPORTED)
			_exit(77);
		bool two = !failed(packet_receive_fd(3, &what, &given[0])) && what == 7 &&
			   !failed(packet_receive_fd(3, &what, &given[1]));
		_exit(two && failed(packet_receive_fd(3, &what, &given[2])) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

TESTS(sandbox, test(behind_the_door_nothing_new_is_opened_or_started), test(behind_the_door_work_goes_on),
      test(descriptors_are_handed_in_up_to_the_limit))
