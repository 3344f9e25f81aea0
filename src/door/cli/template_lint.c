#include "door/cli/template_lint.h"

#include "compose/lint.h"
#include "sys/sys.h"

#include <jansson.h>
#include <string.h>

static const char *const severity[] = { "warning", "error" };

/* welcome.html is a file; welcome is a template's name. */
static bool is_file(const char *operand)
{
	return str_has(str_of(operand), '/') || str_has(str_of(operand), '.');
}

static err form_of(struct cli *cli, str path, enum template_form *out)
{
	const char *as = cli_value(cli, "--as");

	if (as)
		return template_form_parse(str_of(as), out);
	*out = str_ends(path, STR(".html")) || str_ends(path, STR(".htm")) ? TEMPLATE_HTML
	       : str_ends(path, STR("subject.txt"))                        ? TEMPLATE_LINE
									   : TEMPLATE_TEXT;
	return OK;
}

static err lint_one_file(struct cli *cli, const char *path, const struct lint_rules *rules, struct lint_finding **out)
{
	enum template_form form;
	str source;

	TRY(form_of(cli, str_of(path), &form));
	err e = file_read_all(cli->arena, path, TEMPLATE_MAX, &source);
	if (failed(e)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		return e;
	}
	return compose_lint_file(cli->arena, form, str_of(path), source, rules, out);
}

/* A template that cannot be read at all is a finding too. */
static err lint_template(struct cli *cli, str name, const struct compose_settings *settings,
			 const struct lint_rules *rules, struct lint_finding **out)
{
	struct compose *compose = NULL;
	err e = compose_open(cli->arena, settings, &compose, &cli->fault);

	if (!failed(e))
		return compose_lint(cli->arena, compose, name, rules, out, &cli->fault);
	if (e.why != WHY_TEMPLATE)
		return e;
	TRY(NEW(cli->arena, *out));
	**out = (struct lint_finding){ .line = cli->fault.line, .error = true, .rule = "syntax" };
	TRY(str_copy(cli->arena, str_of(cli->fault.where), &(*out)->file));
	return str_copy(cli->arena, str_of(cli->fault.what), &(*out)->words);
}

err template_hosts(struct arena *a, const struct config *config, const char *more, str *out)
{
	str page = str_starts(config->base_url, STR("https://")) ? str_from(config->base_url, 8) : STR_NONE;
	size_t len = 0;

	while (len < page.len && !strchr(":/?#", page.at[len]))
		len++;
	return str_format(a, out, "%s %.*s %.*s %.*s", more ? more : "", STR_ARG(config->domain),
			  STR_ARG(str_upto(page, len)), STR_ARG(config->mail.link_hosts));
}

static err settings_read(struct cli *cli, struct compose_settings *settings, struct lint_rules *rules)
{
	const struct config *config;
	const char *columns = cli_value(cli, "--columns"), *hosts = cli_value(cli, "--hosts");

	rules->columns = str_of(columns);
	rules->bulk = cli_flag(cli, "--bulk");
	rules->own_hosts = str_of(hosts);
	if (!cli->config_path)
		return OK;
	TRY(cli_config(cli, &config));
	*settings = (struct compose_settings){ .dir = config->templates, .language = config->mail.language };
	if (!file_exists(config->templates))
		settings->dir = NULL;
	return template_hosts(cli->arena, config, hosts, &rules->own_hosts);
}

static json_t *json_of(str s)
{
	return json_stringn(s.at ? s.at : "", s.len);
}

static void print_json(struct cli *cli, const struct lint_finding *first, bool good)
{
	json_t *list = json_array();

	for (const struct lint_finding *f = first; f; f = f->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:I, s:o}", "judgement", severity[f->error],
						      "rule", f->rule, "file", json_of(f->file), "line",
						      (json_int_t)f->line, "words", json_of(f->words)));
	cli_out_json(cli, json_pack("{s:b, s:o}", "good", good, "findings", list));
}

static void print_text(struct cli *cli, const struct lint_finding *f)
{
	for (; f; f = f->next) {
		char room[1024];
		struct buf b = BUF_ON(room);
		buf_add_escaped(&b, f->file);
		if (f->line)
			buf_add_format(&b, ":%llu", (unsigned long long)f->line);
		buf_add_format(&b, ": %s: ", severity[f->error]);
		buf_add_escaped(&b, f->words);
		buf_add_format(&b, " [%s]\n", f->rule);
		cli_out(cli, buf_str(&b));
	}
}

static err run(struct cli *cli)
{
	struct compose_settings settings = { 0 };
	struct lint_finding *findings = NULL;
	struct lint_rules rules = { 0 };
	bool good = true;

	TRY(settings_read(cli, &settings, &rules));
	if (is_file(cli->operands[0]))
		TRY(lint_one_file(cli, cli->operands[0], &rules, &findings));
	else
		TRY(lint_template(cli, str_of(cli->operands[0]), &settings, &rules, &findings));
	for (const struct lint_finding *f = findings; f; f = f->next)
		good = good && !f->error;
	if (cli->json)
		print_json(cli, findings, good);
	else
		print_text(cli, findings);
	cli->exit_status = good ? 0 : 1;
	return OK;
}

static const struct cli_option options[] = {
	{ "--columns", "A,B,…", "the columns of the list: others are errors, unused ones warnings" },
	{ "--hosts", "A,B,…", "hosts that links may lead to, besides those of the configuration" },
	{ "--bulk", NULL, "it is for many people at once, and needs a way to unsubscribe" },
	{ "--as", "html|text|subject", "what FILE becomes; by default, what its name says" },
	{ 0 },
};

const struct cli_command command_template_lint = {
	.name = "template lint",
	.usage = "NAME|FILE [--columns A,B,…] [--hosts A,B,…] [--bulk]",
	.summary = "judge a template before anyone is mailed with it",
	.details = "Reads a template in all its languages, or one file of one, and tells with file and line what a "
		   "mail reader "
		   "would cut, block, hide or take for a trick: pictures without alt, a text without {{link.url}}, "
		   "HTML of more "
		   "than 102 kB, anything loaded from elsewhere, forms and scripts, links to hosts that are not ours, "
		   "that "
		   "shorten, or that show another host than they lead to, text that is too faint in light or in dark "
		   "(WCAG 2.2 "
		   "AA), variables that nothing answers, a subject that is missing or too long. A comment {{! stream: "
		   "bulk }} "
		   "in a template says that it needs a way to unsubscribe.\n\n"
		   "NAME is a built-in template, or with --config one of the configured folder; what has a dot or a "
		   "slash in it "
		   "is a FILE. Exit status 1 if there are errors; warnings alone are 0. `config check` does the same.",
	.examples = "# the built-in template\n"
		    "$ letterlock template lint document\n"
		    "\n"
		    "# one of your own, with the columns of your list\n"
		    "$ letterlock template lint invoice --columns email,name,amount --config letters/letterlock.yaml",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
