/* The command line: a door like the others. One file a command, one row a command in commands.def; this
 * header is what a command is written against. The frame (cli.c) reads options, finds the configuration,
 * prints help and errors, and turns an err into the exit status; a command says what it means and returns.
 *
 * Results go to standard output through cli_out(); everything else to standard error through cli_say().
 * With --json an error is one JSON object on standard error: {"error":{"why","message","where","line",…}}. */
#ifndef LETTERLOCK_DOOR_CLI_H
#define LETTERLOCK_DOOR_CLI_H

#include "base/base.h"

struct config;

struct cli_option {
	const char *name;  /* "--from" */
	const char *value; /* "ADDR" in the help; null for a flag */
	const char *help;
};

struct cli {
	struct arena *arena;         /* lives as long as the command */
	const char *const *operands; /* what is left after the options; "--" ends options */
	int operand_count;
	bool json, quiet, dry_run, no_input;
	bool colour;             /* standard output is a terminal and NO_COLOR is not set */
	const char *config_path; /* --config, or null */
	struct clock clock;      /* --now stands in it */
	struct entropy entropy;
	struct fault fault;      /* filled by whoever knows; printed by the frame when run() fails */
	int exit_status;         /* a command that is partly done sets 3 and returns OK */
	struct cli_given *given; /* the frame's own */
};

struct cli_command {
	const char *name;                 /* "send", "address check" */
	const char *usage;                /* "LIST.csv [options]" */
	const char *summary;              /* one line, lower case, no full stop */
	const char *details;              /* paragraphs for --help and the manual; may be null */
	const char *examples;             /* "$ letterlock …" lines, each with what it does above it as "# …" */
	const struct cli_option *options; /* ended by a row without name; common options are added by the frame */
	int operands_min, operands_max;   /* -1: any number */
	err (*run)(struct cli *cli);
};

const char *cli_value(const struct cli *cli, const char *name); /* null if not given; the last one counts */
bool cli_flag(const struct cli *cli, const char *name);
/* All of a repeated option. */
size_t cli_values(const struct cli *cli, const char *name, const char **out, size_t max);
/* A limit, lowered by --limit NAME=VALUE. */
uint64_t cli_limit(const struct cli *cli, const char *name, uint64_t limit);

void cli_out(struct cli *cli, str text); /* buffered standard output */
void cli_out_format(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line on standard error; nothing with --quiet. */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Also with --quiet; escaped. */
void cli_warn(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All of standard input; NEVER LIMIT beyond max. */
err cli_stdin(struct cli *cli, struct arena *a, size_t max, str *out);
struct source cli_stdin_source(struct cli *cli);
/* The content of a file named by --password-file and the like, "-" for standard input, without one final newline. */
err cli_secret(struct cli *cli, struct arena *secret, const char *option, str *out);
/* An option that is a span of time; *out stays as it is if the option was not given. NEVER USAGE out of bounds. */
err cli_span(struct cli *cli, const char *option, span least, span most, span *out);
err cli_config(struct cli *cli, const struct config **out); /* read once; NEVER CONFIG with fault */

/* JSON output is composed with jansson and printed on one line; the reference is stolen. */
struct json_t;
void cli_out_json(struct cli *cli, struct json_t *object);

int cli_main(int argc, char **argv);

#endif
