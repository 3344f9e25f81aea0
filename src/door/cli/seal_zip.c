#include "check/check.h"
#include "door/cli/cli.h"

#include "seal/seal.h"
#include "sys/sys.h"

/* Documents into one zip, read one after another through one window. */

enum { SECRETS_MAX = 16 << 20 };

struct job {
	struct cli *cli;
	struct zip *zip;
	const char *path; /* of the document at work */
};

static err complain(struct job *j, err e)
{
	if (failed(e) && fault_empty(&j->cli->fault)) {
		fault_where(&j->cli->fault, str_of(j->path), 0, 0);
		fault_set(&j->cli->fault, "%s", e.note);
	}
	return e;
}

static err copy(struct source *from, struct sink *to)
{
	char window[STREAM_WINDOW];
	size_t got;

	do {
		if (stop_wanted())
			return NEVER(CANCELLED, "stopped by a signal; nothing was left behind");
		TRY(source_read(from, window, sizeof window, &got));
		TRY(sink_write(to, window, got));
	} while (got);
	return OK;
}

static err add_open(struct job *j, int fd)
{
	OWNED(sink_done) struct sink entry = { 0 };
	OWNED(source_done) struct source document = { 0 };
	moment modified;
	uint64_t size;

	TRY(file_modified(fd, &modified));
	TRY(file_size(fd, &size));
	TRY(file_source(j->cli->arena, fd, &document));
	TRY(seal_zip_entry(j->zip, str_of(j->path), modified, size, &entry));
	TRY(copy(&document, &entry));
	return sink_finish(&entry);
}

static err add(struct job *j)
{
	int fd;

	TRY(file_open(j->path, FILE_READ | FILE_REGULAR, 0, &fd));
	return add_open(j, fd);
}

static err total_size(struct job *j, uint64_t *out)
{
	struct path_facts facts;

	*out = 0;
	for (int i = 0; i < j->cli->operand_count; i++) {
		j->path = j->cli->operands[i];
		TRY(complain(j, path_look(j->path, &facts)));
		*out += facts.size;
	}
	return OK;
}

static err write_zip(struct job *j, const struct zip_options *options, struct sink *below)
{
	OWNED(seal_zip_done) struct zip *zip = NULL;

	TRY(seal_zip_begin(j->cli->arena, options, below, &zip));
	j->zip = zip;
	for (int i = 0; i < j->cli->operand_count; i++) {
		j->path = j->cli->operands[i];
		TRY(complain(j, add(j)));
	}
	return seal_zip_finish(zip);
}

static err write_file(struct job *j, const struct zip_options *options)
{
	OWNED(sink_done) struct sink file = { 0 };
	const char *out = cli_value(j->cli, "-o");

	err e = file_put(j->cli->arena, out, 0600, cli_flag(j->cli, "--force"), &file);
	if (failed(e)) {
		fault_where(&j->cli->fault, str_of(out), 0, 0);
		fault_set(&j->cli->fault, e.why == WHY_EXISTS ? "it exists already; --force replaces it" : "%s",
			  e.note);
		return e;
	}
	TRY(write_zip(j, options, &file));
	return sink_finish(&file);
}

/* Plumbing seals as it is told: whoever gave the password may have reasons that we cannot see, and there is no
 * configuration to write them into. Where Letterlock itself decides who gets what (send), the floor refuses. */
static err warn_if_weak(struct cli *cli, struct arena *secret, str password)
{
	struct password_verdict verdict;

	TRY(check_password(secret, SEAL_ZIP, password, NULL, false, &verdict));
	if (!verdict.accepted)
		cli_warn(
			cli,
			"weak password: about %.0f bits, and an archive can be tried for ever; `letterlock send` would "
			"refuse it. `letterlock password new` makes a strong one",
			verdict.bits);
	return OK;
}

/* Every entry has a salt of its own, so every entry needs a key of its own. */
static err derive_keys(struct job *j, struct arena *secret, struct zip_options *options)
{
	struct zip_key *keys;
	str password, *passwords;
	size_t count = seal_zip_keys_needed(options->hide_names, (size_t)j->cli->operand_count);

	TRY(cli_secret(j->cli, secret, "--password-file", &password));
	TRY(seal_zip_password(password));
	TRY(warn_if_weak(j->cli, secret, password));
	TRY(NEW_ARRAY(secret, count, passwords));
	TRY(NEW_ARRAY(secret, count, keys));
	for (size_t i = 0; i < count; i++)
		passwords[i] = password;
	TRY(seal_zip_keys(&j->cli->entropy, passwords, count, keys));
	options->keys = keys;
	options->key_count = count;
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(arena_done) struct arena *secret = NULL;
	OWNED(zip_workspace_done) struct zip_workspace *workspace = NULL;
	struct zip_options options = { .hide_names = cli_flag(cli, "--hide-names"), .made_at = clock_now(&cli->clock) };
	struct job job = { .cli = cli };

	if (!cli_value(cli, "-o")) {
		fault_set(&cli->fault, "-o OUT is needed: the zip to write");
		return NEVER(USAGE, "no output was named");
	}
	stop_watch();
	TRY(arena_open_secret(SECRETS_MAX, &secret));
	TRY(zip_workspace_open(&workspace));
	options.workspace = workspace;
	TRY(total_size(&job, &options.total_size));
	TRY(derive_keys(&job, secret, &options));
	return write_file(&job, &options);
}

static const struct cli_option options[] = {
	{ "-o", "OUT", "the zip to write, readable by you alone" },
	{ "--password-file", "F", "file with the password, at most 64 bytes; - for standard input" },
	{ "--hide-names", NULL, "put the documents into an inner archive, so that names and sizes are hidden too" },
	{ "--force", NULL, "replace OUT if it exists" },
	{ 0 },
};

const struct cli_command command_seal_zip = {
	.name = "seal zip",
	.usage = "-o OUT --password-file F [--hide-names] FILE…",
	.summary = "seal files in an AES-256 zip",
	.details =
		"Writes a zip in WinZip's AE-2 form, which 7-Zip, WinZip, Keka, The Unarchiver and others open. Each "
		"file is encrypted with a key of its own and authenticated: a wrong password and every change of "
		"its content are noticed. Names, sizes and dates stand outside of that: without --hide-names anyone "
		"can list them, and a change of a name or a date is not noticed.\n\n"
		"OUT appears only when it is complete. Files are read as streams, so their size does not matter.",
	.examples = "# One document, the password typed or piped in\n"
		    "$ letterlock seal zip -o policy.zip --password-file - policy.pdf\n"
		    "# Several, names hidden\n"
		    "$ letterlock seal zip --hide-names -o claim.zip --password-file secret.txt claim.pdf photo.jpg",
	.options = options,
	.operands_min = 1,
	.operands_max = -1,
	.run = run,
};
