#include "door/cli/inspector.h"

#include "check/mime.h"
#include "config/config.h"

#include <jansson.h>

/* What the settings say, or what --limit does, whichever is lower. */
static err read_limits(struct cli *cli, struct mime_limits *l)
{
	const struct config *config = NULL;

	if (cli->config_path)
		TRY(cli_config(cli, &config));
#define READ(name) l->name = cli_limit(cli, "mime_" #name, config ? config->limits.mime_##name : l->name)
	READ(message);
	READ(line);
	READ(field);
	READ(header);
	READ(headers);
	READ(fields);
	READ(parts);
	READ(depth);
	READ(parameters);
#undef READ
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	OWNED(source_done) struct source message = cli_stdin_source(cli);
	struct mime_policy policy = { .limits = mime_limits, .strict = cli_flag(cli, "--strict") };
	str answer = STR_NONE;

	TRY(read_limits(cli, &policy.limits));
	TRY(cli_inspectors(cli, &pool));
	TRY(check_mime(pool, cli->arena, &policy, &message, NULL, &answer, &cli->fault));
	cli_out_json(cli, json_loadb(answer.at, answer.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL));
	return OK;
}

static const struct cli_option options[] = {
	{ "--strict", NULL, "only CRLF ends a line, as in SMTP, and nothing sloppy passes" },
	{ 0 },
};

const struct cli_command command_mime_show = {
	.name = "mime show",
	.usage = "[--strict] [--limit NAME=VALUE]",
	.summary = "judge a message and print its tree, with size and hash of every body",
	.details =
		"Reads a message from standard input, of any length in the same memory, and prints a JSON object: "
		"type, name, "
		"disposition, encoding, size and sha256 of the decoded body, headers, parts; further charset, id, "
		"offset and "
		"length of the encoded body, and the mailboxes of from, to, cc and reply_to.\n\n"
		"What two programs could read in two ways is refused, with line and reason: fields or parameters that "
		"are "
		"there twice, comments in parameters, RFC 2231 sections out of order, a name that differs from a "
		"filename, "
		"control bytes in a header, a header that is not UTF-8, odd or unended boundaries, junk in base64 and "
		"quoted-printable, bare CR, LF and NUL.\n\n"
		"What is sloppy and yet read in one way passes, and not with --strict: lines that all end with LF, a "
		"semicolon "
		"behind the last parameter, a file's name that is nothing but encoded words in UTF-8 (it is shown "
		"decoded).\n\n"
		"Bounds, each lowered with --limit mime_NAME=VALUE, or by the settings of that name: message 4 GiB, "
		"line 998 "
		"octets, field 64 KiB, header 256 KiB, headers (of all parts) 1 MiB, fields 1000, parts 1000, depth "
		"50, "
		"parameters 50.",
	.examples = "# what is in it\n"
		    "$ letterlock mime show < letter.eml\n"
		    "\n"
		    "# with tighter bounds\n"
		    "$ letterlock mime show --limit mime_parts=20 --limit mime_depth=3 < letter.eml",
	.options = options,
	.run = run,
};
