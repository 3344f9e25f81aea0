#include "door/cli/message.h"

#include "sign/sign.h"

#include <jansson.h>

static err read_canon(struct cli *cli, const char *option, enum canon *out)
{
	const char *name;

	TRY(cli_needed(cli, option, &name));
	if (canon_parse(str_of(name), out))
		return OK;
	fault_set(&cli->fault, "%s is simple or relaxed", option);
	return NEVER(USAGE, "not a canonicalization");
}

static err canon_header(struct arena *a, enum canon how, const struct header *h, str *out)
{
	struct buf b;
	size_t room = 1;

	for (size_t i = 0; i < h->count; i++)
		room += h->fields[i].raw.len + 4;
	TRY(buf_open(a, room, &b));
	for (size_t i = 0; i < h->count; i++)
		canon_field(how, &h->fields[i], &b);
	*out = buf_str(&b);
	return buf_check(&b);
}

static err canon_whole_body(struct arena *a, enum canon how, str body, str *out)
{
	struct canon_body canon;
	struct buf b;

	TRY(buf_open(a, body.len + 2, &b));
	struct sink to = sink_to_buf(&b);
	canon_body_begin(&canon, how, &to);
	TRY(canon_body_add(&canon, body));
	TRY(canon_body_finish(&canon));
	*out = buf_str(&b);
	return OK;
}

static err run(struct cli *cli)
{
	enum canon header_how, body_how;
	struct header header;
	str message, body;

	TRY(read_canon(cli, "--header", &header_how));
	TRY(read_canon(cli, "--body", &body_how));
	TRY(cli_message(cli, &message));
	TRY(header_split(cli->arena, message, &header, &body, &cli->fault));
	str canonical_header, canonical_body;
	TRY(canon_header(cli->arena, header_how, &header, &canonical_header));
	TRY(canon_whole_body(cli->arena, body_how, body, &canonical_body));
	cli_out_json(cli, json_pack("{s:o, s:o}", "header", cli_text_json(cli->arena, canonical_header), "body",
				    cli_text_json(cli->arena, canonical_body)));
	return OK;
}

static const struct cli_option options[] = {
	{ "--header", "simple|relaxed", "how the header is made canonical" },
	{ "--body", "simple|relaxed", "how the body is made canonical" },
	{ 0 },
};

const struct cli_command command_dkim_canon = {
	.name = "dkim canon",
	.usage = "--header simple|relaxed --body simple|relaxed",
	.summary = "show the canonical form that DKIM signs",
	.details = "Reads a message from standard input and prints {\"header\", \"body\"} as JSON: all header fields "
		   "in their order, and the body, as RFC 6376 3.4 makes them canonical. Bytes that are not UTF-8 "
		   "are shown as \\xNN.",
	.examples = "# What a verifier hashes\n"
		    "$ letterlock dkim canon --header relaxed --body relaxed < mail.eml",
	.options = options,
	.run = run,
};
