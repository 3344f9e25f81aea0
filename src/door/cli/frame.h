/* The frame's own: what cli.c, options.c, help.c, output.c and input.c share and no command sees. */
#ifndef LETTERLOCK_DOOR_CLI_FRAME_H
#define LETTERLOCK_DOOR_CLI_FRAME_H

#include "door/cli/cli.h"

enum { OUT_WINDOW = 64 * 1024, VALUES_MAX = 4096, SECRET_MAX = 64 * 1024 };

struct cli_pair {
	const char *name, *value; /* name as in the option's row; value null for a flag */
};

struct cli_given {
	const struct cli_command *command; /* null while only the common options are known */
	struct cli_pair *pairs;
	size_t pair_count;
	const char **operands;
	struct buf out; /* standard output waiting to be written */
	err out_failed;
	moment standing; /* --now */
	struct clock real;
	const struct config *config;
	struct source input;
	bool input_open;
};

/* A group's title or a command. */
struct cli_entry {
	const char *group;
	const struct cli_command *command;
};
extern const struct cli_entry cli_table[];
extern const size_t cli_table_count;
extern const struct cli_option cli_common_options[];

/* The command whose words begin `words`, the longest match; *taken is how many words it has. */
const struct cli_command *table_match(const char *const *words, size_t count, size_t *taken);
const struct cli_command *table_find(const char *name); /* "address check" */
bool table_is_family(const char *word);                 /* the first word of a command with two */
str table_nearest(str word);                            /* the nearest command or first word; may be empty */

/* Reads options from argv[*at] on; stops at an operand if `stop` is set, else gathers operands too. */
err options_read(struct cli *cli, int argc, char **argv, int *at, bool stop);
err options_apply(struct cli *cli); /* what the common options mean */

void output_open(struct cli *cli, struct buf window);
void output_flush(struct cli *cli);
err output_close(struct cli *cli); /* with a fault if what was said did not arrive */
void output_error(struct cli *cli, err e);

void help_all(struct cli *cli);
void help_family(const char *word, struct buf *to); /* the commands that begin with it */
void help_command(struct cli *cli, const struct cli_command *c);
err help_unknown(struct cli *cli, const char *const *words, size_t count); /* always fails */

err manual_write(struct arena *a, const char *dir, struct fault *fault); /* all manual pages, as files */

/* Paragraphs wrapped at `columns`; every line begins with `indent` blanks, the first of all with `first`. Lines that
 * begin with a blank are kept as they are. */
void wrap_text(struct buf *b, str text, size_t first, size_t indent, size_t columns);

#endif
