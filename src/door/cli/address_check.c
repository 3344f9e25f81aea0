#include "door/cli/cli.h"

#include "wire/address.h"
#include "wire/lines.h"

#include <jansson.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

/* JSON holds no bytes that are not UTF-8: those are shown as \xNN. */
static json_t *text_json(struct arena *a, str text)
{
	struct buf b;

	if (str_utf8(text))
		return json_stringn(text.at ? text.at : "", text.len);
	if (failed(buf_open(a, 4 * text.len, &b)))
		return NULL;
	buf_add_escaped(&b, text);
	return json_stringn(b.at, b.len);
}

static json_t *verdict_json(struct arena *a, str input, const struct address *is, const char *reason)
{
	json_t *o = json_pack("{s:o, s:b}", "input", text_json(a, input), "valid", is != NULL);

	if (is)
		json_object_update_new(o, json_pack("{s:s%, s:s%, s:s%, s:n}", "address", is->text.at, is->text.len,
						    "local", is->local.at, is->local.len, "domain", is->domain.at,
						    is->domain.len, "reason"));
	else
		json_object_update_new(
			o, json_pack("{s:n, s:n, s:n, s:s}", "address", "local", "domain", "reason", reason));
	return o;
}

static err judge(struct cli *cli, str input)
{
	SCRATCH(cli->arena);
	struct address is;
	const char *reason = NULL;
	err e = address_parse(cli->arena, input, &is, &reason);

	if (failed(e) && e.why != WHY_ADDRESS)
		return e;
	cli_out_json(cli, verdict_json(cli->arena, input, failed(e) ? NULL : &is, reason));
	return OK;
}

static err judge_line(struct cli *cli, str line, bool cut)
{
	SCRATCH(cli->arena);
	json_t *value = cut ? NULL : json_loadb(line.at, line.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	err e = OK;

	if (json_is_string(value))
		e = judge(cli, str_bytes(json_string_value(value), json_string_length(value)));
	else
		cli_out_json(cli, verdict_json(cli->arena, str_upto(line, 1024), NULL,
					       cut ? "the line is too long" : "the line is not a JSON string"));
	json_decref(value);
	return e;
}

static err judge_stdin(struct cli *cli)
{
	OWNED(source_done) struct source in = cli_stdin_source(cli);
	struct lines lines;
	str line;
	bool cut, end;

	TRY(lines_open(cli->arena, &in, LINE_MAX_BYTES, &lines));
	for (;;) {
		TRY(lines_next(&lines, &line, &cut, &end));
		if (end)
			return OK;
		if (str_trim(line).len)
			TRY(judge_line(cli, line, cut));
	}
}

static err run(struct cli *cli)
{
	if (cli->operand_count == 0)
		return judge_stdin(cli);
	for (int i = 0; i < cli->operand_count; i++)
		TRY(judge(cli, str_of(cli->operands[i])));
	return OK;
}

const struct cli_command command_address_check = {
	.name = "address check",
	.usage = "[ADDRESS…]",
	.summary = "say whether an address is valid, and in which form it is used",
	.details = "Prints one JSON object for each address: input, valid, address, local, domain, reason. The "
		   "domain is in its ASCII form. Without arguments it reads one JSON string a line from standard "
		   "input. It exits with 0 when all were judged, whatever the verdicts.\n\n"
		   "One address stands alone: no name, angle brackets, comment, group or encoded word. Nothing is "
		   "repaired, and nothing is asked of the network.",
	.examples = "# One address, with an internationalised domain\n"
		    "$ letterlock address check maria@bücher.example\n"
		    "# Many, from a file with one JSON string a line\n"
		    "$ letterlock address check < addresses.jsonl",
	.operands_max = -1,
	.run = run,
};
