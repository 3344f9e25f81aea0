#include "door/cli/cli.h"

#include "sys/sys.h"
#include "wire/template.h"

enum { VALUES_MAX = 1024 * 1024, OUT_MAX = 4 * 1024 * 1024 };

static err read_file(struct cli *cli, const char *path, size_t max, str *out)
{
	if (str_same(str_of(path), STR("-")))
		return cli_stdin(cli, cli->arena, max, out);
	err e = file_read_all(cli->arena, path, max, out);
	if (failed(e))
		fault_where(&cli->fault, str_of(path), 0, 0);
	return e;
}

/* subject.txt and *.html say themselves what they are. */
static err form_of(struct cli *cli, str path, enum template_form *out)
{
	const char *as = cli_value(cli, "--as");

	if (as) {
		err e = template_form_parse(str_of(as), out);
		if (failed(e))
			fault_set(&cli->fault, "--as takes html, text, subject or url");
		return e;
	}
	*out = str_ends(path, STR(".html")) || str_ends(path, STR(".htm")) ? TEMPLATE_HTML
	       : str_ends(path, STR("subject.txt"))                        ? TEMPLATE_LINE
									   : TEMPLATE_TEXT;
	return OK;
}

static err read_values(struct cli *cli, struct template_value **out)
{
	const char *path = cli_value(cli, "--values");
	str json;

	if (!path)
		return OK;
	TRY(read_file(cli, path, VALUES_MAX, &json));
	err e = template_values_read(cli->arena, json, out, &cli->fault);
	if (failed(e))
		fault_where(&cli->fault, str_of(path), cli->fault.line, cli->fault.column);
	return e;
}

static err run(struct cli *cli)
{
	str path = str_of(cli->operands[0]), source;
	struct template_problem *problems = NULL;
	struct template_value *values = NULL;
	struct template *t;
	enum template_form form;
	struct buf out;

	TRY(form_of(cli, path, &form));
	TRY(read_file(cli, cli->operands[0], TEMPLATE_MAX, &source));
	TRY(read_values(cli, &values));
	TRY(template_parse(cli->arena, form, source, path, &t, &cli->fault));
	TRY(template_check(cli->arena, t, values, &problems));
	TRY(template_complain(t, problems, &cli->fault));
	TRY(buf_open(cli->arena, OUT_MAX, &out));
	TRY(template_render(t, values, &out, &cli->fault));
	cli_out(cli, buf_str(&out));
	return OK;
}

static const struct cli_option options[] = {
	{ "--values", "V.json", "the values, a JSON object; - for standard input" },
	{ "--as", "html|text|subject|url", "what the text becomes; by default, what FILE's name says" },
	{ 0 },
};

const struct cli_command command_template_render = {
	.name = "template render",
	.usage = "FILE --values V.json [--as html|text|subject|url]",
	.summary = "fill a template with values",
	.details = "Templates are Mustache without lambdas, partials and unescaped values: {{x}}, {{#x}}…{{/x}}, "
		   "{{^x}}…{{/x}}, {{! comment }}. Values are escaped for the place they stand in: text, attribute or "
		   "URL in HTML; one line of a header; plain text. Where no escaping is safe (an attribute without "
		   "quotes, a script, a comment) a variable is refused. A variable without value is an error.",
	.examples = "# Try a template with one recipient's values\n"
		    "$ letterlock template render welcome.html --values anna.json",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
