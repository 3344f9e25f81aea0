/* Credentials over time: sessions that are renewed, keys that grow old and give way to each other. */
#include "test/fake/https_server.h"
#include "test/support/support.h"

#include "net/aws_login.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct test_clock time_now;
static struct aws_login *login;
static struct aws_credentials who;

static err get(void)
{
	return aws_login_get(login, arena, &who);
}

static void begin(struct aws_login_options options)
{
	assert_ok(arena_open_secret(1 << 20, &arena));
	options.clock = test_clock(&time_now);
	assert_ok(aws_login_open(&options, &login));
}

static void end(void)
{
	aws_login_done(&login);
	arena_done(&arena);
}

/* ── A container's endpoint ──────────────────────────────────────────────────────────────────────── */

static const char *given; /* null: it is out of order */

static str answer(str head, str body, char *to, size_t max)
{
	struct buf b = { .at = to, .max = max };
	const char *text = given ? given : "";

	buf_add_format(&b, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		       given ? "200 OK" : "503 Later", strlen(text), text);
	return buf_str(&b);
}

static void wait_until(const char *when)
{
	moment at;

	assert_ok(moment_parse(str_of(when), &at));
	time_now.ticks += at > time_now.now ? at - time_now.now : 0;
	time_now.now = at;
}

static void a_session_is_renewed_before_it_ends_and_lasts_while_that_fails(void **state)
{
	uint16_t port;
	struct fake_https_server *server = fake_https_start(&(struct fake_https){ .answer = answer }, &port);
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	wait_until("2026-11-22T00:00:00Z");
	begin((struct aws_login_options){ .source = AWS_CONTAINER });
	given = ("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2026-11-22T01:00:"
		 "00Z\"}");
	assert_ok(get());
	assert_str(who.access_key_id, STR("A"));
	assert_str(who.token, STR("t"));
	given = "{\"AccessKeyId\":\"B\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2026-11-22T02:00:"
		"00Z\"}";
	wait_until("2026-11-22T00:54:00Z");
	assert_ok(get());
	assert_str(who.access_key_id, STR("A"));
	assert_int_equal(fake_https_requests(server), 1);
	wait_until("2026-11-22T00:56:00Z");
	assert_ok(get());
	assert_str(who.access_key_id, STR("B"));
	given = NULL;
	wait_until("2026-11-22T01:59:00Z");
	assert_ok(get());
	assert_str(who.access_key_id, STR("B"));
	wait_until("2026-11-22T02:00:00Z");
	assert_why(LATER, KEY, get());
	given = "{\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2026-11-22T03:00:"
		"00Z\"}";
	wait_until("2026-11-22T02:00:11Z");
	assert_ok(get());
	assert_str(who.access_key_id, STR("C"));
	end();
	fake_https_stop(server);
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

static void what_is_no_pair_of_credentials_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"{}",
		"{\"AccessKeyId\":\"A\"}",
		"{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\"}",
		"{\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}",
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\\n\"}",
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"soon\"}",
		("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2020-01-01T00:00:"
		 "00Z\"}"),
	};
	uint16_t port;
	struct fake_https_server *server = fake_https_start(&(struct fake_https){ .answer = answer }, &port);
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	wait_until("2026-11-22T00:00:00Z");
	for (size_t i = 0; i < COUNT(rows); i++) {
		given = rows[i];
		begin((struct aws_login_options){ .source = AWS_CONTAINER });
		if (!failed(get()))
			fail_msg("%s", rows[i]);
		end();
	}
	fake_https_stop(server);
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

/* ── Named keys ──────────────────────────────────────────────────────────────────────────────────── */

static const char *secret_file(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", test_dir(), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, "secret\n", 7) == 7);
	close(fd);
	return path;
}

static void one_key_takes_over_from_another(void **state)
{
	const char *file = secret_file("key");
	moment day;

	wait_until("2026-11-22T00:00:00Z");
	day = time_now.now;
	const struct aws_key keys[] = { { STR("OLD"), file, day - 80 * DAY }, { STR("NEW"), file, day } };
	begin((struct aws_login_options){ .source = AWS_KEYS, .keys = keys, .key_count = 2, .refuse_after = 90 * DAY });
	assert_ok(get());
	assert_str(who.access_key_id, STR("NEW"));
	assert_str(who.secret_access_key, STR("secret"));
	assert_true(aws_login_refused(login, STR("NEW"))); /* the store has not heard of it yet */
	assert_ok(get());
	assert_str(who.access_key_id, STR("OLD"));
	assert_true(aws_login_refused(login, STR("NEW"))); /* from another thread: OLD signs already */
	time_now.ticks += 11 * MINUTE;
	assert_true(aws_login_refused(login, STR("OLD"))); /* taken away; the new one is known by now */
	assert_ok(get());
	assert_str(who.access_key_id, STR("NEW"));
	end();
}

static void an_old_key_signs_nothing_and_says_its_age(void **state)
{
	struct aws_login_facts facts = { 0 };
	struct fault fault = { 0 };

	wait_until("2026-11-22T00:00:00Z");
	const struct aws_key key = { STR("OLD"), secret_file("key"), time_now.now - 89 * DAY };
	begin((struct aws_login_options){ .source = AWS_KEYS, .keys = &key, .key_count = 1, .refuse_after = 90 * DAY });
	assert_ok(aws_login_look(login, &facts, &fault));
	assert_string_equal(facts.key_id, "OLD");
	assert_false(facts.temporary);
	wait_until("2026-11-23T00:00:00Z");
	assert_why(NEVER, KEY, get());
	assert_why(NEVER, KEY, aws_login_look(login, &facts, &fault));
	assert_non_null(strstr(fault.what, "90 days old"));
	assert_false(aws_login_refused(login, STR("OLD"))); /* there is no other */
	end();
}

static void what_signs_a_mailed_url_outlasts_it(void **state)
{
	struct fault fault = { 0 };

	wait_until("2026-11-24T00:00:00Z");
	const struct aws_key key = { STR("OLD"), secret_file("key"), time_now.now - 85 * DAY };
	const struct aws_key unknown = { STR("UNKNOWN"), key.secret_file, 0 };
	begin((struct aws_login_options){ .source = AWS_KEYS, .keys = &key, .key_count = 1, .refuse_after = 90 * DAY });
	assert_ok(aws_login_lasts(login, time_now.now + 5 * DAY, &fault));
	assert_why(NEVER, KEY, aws_login_lasts(login, time_now.now + 5 * DAY + SECOND, &fault));
	assert_non_null(strstr(fault.what, "retired on 2026-11-29, before the links would end on 2026-11-29"));
	end();
	begin((struct aws_login_options){
		.source = AWS_KEYS, .keys = &unknown, .key_count = 1, .refuse_after = 90 * DAY });
	assert_why(NEVER, KEY, aws_login_lasts(login, time_now.now + HOUR, &fault));
	assert_non_null(strstr(fault.what, "s3.key_created"));
	end();
}

static void a_session_outlasts_nothing(void **state)
{
	uint16_t port;
	struct fake_https_server *server = fake_https_start(&(struct fake_https){ .answer = answer }, &port);
	struct fault fault = { 0 };
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	wait_until("2026-11-25T00:00:00Z");
	begin((struct aws_login_options){ .source = AWS_CONTAINER });
	given = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2026-11-26T00:00:"
		"00Z\"}";
	assert_why(NEVER, KEY, aws_login_lasts(login, time_now.now + MINUTE, &fault)); /* though it has a day left */
	assert_non_null(strstr(fault.what, "temporary"));
	assert_ok(get());
	end();
	fake_https_stop(server);
}

TESTS(aws_login, test(what_signs_a_mailed_url_outlasts_it), test(a_session_outlasts_nothing),
      test(a_session_is_renewed_before_it_ends_and_lasts_while_that_fails),
      test(what_is_no_pair_of_credentials_is_refused), test(one_key_takes_over_from_another),
      test(an_old_key_signs_nothing_and_says_its_age))
