#include "test/support/support.h"

#include "proc/log.h"

#include <string.h>

static struct test_clock at = { .now = 1795377000 * SECOND };

static str printed(enum config_log_format format, str message, struct buf *line)
{
	const struct log l = { LOG_LEVEL_INFO, format, test_clock(&at), "front" };
	line->len = 0;
	log_print(&l, LOG_LEVEL_WARNING, message, line);
	return buf_str(line);
}

static void a_line_says_when_how_grave_who_and_what(void **state)
{
	char room[4096];
	struct buf line = BUF_ON(room);
	(void)state;
	assert_str(printed(LOG_FORMAT_TEXT, STR("the relay works"), &line),
		   STR("2026-11-22T19:50:00Z warning front: the relay works\n"));
	assert_str(printed(LOG_FORMAT_JSON, STR("the relay works"), &line),
		   STR("{\"time\":\"2026-11-22T19:50:00Z\",\"level\":\"warning\",\"process\":\"front\","
		       "\"message\":\"the relay works\"}\n"));
}

static void nothing_in_a_message_begins_another_line(void **state)
{
	static const str bad[] = { STR("a\nb"),
				   STR("a\r\nb"),
				   STR("a\033[31mb"),
				   STR("a\0b"),
				   STR("a\xff"
				       "b"),
				   STR("a\x7f") };
	char room[4096];
	struct buf line = BUF_ON(room);
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++) {
			str s = printed((enum config_log_format)format, bad[i], &line);
			assert_true(str_clean(str_upto(s, s.len - 1)) && str_utf8(s));
			assert_true(str_ends(s, STR("\n")));
		}
}

static void no_address_stands_in_a_line(void **state)
{
	char room[4096];
	struct buf line = BUF_ON(room);
	(void)state;
	assert_str(printed(LOG_FORMAT_TEXT, STR("550 <anna@example.net>: unknown, ask b@c."), &line),
		   STR("2026-11-22T19:50:00Z warning front: 550 (address) unknown, ask (address)\n"));
}

static void a_long_message_is_cut_and_still_a_line(void **state)
{
	static char much[100000];
	char room[4096];
	struct buf line = BUF_ON(room);
	(void)state;
	for (int fill = 0; fill < 256; fill += 15) {
		memset(much, fill, sizeof much);
		for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++)
			assert_true(
				str_ends(printed((enum config_log_format)format, str_bytes(much, sizeof much), &line),
					 format == LOG_FORMAT_JSON ? STR("\"}\n") : STR("\n")));
	}
}

TESTS(log, test(a_line_says_when_how_grave_who_and_what), test(nothing_in_a_message_begins_another_line),
      test(no_address_stands_in_a_line), test(a_long_message_is_cut_and_still_a_line))
