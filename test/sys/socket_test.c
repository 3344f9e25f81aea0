/* Sockets whose every wait has an end. */
#include "sys/sys.h"

#include "test/support/support.h"

#include <string.h>
#include <unistd.h>

static int64_t now(void)
{
	struct clock c = sys_clock();

	return clock_ticks(&c);
}

struct pair {
	int listening, near, far;
};

static struct pair connected(void)
{
	struct wait w = WAIT_NONE;
	struct pair p;

	wait_begin(&w, 5 * SECOND);
	assert_ok(socket_listen("127.0.0.1", 0, &p.listening));
	assert_ok(socket_dial("127.0.0.1", socket_port(p.listening), &w, &p.near, NULL));
	assert_ok(socket_accept(p.listening, &w, &p.far));
	return p;
}

static void disconnect(struct pair p)
{
	close(p.listening);
	close(p.near);
	close(p.far);
}

static void bytes_go_there_and_the_end_is_seen(void **state)
{
	struct pair p = connected();
	struct wait w = WAIT_NONE;
	char bytes[16];
	size_t got;

	wait_begin(&w, 5 * SECOND);
	assert_true(socket_is_local(p.near));
	assert_ok(socket_write(p.near, STR("hello"), &w));
	assert_ok(socket_read(p.far, bytes, sizeof bytes, &w, &got));
	assert_str(str_bytes(bytes, got), STR("hello"));
	close(p.near);
	p.near = -1;
	assert_ok(socket_read(p.far, bytes, sizeof bytes, &w, &got));
	assert_int_equal(got, 0);
	disconnect(p);
}

static void waiting_ends_at_the_deadline(void **state)
{
	struct pair p = connected();
	struct wait w = WAIT_NONE;
	char bytes[1 << 16] = "";
	size_t got;

	int64_t began = now();
	wait_begin(&w, SECOND / 10);
	assert_why(LATER, TIMEOUT, socket_read(p.near, bytes, sizeof bytes, &w, &got));
	assert_true(now() - began >= SECOND / 10 && now() - began < 2 * SECOND);
	/* A peer that does not read fills the buffers; then writing waits, and not for ever. */
	wait_begin(&w, SECOND / 5);
	err e = OK;
	for (int i = 0; i < 1000 && !failed(e); i++)
		e = socket_write(p.near, str_bytes(bytes, sizeof bytes), &w);
	assert_why(LATER, TIMEOUT, e);
	int fd;
	assert_why(LATER, TIMEOUT, socket_accept(p.listening, &w, &fd));
	disconnect(p);
}

static void nobody_listening_is_a_failed_connection(void **state)
{
	struct wait w = WAIT_NONE;
	struct fault fault = { 0 };
	int fd;

	wait_begin(&w, 5 * SECOND);
	assert_why(LATER, CONNECT, socket_dial("127.0.0.1", 1, &w, &fd, &fault));
	assert_string_equal(fault.what, "127.0.0.1 port 1: Connection refused");
}

static void names_are_resolved_with_a_deadline(void **state)
{
	struct endpoint to[ENDPOINTS_MAX];
	struct wait w = WAIT_NONE;
	char longer[400];
	size_t count;

	wait_begin(&w, 5 * SECOND);
	assert_ok(socket_resolve("localhost", 25, &w, to, &count));
	assert_true(count >= 1);
	assert_ok(socket_resolve("::1", 25, &w, to, &count));
	assert_int_equal(count, 1);
	wait_begin(&w, 0);
	assert_why(LATER, TIMEOUT, socket_resolve("localhost", 25, &w, to, &count));
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = 0;
	assert_why(NEVER, RESOLVE, socket_resolve(longer, 25, &w, to, &count));
}

/* A label of 70 octets is a name that cannot be, which the resolver of the C library says without asking anybody. */
static void a_name_that_does_not_exist_is_told_from_one_that_does(void **state)
{
	struct wait w = WAIT_NONE;
	char never[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
	bool exists = false;

	wait_begin(&w, 60 * SECOND);
	assert_ok(socket_name_exists("localhost", &w, &exists));
	assert_true(exists);
	assert_ok(socket_name_exists(never, &w, &exists));
	assert_false(exists);
}

static void grace_begins_when_stopping_is_wanted(void **state)
{
	struct pair p = connected();
	int bell[2];
	char byte;
	size_t got;

	assert_int_equal(pipe(bell), 0);
	struct wait w = { .stop_fd = bell[0], .grace = SECOND / 5 };
	assert_false(wait_stopping(&w));
	assert_int_equal(write(bell[1], "x", 1), 1);
	int64_t began = now();
	wait_begin(&w, 60 * SECOND);
	assert_why(LATER, CANCELLED, socket_read(p.near, &byte, 1, &w, &got));
	assert_true(now() - began >= SECOND / 5 && now() - began < 5 * SECOND);
	assert_true(wait_stopping(&w));
	close(bell[0]);
	close(bell[1]);
	disconnect(p);
}

static void a_port_in_use_is_busy(void **state)
{
	int fd, other;

	assert_ok(socket_listen("127.0.0.1", 0, &fd));
	assert_why(LATER, BUSY, socket_listen("127.0.0.1", socket_port(fd), &other));
	close(fd);
}

TESTS(socket, test(bytes_go_there_and_the_end_is_seen), test(waiting_ends_at_the_deadline),
      test(nobody_listening_is_a_failed_connection), test(names_are_resolved_with_a_deadline),
      test(a_name_that_does_not_exist_is_told_from_one_that_does), test(grace_begins_when_stopping_is_wanted),
      test(a_port_in_use_is_busy))
