/* The manual pages, from the same rows as --help: letterlock(1), one page a command, letterlock.yaml(5). */
#include "door/cli/frame.h"

#include "config/config.h"
#include "sys/sys.h"

#include <string.h>

#define MANUAL_DATE "November 21, 2026" /* of the words, so that the pages are the same wherever they are built */

enum { PAGE_MAX = 256 * 1024 };

/* A backslash begins an escape; a dot or an apostrophe at a line's start would be a request. */
static void add_text(struct buf *b, str s, bool literal)
{
	bool begins = true;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (begins && (c == '.' || c == '\''))
			buf_add(b, STR("\\&"));
		begins = c == '\n';
		if (c == '\\')
			buf_add(b, STR("\\e"));
		else if (!literal && c == ' ' && i > 1 && i + 1 < s.len && s.at[i - 1] == '.' && s.at[i + 1] >= 'A' &&
			 s.at[i + 1] <= 'Z')
			buf_add_char(b, '\n'); /* mdoc(7): a new sentence begins a new line */
		else
			buf_add_char(b, c);
	}
	if (s.len && s.at[s.len - 1] != '\n')
		buf_add_char(b, '\n');
}

static void literal(struct buf *b, str text)
{
	buf_add(b, STR(".Bd -literal -offset indent\n"));
	add_text(b, text, true);
	buf_add(b, STR(".Ed\n"));
}

/* As wrap_text(): empty lines part paragraphs, lines that begin with a blank stand as they are. */
static void paragraphs(struct buf *b, str text)
{
	bool first = true, kept = false;

	while (text.len) {
		str line;
		str_cut(text, '\n', &line, &text);
		bool keep = line.len && line.at[0] == ' ';
		if (keep && !kept)
			buf_add(b, STR(".Bd -literal -offset indent\n"));
		if (kept && !keep)
			buf_add(b, STR(".Ed\n"));
		if (!keep && line.len == 0 && !first && text.len && text.at[0] != ' ')
			buf_add(b, STR(".Pp\n"));
		add_text(b, line, keep);
		kept = keep;
		first = false;
	}
	if (kept)
		buf_add(b, STR(".Ed\n"));
}

static void options(struct buf *b, const struct cli_option *o)
{
	buf_add(b, STR(".Bl -tag -width Ds\n"));
	for (; o && o->name; o++) {
		buf_add_format(b, ".It Fl %s", o->name + 1);
		if (o->value)
			buf_add_format(b, " Ar %s", o->value);
		buf_add_char(b, '\n');
		add_text(b, str_of(o->help), false);
	}
	buf_add(b, STR(".El\n"));
}

static void add_page_name(struct buf *b, const char *command, bool upper)
{
	buf_add(b, upper ? STR("LETTERLOCK-") : STR("letterlock-"));
	for (; *command; command++)
		buf_add_char(b, *command == ' '                               ? '-'
				: upper && *command >= 'a' && *command <= 'z' ? (char)(*command - 'a' + 'A')
									      : *command);
}

static void head(struct buf *b, const struct cli_command *c)
{
	buf_add(b, STR(".Dd " MANUAL_DATE "\n.Dt "));
	add_page_name(b, c->name, true);
	buf_add(b, STR(" 1\n.Os\n.Sh NAME\n.Nm "));
	add_page_name(b, c->name, false);
	buf_add_format(b, "\n.Nd %s\n.Sh SYNOPSIS\n.Nm letterlock %s\n", c->summary, c->name);
	if (c->usage)
		add_text(b, str_of(c->usage), true);
}

static void command_page(struct buf *b, const struct cli_command *c)
{
	head(b, c);
	buf_add(b, STR(".Sh DESCRIPTION\n"));
	if (c->details)
		paragraphs(b, str_of(c->details));
	else
		buf_add_format(b, "It exists to %s.\n", c->summary);
	if (c->options && c->options->name) {
		buf_add(b, STR(".Pp\nIts options are:\n"));
		options(b, c->options);
	}
	buf_add(b, STR(".Pp\nThe options of every command are in\n.Xr letterlock 1 .\n"
		       ".Sh EXIT STATUS\nSee\n.Xr letterlock 1 .\n"));
	if (c->examples) {
		buf_add(b, STR(".Sh EXAMPLES\n"));
		literal(b, str_of(c->examples));
	}
	buf_add(b, STR(".Sh SEE ALSO\n.Xr letterlock 1 ,\n.Xr letterlock.yaml 5\n"));
}

static void command_list(struct buf *b)
{
	bool open = false;

	for (size_t i = 0; i < cli_table_count; i++) {
		const struct cli_command *c = cli_table[i].command;
		if (cli_table[i].group) {
			buf_add_format(b, "%s.Ss %s\n.Bl -tag -width Ds\n", open ? ".El\n" : "", cli_table[i].group);
			open = true;
			continue;
		}
		buf_add_format(b, ".It Cm %s\n", c->name);
		add_text(b, str_of(c->summary), false);
	}
	buf_add(b, open ? STR(".El\n") : STR(""));
}

/* The named causes are the rows of why.def. */
static void exit_statuses(struct buf *b)
{
	buf_add(b, STR(".Sh EXIT STATUS\n.Bl -tag -width Ds\n"
		       ".It 0\nDone; of a command that judges: judged.\n"
		       ".It 1\nFailed or refused.\n"
		       ".It 2\nThe command was not understood.\n"
		       ".It 3\nPartly done: some recipients failed.\n"));
	for (unsigned why = 0; why < WHY_COUNT; why++) {
		const struct verdict *v = err_verdict((err){ .why = (uint16_t)why });
		if (v->exit_status >= 10)
			buf_add_format(b, ".It %d\nA named cause: %s.\n", v->exit_status, v->words);
	}
	buf_add(b, STR(".It 130\nInterrupted a second time before the work was put away.\n.El\n"));
}

static void main_page(struct buf *b)
{
	buf_add(b, STR(".Dd " MANUAL_DATE "\n.Dt LETTERLOCK 1\n.Os\n.Sh NAME\n.Nm letterlock\n"
		       ".Nd mail documents that only their recipient can open\n"
		       ".Sh SYNOPSIS\n.Nm letterlock\n.Ar command\n.Op options\n"
		       ".Sh DESCRIPTION\n"
		       "Each document is checked, sealed and stored encrypted; its recipient is mailed a link that\n"
		       "expires.\nOpening takes a second proof besides the mailbox.\n.Pp\n"
		       "Results go to standard output, everything else to standard error.\n"));
	command_list(b);
	buf_add(b, STR(".Ss Options of every command\n"));
	options(b, cli_common_options);
	buf_add(b,
		STR(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
		    ".It Ev NO_COLOR\nIf set and not empty, no colours.\n"
		    ".It Ev CREDENTIALS_DIRECTORY\nWhere systemd puts credentials, see\n.Xr letterlock.yaml 5 .\n.El\n"
		    "No secret is ever taken from the environment or from an option.\n"
		    ".Sh FILES\n.Bl -tag -width Ds\n"
		    ".It Pa letterlock.yaml\nThe settings, in the working directory.\n"
		    ".It Pa /etc/letterlock/letterlock.yaml\nThe settings, if there are none in the working "
		    "directory.\n"
		    ".El\n"));
	exit_statuses(b);
	buf_add(b, STR(".Sh EXAMPLES\n"));
	literal(b, STR("$ letterlock init letters --domain example.com\n"
		       "$ cd letters\n"
		       "$ letterlock send customers.csv --documents policies\n"));
	buf_add(b, STR(".Sh SEE ALSO\n.Xr letterlock.yaml 5\n"));
}

static err put_page(struct arena *a, const char *dir, str name, const struct buf *page)
{
	const char *path;

	TRY(buf_check(page));
	TRY(path_join(a, dir, name, &path));
	return file_write_atomic(path, buf_str(page), 0644);
}

static err put_command(struct arena *a, const char *dir, const struct cli_command *c, struct buf *page)
{
	char room[128];
	struct buf name = BUF_ON(room);

	page->len = 0;
	command_page(page, c);
	add_page_name(&name, c->name, false);
	buf_add(&name, STR(".1"));
	return put_page(a, dir, buf_str(&name), page);
}

err manual_write(struct arena *a, const char *dir, struct fault *fault)
{
	struct buf page;

	if (!file_exists(dir)) {
		fault_set(fault, "there is no folder %s", dir);
		return NEVER(NOT_FOUND, "no folder for the manual");
	}
	TRY(buf_open(a, PAGE_MAX, &page));
	main_page(&page);
	TRY(put_page(a, dir, STR("letterlock.1"), &page));
	page.len = 0;
	TRY(config_write_manual(MANUAL_DATE, &page));
	TRY(put_page(a, dir, STR("letterlock.yaml.5"), &page));
	for (size_t i = 0; i < cli_table_count; i++)
		if (cli_table[i].command)
			TRY(put_command(a, dir, cli_table[i].command, &page));
	return OK;
}
