#include "test/support/support.h"

#include "sys/sys.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const str inside[] = { STR("a"), STR("sub/b"), STR("./sub//b") };
static const str outside[] = { STR("../out/s"), STR("/etc/passwd"), STR("link"), STR("dir/s"), STR("sub/../../out/s"),
			       STR("sub"),      STR("pipe"),        STR("loop"), STR("..") };

static int open_tree(void)
{
	char path[512];
	const char *dir = test_dir();
	int fd = -1;

	assert_int_equal(0, test_shell("cd '%s' && mkdir -p in/sub out && echo x > in/a && echo x > in/sub/b && "
				       "echo s > out/s && ln -s ../out/s in/link && ln -s ../out in/dir && "
				       "ln -s loop in/loop && mkfifo in/pipe",
				       dir));
	snprintf(path, sizeof path, "%s/in", dir);
	assert_ok(dir_open(path, &fd));
	return fd;
}

/* How many are judged wrongly; without asserts, since it also runs in a child. */
static int count_wrong(struct arena *a, int dir)
{
	int wrong = 0;

	for (size_t i = 0; i < COUNT(inside); i++) {
		OWNED(fd_done) int fd = -1;
		wrong += failed(file_open_beneath(a, dir, inside[i], &fd)) || fd < 0;
	}
	for (size_t i = 0; i < COUNT(outside); i++) {
		OWNED(fd_done) int fd = -1;
		err e = file_open_beneath(a, dir, outside[i], &fd);
		wrong += e.fate != FATE_NEVER || fd != -1;
	}
	OWNED(fd_done) int fd = -1;
	return wrong + (file_open_beneath(a, dir, STR("sub/none"), &fd).why != WHY_NOT_FOUND);
}

static void names_open_below_the_directory_and_nowhere_else(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(fd_done) int dir = open_tree();
	(void)state;
	assert_ok(arena_open(1 << 16, &a));
	assert_int_equal(count_wrong(a, dir), 0);
}

/* As on a kernel before 5.6: openat2 answers ENOSYS. */
static bool forbid_openat2(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(rules), rules };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void the_same_holds_without_openat2(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(fd_done) int dir = open_tree();
	int status = 0;
	(void)state;
	assert_ok(arena_open(1 << 16, &a));
	pid_t child = fork();
	if (child == 0) {
		if (!forbid_openat2() || syscall(SYS_openat2, dir, "a", NULL, 0) != -1 || errno != ENOSYS)
			_exit(77);
		_exit(count_wrong(a, dir));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* a sandbox around the test forbids sandboxes */
	assert_int_equal(WEXITSTATUS(status), 0);
}

TESTS(beneath, test(names_open_below_the_directory_and_nowhere_else), test(the_same_holds_without_openat2))
