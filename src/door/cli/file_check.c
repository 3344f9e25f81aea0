#include "check/content.h"
#include "door/cli/inspector.h"
#include "sys/sys.h"

#include <jansson.h>

/* Plumbing has no configuration: its own patience, and clamd's own limit of size. */
#define PATIENCE (2 * MINUTE)

static err open_scanner(struct cli *cli, struct clamd **out)
{
	const struct clamd_options options = {
		.address = str_of(cli_value(cli, "--clamd")),
		.timeout = PATIENCE,
		.bytes_max = UINT64_MAX,
		.stop_fd = stop_fd(),
	};
	struct clamd_version version;

	if (!cli_value(cli, "--clamd"))
		return OK;
	TRY(clamd_open(cli->arena, &options, out, &cli->fault));
	return clamd_ready(*out, clock_now(&cli->clock), INT64_MAX, &version, &cli->fault);
}

static json_t *malware(const struct content *c)
{
	return !c->scanned ? json_null() : c->scan.infected ? json_string(c->scan.name) : json_false();
}

static json_t *digest(const struct content *c)
{
	char room[2 * SHA256_LEN];
	struct buf hex = BUF_ON(room);

	buf_add_hex(&hex, str_bytes(c->sha256, SHA256_LEN));
	return json_stringn(hex.at, hex.len);
}

/* A name may be any bytes; JSON is UTF-8. */
static json_t *text(const char *given)
{
	char room[4096];
	struct buf b = BUF_ON(room);

	if (str_utf8(str_of(given)))
		return json_string(given);
	buf_add_escaped(&b, str_of(given));
	return json_stringn(b.at, b.len);
}

static json_t *active(const struct content *c)
{
	json_t *words = json_array();

	for (unsigned i = 0; i < FILE_ACTIVES; i++)
		if (c->active & ACTIVE_BIT(i))
			json_array_append_new(words, json_string(file_active_word((enum file_active)i).at));
	return words;
}

static void print(struct cli *cli, const char *path, const struct content *c)
{
	bool allowed = !failed(c->verdict);
	str type = file_type_media(c->type);
	json_t *o = json_object();

	json_object_set_new(o, "file", text(path));
	json_object_set_new(o, "size", json_integer((json_int_t)c->size));
	json_object_set_new(o, "sha256", digest(c));
	json_object_set_new(o, "type", json_stringn(type.at, type.len));
	json_object_set_new(o, "allowed", json_boolean(allowed));
	json_object_set_new(o, "malware", malware(c));
	if (c->active)
		json_object_set_new(o, "active", active(c));
	json_object_set_new(o, "reason", allowed ? json_null() : json_string(c->problem.what));
	cli_out_json(cli, o);
}

static err judge_open(struct cli *cli, struct content_check *check, const char *path, int *fd, struct content *out)
{
	const char *name = cli_value(cli, "--name");
	OWNED(source_done) struct source document = { 0 };

	TRY(file_source(cli->arena, *fd, &document));
	*fd = -1;
	return check_content(check, cli->arena, str_of(name ? name : path), str_of(cli_value(cli, "--type")), &document,
			     out);
}

static err judge(struct cli *cli, struct content_check *check, const char *path, struct content *out)
{
	OWNED(fd_done) int fd = -1;
	err e = file_open(path, FILE_READ | FILE_REGULAR, 0, &fd);

	if (!failed(e))
		e = judge_open(cli, check, path, &fd, out);
	if (failed(e)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		fault_set(&cli->fault, "%s", e.note);
	}
	return e;
}

static err check_one(struct cli *cli, struct content_check *check, const char *path)
{
	SCRATCH(cli->arena);
	struct content found;

	TRY(judge(cli, check, path, &found));
	print(cli, path, &found);
	if (found.verdict.fate == FATE_LATER)
		cli->exit_status = 1;
	return OK;
}

/* The installation's rules if one is named, else those it would have without settings. */
static err read_rules(struct cli *cli, struct file_rules *out)
{
	const struct config *config;

	*out = file_rules_default();
	if (!cli->config_path)
		return OK;
	TRY(cli_config(cli, &config));
	return check_file_rules(config, out, &cli->fault);
}

static err run(struct cli *cli)
{
	OWNED(inspectors_done) struct inspectors *inspectors = NULL;
	OWNED(content_check_done) struct content_check *check = NULL;
	struct content_options options = { 0 };

	stop_watch();
	TRY(read_rules(cli, &options.rules));
	TRY(cli_inspectors(cli, &inspectors));
	TRY(open_scanner(cli, &options.clamd));
	options.inspectors = inspectors;
	TRY(content_check_open(&options, &check));
	for (int i = 0; i < cli->operand_count; i++)
		TRY(check_one(cli, check, cli->operands[i]));
	return OK;
}

static const struct cli_option options[] = {
	{ "--name", "N", "judge it as if it were called so" },
	{ "--type", "T", "the media type that it was declared to be" },
	{ "--clamd", "SOCKET", "scan it for malware: the path of clamd's socket, or 127.0.0.1:PORT" },
	{ 0 },
};

const struct cli_command command_file_check = {
	.name = "file check",
	.usage = "FILE… [--name N] [--type T] [--clamd SOCKET]",
	.summary = "may these files go out as documents?",
	.details = "Each is looked into as `send` does, with the settings of --config if that is given: name, declared "
		   "type and "
		   "content must agree on a type that may enter, and nothing in it may act by itself.\n\n"
		   "Prints a JSON object a line: file, size, sha256, type (by its content), allowed, malware (null: it "
		   "was not "
		   "scanned, false: clean, else the signature's name) and reason; and active, if something was "
		   "found in it that acts, hides or fetches (let in all the same if it is allowed: check.active, "
		   "check.tolerate). Without --clamd nothing is scanned for malware.\n\n"
		   "Exit status 0 means that all were judged; 1 that one could not be, which is then not allowed.",
	.examples = "# would send take it?\n"
		    "$ letterlock file check policy.pdf\n"
		    "# scanned too\n"
		    "$ letterlock file check --clamd /run/clamav/clamd.ctl letters/*.pdf",
	.options = options,
	.operands_min = 1,
	.operands_max = -1,
	.run = run,
};
