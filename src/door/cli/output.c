/* What a command says. Standard output is gathered and written in windows; a write that fails makes the
 * command fail, because a result that nobody received is no result (a full disk, a closed pipe). */
#include "door/cli/frame.h"

#include "sys/sys.h"
#include "wire/json.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void output_open(struct cli *cli, struct buf window)
{
	cli->given->out = window;
	cli->given->out_failed = OK;
}

void output_flush(struct cli *cli)
{
	struct cli_given *given = cli->given;

	if (given->out.len && !failed(given->out_failed))
		given->out_failed = file_write(1, buf_str(&given->out));
	given->out.len = 0;
}

void cli_out(struct cli *cli, str text)
{
	struct buf *out = &cli->given->out;

	while (text.len) {
		str part = str_upto(text, out->max - out->len);
		buf_add(out, part);
		text = str_from(text, part.len);
		if (out->len == out->max)
			output_flush(cli);
	}
}

/* Lines for people: only ends of line and tabs are ours. Names and paths of others are escaped where they enter a line;
 * this is the net below. */
static void out_shown(struct cli *cli, str text)
{
	while (text.len) {
		char room[32];
		struct buf b = BUF_ON(room);
		uint32_t code = 0;
		size_t taken = str_rune(text, &code);
		str now = str_upto(text, taken ? taken : 1);
		if (taken && (code == '\n' || code == '\t' || !rune_misleads(code)))
			cli_out(cli, now);
		else
			buf_add_escaped(&b, now);
		cli_out(cli, buf_str(&b));
		text = str_from(text, now.len);
	}
}

void cli_out_format(struct cli *cli, const char *format, ...)
{
	SCRATCH(cli->arena);
	va_list args, again;
	void *at;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len < 0 || failed(arena_take(cli->arena, (size_t)len + 1, &at))) {
		cli->given->out_failed = err_first(cli->given->out_failed, LATER(MEMORY, "no memory for the output"));
	} else {
		vsnprintf(at, (size_t)len + 1, format, again);
		out_shown(cli, str_bytes(at, (size_t)len));
	}
	va_end(again);
	va_end(args);
}

/* jansson writes whole characters; those that a terminal obeys are spelled out. */
static int give_out(const char *bytes, size_t len, void *cli)
{
	str json = str_bytes(bytes, len);

	while (json.len) {
		char room[16];
		struct buf b = BUF_ON(room);
		uint32_t code;
		size_t plain = json_plain_run(json);
		cli_out(cli, str_upto(json, plain));
		json = str_from(json, plain);
		size_t taken = str_rune(json, &code);
		if (taken)
			buf_add_json_escape(&b, code);
		cli_out(cli, buf_str(&b));
		json = str_from(json, taken);
	}
	return 0;
}

void cli_out_json(struct cli *cli, json_t *object)
{
	if (!object || json_dump_callback(object, give_out, cli, JSON_COMPACT | JSON_ENCODE_ANY))
		cli->given->out_failed =
			err_first(cli->given->out_failed, LATER(MEMORY, "the JSON could not be written"));
	json_decref(object);
	cli_out(cli, STR("\n"));
}

err output_close(struct cli *cli)
{
	output_flush(cli);
	err e = cli->given->out_failed;
	if (failed(e)) {
		cli->fault = (struct fault){ 0 };
		fault_set(&cli->fault, "standard output could not be written: %s", err_verdict(e)->words);
	}
	return e;
}

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
	char text[2048], line[8192];
	struct buf b = BUF_ON(line);
	int len = vsnprintf(text, sizeof text, format, args);

	b.max--; /* for the line's end, whatever was cut */
	buf_add_escaped(&b, str_upto(str_of(text), len < 0 ? 0 : (size_t)len));
	line[b.len] = '\n';
	(void)file_write(2, str_bytes(line, b.len + 1));
}

void cli_say(struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, format);
	say(format, args);
	va_end(args);
}

void cli_warn(struct cli *cli, const char *format, ...)
{
	va_list args;

	(void)cli;
	va_start(args, format);
	say(format, args);
	va_end(args);
}

static json_t *error_object(const struct cli *cli, err e)
{
	char text[1024], name[32];
	struct buf b = BUF_ON(text), n = BUF_ON(name);
	const struct fault *f = &cli->fault;
	struct fault sentence = { 0 }; /* where and line have members of their own */

	memcpy(sentence.what, f->what, sizeof sentence.what);
	buf_add_fault(&b, &sentence, e);
	for (const char *c = err_verdict(e)->name; *c; c++)
		buf_add_char(&n, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
	json_t *o = json_pack("{s:s%, s:s%}", "why", name, n.len, "message", text, b.len);
	if (f->where[0])
		json_object_set_new(o, "where", json_string(f->where));
	if (f->row)
		json_object_set_new(o, "row", json_integer((json_int_t)f->row));
	if (f->line)
		json_object_set_new(o, "line", json_integer((json_int_t)f->line));
	if (f->column)
		json_object_set_new(o, "column", json_integer((json_int_t)f->column));
	json_object_set_new(o, "retry", json_boolean(e.fate == FATE_LATER));
	return json_pack("{s:o}", "error", o);
}

/* All of it is literals, numbers and faults, which are escaped. */
static int give_error(const char *bytes, size_t len, void *none)
{
	(void)none;
	return failed(file_write(2, str_bytes(bytes, len))) ? -1 : 0;
}

/* What to do about it, where that is not in the sentence already. */
static void add_hint(struct buf *b, const struct cli *cli, err e)
{
	const struct cli_command *c = cli->given->command;

	if (e.why == WHY_USAGE)
		buf_add_format(b, "\nSee: letterlock help%s%s", c ? " " : "", c ? c->name : "");
	else if (e.why == WHY_CONFIG)
		buf_add(b, STR("\nSee: letterlock config check, and letterlock.yaml(5) for every setting"));
	else if (e.fate == FATE_LATER)
		buf_add(b, STR("\nIt may work later: nothing was decided"));
}

void output_error(struct cli *cli, err e)
{
	char text[2048];
	struct buf b = BUF_ON(text);

	if (cli->json) {
		json_t *o = error_object(cli, e);
		json_dump_callback(o, give_error, NULL, JSON_COMPACT);
		json_decref(o);
		(void)file_write(2, STR("\n"));
		return;
	}
	buf_add(&b, STR("letterlock: "));
	buf_add_fault(&b, &cli->fault, e);
	add_hint(&b, cli, e);
	buf_add_char(&b, '\n');
	(void)file_write(2, buf_str(&b));
}
