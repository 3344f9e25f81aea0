#include "test/support/support.h"

#include "sys/sys.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *in(const char *dir, const char *name)
{
	static char path[8][512];
	static int next;
	char *to = path[next++ % 8];

	snprintf(to, sizeof path[0], "%s/%s", dir, name);
	return to;
}

static void atomic_write_replaces_and_new_write_refuses(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	const char *path = in(test_dir(), "f");
	struct stat st;
	str got;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(file_write_new(path, STR("one"), 0600));
	assert_why(NEVER, EXISTS, file_write_new(path, STR("two"), 0600));
	assert_ok(file_read_all(a, path, 100, &got));
	assert_str(got, STR("one"));
	assert_ok(file_write_atomic(path, STR("three"), 0640));
	assert_ok(file_read_all(a, path, 5, &got));
	assert_str(got, STR("three"));
	assert_why(NEVER, LIMIT, file_read_all(a, path, 4, &got));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void failed_writes_leave_nothing_behind(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	const char *dir = test_dir();
	str *names;
	size_t count;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(dir_make(in(dir, "f"), 0700));
	assert_int_equal(file_write_new(in(dir, "f"), STR("x"), 0600).fate, FATE_NEVER);
	assert_int_not_equal(file_write_atomic(in(dir, "f"), STR("x"), 0600).fate, FATE_OK);
	assert_ok(dir_list(a, dir, &names, &count));
	assert_int_equal(count, 1);
	assert_str(names[0], STR("f"));
}

static void secrets_readable_by_others_are_refused(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	const char *path = in(test_dir(), "key");
	str got;
	(void)state;
	assert_ok(arena_open_secret(1 << 16, &a));
	assert_ok(file_write_new(path, STR("secret"), 0600));
	assert_ok(file_read_private(a, path, 100, &got));
	assert_str(got, STR("secret"));
	assert_int_equal(chmod(path, 0640), 0);
	assert_why(NEVER, KEY, file_read_private(a, path, 100, &got));
}

static void only_regular_files_when_asked(void **state)
{
	const char *dir = test_dir();
	int fd;
	(void)state;
	assert_why(NEVER, DENIED, file_open(dir, FILE_READ | FILE_REGULAR, 0, &fd));
	assert_int_equal(mkfifo(in(dir, "pipe"), 0600), 0);
	assert_why(NEVER, DENIED, file_open(in(dir, "pipe"), FILE_READ | FILE_REGULAR, 0, &fd));
	assert_int_equal(symlink("pipe", in(dir, "link")), 0);
	assert_why(NEVER, DENIED, file_open(in(dir, "link"), FILE_READ | FILE_NO_LINKS, 0, &fd));
	assert_why(NEVER, NOT_FOUND, file_open(in(dir, "none"), FILE_READ, 0, &fd));
}

static void names_that_leave_the_directory_are_refused(void **state)
{
	static const str bad[] = { STR(""), STR("."), STR(".."), STR("a/b"), STR("/etc/passwd"), { "a\0b", 3 } };
	OWNED(arena_done) struct arena *a = NULL;
	const char *path;
	(void)state;
	assert_ok(arena_open(1 << 16, &a));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, DENIED, path_join(a, "/tmp", bad[i], &path));
	assert_ok(path_join(a, "/tmp", STR("..a"), &path));
	assert_string_equal(path, "/tmp/..a");
}

static void a_lock_ends_with_its_holder(void **state)
{
	const char *path = in(test_dir(), "lock");
	int ready[2], fd = -1;
	char c;
	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_false(lock_held(path));
	pid_t child = fork();
	if (child == 0) {
		err e = lock_take(path, &fd);
		(void)!write(ready[1], failed(e) ? "n" : "y", 1);
		pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_true(lock_held(path));
	assert_why(LATER, BUSY, lock_take(path, &fd));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_false(lock_held(path));
	assert_ok(lock_take(path, &fd));
	fd_done(&fd);
}

/* Who would take a living process for a dead one would send its mail once more. */
static void a_lock_that_cannot_be_looked_at_counts_as_held(void **state)
{
	const char *path = in(test_dir(), "lock");
	struct rlimit before, none = { 0 };
	int fd;
	(void)state;
	assert_ok(lock_take(path, &fd));
	fd_done(&fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool held = lock_held(path);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(held);
	assert_false(lock_held(path));
}

static void file_streams_carry_all_bytes(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	const char *path = in(test_dir(), "f");
	static char bytes[300001];
	struct sink to;
	struct source from;
	str got;
	int fd;
	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 31);
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(file_open(path, FILE_NEW, 0600, &fd));
	assert_ok(file_sink(a, fd, &to));
	for (size_t at = 0, step = 1; at < sizeof bytes; at += step, step = step * 3 % 70001 + 1)
		assert_ok(sink_put(&to, str_upto(str_from(str_bytes(bytes, sizeof bytes), at), step)));
	assert_ok(sink_finish(&to));
	fd_done(&fd);
	assert_ok(file_open(path, FILE_READ, 0, &fd));
	assert_ok(file_source(a, fd, &from));
	struct buf b;
	assert_ok(buf_open(a, sizeof bytes, &b));
	to = sink_to_buf(&b);
	assert_ok(pump(&from, &to));
	source_done(&from);
	assert_ok(file_read_all(a, path, sizeof bytes, &got));
	assert_true(str_same(got, str_bytes(bytes, sizeof bytes)));
	assert_true(str_same(got, buf_str(&b)));
}

static void stopping_wakes_a_sleeper(void **state)
{
	struct clock c = sys_clock();
	int64_t before = clock_ticks(&c);
	(void)state;
	assert_true(sys_sleep(SECOND / 100));
	stop_request();
	assert_false(sys_sleep(HOUR));
	assert_true(clock_ticks(&c) - before < MINUTE);
	assert_true(stop_wanted());
}

TESTS(sys, test(atomic_write_replaces_and_new_write_refuses), test(failed_writes_leave_nothing_behind),
      test(secrets_readable_by_others_are_refused), test(only_regular_files_when_asked),
      test(names_that_leave_the_directory_are_refused), test(a_lock_ends_with_its_holder),
      test(a_lock_that_cannot_be_looked_at_counts_as_held), test(file_streams_carry_all_bytes),
      test(stopping_wakes_a_sleeper))
