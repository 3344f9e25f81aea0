#include "proc/log.h"

#include "sys/sys.h"
#include "wire/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE = 4096, MESSAGE = 1024 };

static const char *const levels[] = { "error", "warning", "info", "debug" };

/* Word by word; what is around an address in a foreign sentence goes with it. */
static void add_without_addresses(struct buf *b, str text)
{
	str word;
	bool more;

	do {
		more = str_cut(text, ' ', &word, &text);
		buf_add(b, str_has(word, '@') ? STR("(address)") : word);
		if (more)
			buf_add_char(b, ' ');
	} while (more);
}

static void print_json(const struct log *l, str time, str level, str message, struct buf *line)
{
	buf_add_char(line, '{');
	buf_add_json_field(line, "time", time);
	buf_add_json_field(line, "level", level);
	buf_add_json_field(line, "process", str_of(l->process));
	buf_add_json_field(line, "message", message);
	buf_add_char(line, '}');
}

static void print_text(const struct log *l, str time, str level, str message, struct buf *line)
{
	buf_add_format(line, "%.*s %.*s %s: ", STR_ARG(time), STR_ARG(level), l->process);
	buf_add_escaped(line, message);
}

void log_print(const struct log *l, enum config_log_level level, str message, struct buf *line)
{
	char time_room[32], message_room[MESSAGE];
	struct buf time = BUF_ON(time_room), clean = BUF_ON(message_room);

	buf_add_moment(&time, clock_now(&l->clock));
	add_without_addresses(&clean, str_upto(message, MESSAGE / 2));
	(l->format == LOG_FORMAT_JSON ? print_json : print_text)(l, buf_str(&time), str_of(levels[level]),
								 buf_str(&clean), line);
	buf_add_char(line, '\n');
}

void log_say(const struct log *l, enum config_log_level level, const char *format, ...)
{
	char text[MESSAGE], room[LINE];
	struct buf line = BUF_ON(room);
	va_list args;

	if (level > l->least)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_print(l, level, str_of(text), &line);
	(void)failed(file_write(2, buf_str(&line))); /* there is nobody left to tell */
}

void log_failure(const struct log *l, const char *what, err e, const struct fault *fault)
{
	char room[MESSAGE];
	struct buf words = BUF_ON(room);

	if (fault && !fault_empty(fault))
		buf_add_fault(&words, fault, e);
	else
		buf_add_format(&words, "%s (%s)", err_verdict(e)->words, e.note ? e.note : "");
	log_say(l, LOG_LEVEL_ERROR, "%s: %.*s", what, STR_ARG(buf_str(&words)));
}
