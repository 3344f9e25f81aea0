#include "door/cli/certificates.h"
#include "door/cli/inspector.h"
#include "seal/pgp.h"
#include "seal/seal.h"
#include "sys/sys.h"
#include "wire/file_type.h"
#include "wire/mime.h"

/* One file into an OpenPGP message; several into one PGP/MIME entity. */

enum { KEY_MAX = 64 * 1024, TOGETHER_MAX = 64 * 1024 * 1024 };

struct job {
	struct cli *cli;
	struct inspectors *pool;
	str keys[SEAL_PGP_KEYS_MAX];
	struct seal_pgp how;
};

static err usage(struct cli *cli, const char *words)
{
	fault_set(&cli->fault, "%s", words);
	return NEVER(USAGE, "an option is missing");
}

static err take_keys(struct job *j)
{
	const char *paths[SEAL_PGP_KEYS_MAX + 1];
	size_t given = cli_values(j->cli, "--to", paths, SEAL_PGP_KEYS_MAX + 1);

	if (!given)
		return usage(j->cli, "--to KEY is needed: the file with the public key of who shall read it");
	if (given > SEAL_PGP_KEYS_MAX)
		return usage(j->cli, "--to can be given 16 times");
	for (size_t i = 0; i < given; i++)
		TRY(cli_about_file(j->cli, paths[i], file_read_all(j->cli->arena, paths[i], KEY_MAX, &j->keys[i])));
	j->how = (struct seal_pgp){ .keys = j->keys, .count = given, .now = clock_now(&j->cli->clock) };
	return OK;
}

/* ── One file ────────────────────────────────────────────────────────────────────────────────────── */

static err open_file(struct cli *cli, const char *path, struct source *out)
{
	int fd;

	TRY(file_open(path, FILE_READ | FILE_REGULAR, 0, &fd));
	return file_source(cli->arena, fd, out);
}

static err write_message(struct job *j, struct sink *to)
{
	OWNED(source_done) struct source from = { 0 };
	const char *path = j->cli->operands[0];

	j->how.armor = cli_flag(j->cli, "--armor");
	TRY(seal_name_clean(j->cli->arena, str_of(path), &j->how.name));
	TRY(cli_about_file(j->cli, path, open_file(j->cli, path, &from)));
	return seal_pgp(j->pool, j->cli->arena, &j->how, &from, to, &j->cli->fault);
}

/* ── Several ─────────────────────────────────────────────────────────────────────────────────────── */

static void parts_done(struct mime_attachment **all)
{
	for (struct mime_attachment *one = *all; one; one = one->next)
		source_done(&one->content);
}

static err open_parts(struct job *j, struct mime_attachment **out)
{
	for (int i = 0; i < j->cli->operand_count; i++, out = &(*out)->next) {
		const char *path = j->cli->operands[i];
		struct mime_attachment *one;
		TRY(NEW(j->cli->arena, one));
		*out = one;
		TRY(cli_about_file(j->cli, path, open_file(j->cli, path, &one->content)));
		TRY(seal_name_clean(j->cli->arena, str_of(path), &one->name));
		one->type = file_type_media(file_type_of_name(one->name));
	}
	return OK;
}

static err write_inside(struct job *j, struct buf *inside)
{
	OWNED(parts_done) struct mime_attachment *parts = NULL;
	struct sink to = sink_to_buf(inside);
	struct mime m = { 0 };

	TRY(open_parts(j, &parts));
	m.attachments = parts;
	err e = mime_write_entity(&m, NULL, &j->cli->entropy, &to, &j->cli->fault);
	if (inside->overflow)
		fault_set(&j->cli->fault,
			  "several files become one PGP/MIME entity, of at most %d MiB: seal large ones one by one",
			  TOGETHER_MAX / 1024 / 1024);
	return e;
}

static err write_entity(struct job *j, struct sink *to)
{
	struct buf inside;
	str entity;

	TRY(buf_open(j->cli->arena, TOGETHER_MAX, &inside));
	TRY(write_inside(j, &inside));
	TRY(seal_pgp_mail(j->pool, j->cli->arena, &j->cli->entropy, &j->how, buf_str(&inside),
			  inside.len / 100 * 140 + KEY_MAX, &entity, &j->cli->fault));
	TRY(sink_put(to, STR("MIME-Version: 1.0\r\n")));
	return sink_put(to, entity);
}

/* ── */

static err write_file(struct job *j)
{
	OWNED(sink_done) struct sink file = { 0 };
	const char *out = cli_value(j->cli, "-o");
	err e = file_put(j->cli->arena, out, 0600, cli_flag(j->cli, "--force"), &file);

	if (e.why == WHY_EXISTS)
		fault_set(&j->cli->fault, "it exists already; --force replaces it");
	TRY(cli_about_file(j->cli, out, e));
	TRY(j->cli->operand_count == 1 ? write_message(j, &file) : write_entity(j, &file));
	return sink_finish(&file);
}

static err run(struct cli *cli)
{
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	struct job job = { .cli = cli };

	if (!cli_value(cli, "-o"))
		return usage(cli, "-o OUT is needed: the file to write");
	TRY(take_keys(&job));
	TRY(cli_inspectors(cli, &pool));
	job.pool = pool;
	return write_file(&job);
}

static const struct cli_option options[] = {
	{ "-o", "OUT", "the file to write, readable by you alone" },
	{ "--to", "KEY",
	  "the OpenPGP public key of who shall read it, armoured or binary; more than once for several" },
	{ "--armor", NULL, "as text; several files always are" },
	{ "--force", NULL, "replace OUT if it exists" },
	{ 0 },
};

const struct cli_command command_seal_pgp = {
	.name = "seal pgp",
	.usage = "-o OUT --to KEY… [--armor] FILE…",
	.summary = "seal files for the holder of an OpenPGP key",
	.details =
		"One file becomes an OpenPGP message, which `gpg --decrypt` and `rnp --decrypt` open; several become "
		"one "
		"PGP/MIME entity (RFC 3156) with the files inside as attachments, which mail programs open once it "
		"stands "
		"in a mail. AES-256 with integrity protection: every change is noticed. Nothing is compressed, and "
		"nothing is signed.\n\n"
		"A key is refused, with the reason, if it is revoked, expired, only signs, is too weak (RSA below 2048 "
		"bits, DSA, ElGamal), or if its owner's signatures are made with SHA-1 or older. Who names its file "
		"vouches for it. Whoever sees the sealed file sees the numbers of the keys that open it.\n\n"
		"OUT appears only when it is complete. One file is read as a stream, so its size does not matter; "
		"several "
		"may have 64 MiB together.",
	.examples = "# For one reader\n"
		    "$ letterlock seal pgp -o policy.pdf.pgp --to ada.asc policy.pdf\n"
		    "# For two, as text\n"
		    "$ letterlock seal pgp -o policy.asc --armor --to ada.asc --to bob.asc policy.pdf\n"
		    "# Opened again\n"
		    "$ gpg --output policy.pdf --decrypt policy.pdf.pgp",
	.options = options,
	.operands_min = 1,
	.operands_max = MIME_ATTACHMENT_MAX,
	.run = run,
};
