#include "door/cli/cli.h"
#include "door/cli/inspector.h"

#include "check/html.h"
#include "config/config.h"
#include "wire/lines.h"

#include <jansson.h>

enum { LINE_MAX_BYTES = 4 * 1024 * 1024 };

struct cleaning {
	struct cli *cli;
	struct inspectors *pool;
	struct html_policy policy;
};

static err policy_of(struct cli *cli, struct html_policy *out)
{
	const struct config *config = NULL;

	if (cli->config_path)
		TRY(cli_config(cli, &config));
	out->remote_images = cli_flag(cli, "--remote-images") || (config && config->html.remote_images);
	return OK;
}

static json_t *left_out_json(const struct clean_html *clean)
{
	json_t *list = json_array();

	for (size_t i = 0; i < clean->left_out_count; i++) {
		const struct html_left_out *one = &clean->left_out[i];
		json_array_append_new(list, json_pack("{s:s%, s:s%, s:I}", "what", one->what.at, one->what.len, "name",
						      one->name.at, one->name.len, "count", (json_int_t)one->count));
	}
	return list;
}

static json_t *clean_json(const struct clean_html *clean)
{
	return json_pack("{s:s%, s:o}", "html", clean->html.at, clean->html.len, "removed", left_out_json(clean));
}

/* ── One document ────────────────────────────────────────────────────────────────────────────────── */

static err clean_stdin(struct cleaning *c)
{
	struct cli *cli = c->cli;
	struct clean_html clean;
	str html;

	TRY(cli_stdin(cli, cli->arena, cli_limit(cli, "html_max", CHECK_HTML_MAX), &html));
	TRY(check_html(c->pool, cli->arena, html, &c->policy, &clean, &cli->fault));
	if (cli->json)
		cli_out_json(cli, clean_json(&clean));
	else
		cli_out(cli, clean.html);
	return OK;
}

/* ── Many, one a line ────────────────────────────────────────────────────────────────────────────── */

static void refuse(struct cli *cli, const struct fault *fault, err e)
{
	char room[1024];
	struct buf words = BUF_ON(room);

	buf_add_fault(&words, fault, e);
	cli_out_json(cli, json_pack("{s:n, s:[], s:s%}", "html", "removed", "reason", words.at, words.len));
}

/* What is wrong with one document is said in its line; what is wrong with us ends the work. */
static err clean_one(struct cleaning *c, str html)
{
	struct fault fault = { 0 };
	struct clean_html clean;

	err e = check_html(c->pool, c->cli->arena, html, &c->policy, &clean, &fault);
	if (!failed(e))
		cli_out_json(c->cli, clean_json(&clean));
	else if (e.fate == FATE_NEVER)
		refuse(c->cli, &fault, e);
	else
		c->cli->fault = fault;
	return e.fate == FATE_NEVER ? OK : e;
}

static err clean_line(struct cleaning *c, str line, bool cut)
{
	SCRATCH(c->cli->arena);
	struct fault fault = { 0 };
	json_t *value = cut ? NULL : json_loadb(line.at, line.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	err e = OK;

	if (json_is_string(value)) {
		e = clean_one(c, str_bytes(json_string_value(value), json_string_length(value)));
	} else {
		fault_set(&fault, "%s", cut ? "the line is too long" : "the line is not a JSON string");
		refuse(c->cli, &fault, NEVER(SYNTAX, "a line that is not a JSON string"));
	}
	json_decref(value);
	return e;
}

static err clean_lines(struct cleaning *c)
{
	OWNED(source_done) struct source in = cli_stdin_source(c->cli);
	struct lines lines;
	str line;
	bool cut, end;

	TRY(lines_open(c->cli->arena, &in, LINE_MAX_BYTES, &lines));
	for (;;) {
		TRY(lines_next(&lines, &line, &cut, &end));
		if (end)
			return OK;
		if (str_trim(line).len)
			TRY(clean_line(c, line, cut));
	}
}

static err run(struct cli *cli)
{
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	struct cleaning c = { .cli = cli };

	TRY(policy_of(cli, &c.policy));
	TRY(cli_inspectors(cli, &pool));
	c.pool = pool;
	return cli_flag(cli, "--lines") ? clean_lines(&c) : clean_stdin(&c);
}

static const struct cli_option options[] = {
	{ "--remote-images", NULL, "let pictures be fetched over https; also html.remote_images of the configuration" },
	{ "--lines", NULL, "read one JSON string a line, and answer each with one JSON object" },
	{ 0 },
};

const struct cli_command command_html_clean = {
	.name = "html clean",
	.usage = "[--json] [--remote-images] [--lines]",
	.summary = "leave of HTML what may stand in a mail",
	.details =
		"Reads HTML from standard input and writes what is on the list of elements, attributes, styles and "
		"addresses that mail needs, and that can run nothing, fetch nothing, cover nothing and send nothing. "
		"Scripts, forms, frames, SVG, style sheets, comments, ids and classes go; links keep https:, mailto:, "
		"tel: and cid:; pictures that lie elsewhere go unless allowed. What is clean comes out unchanged.\n\n"
		"With --json it prints one object: html, and removed, a list of {what, name, count}; what is element, "
		"attribute, url (name is the scheme), style (the property), comment, declaration or other.\n\n"
		"HTML of more than 512 KiB (--limit html_max lowers that), with more than 200 elements open or 64 "
		"attributes on one, or that a browser would read differently a second time, is refused. The work is "
		"done "
		"in the sandbox.",
	.examples = "# The part of a newsletter that is safe to send\n"
		    "$ letterlock html clean < newsletter.html > clean.html\n"
		    "# What would go, and how often\n"
		    "$ letterlock html clean --json < newsletter.html | jq .removed",
	.options = options,
	.run = run,
};
