#include "check/check.h"
#include "door/cli/inspector.h"

#include "config/config.h"
#include "seal/pdf.h"
#include "sys/sys.h"

/* One PDF encrypted, by the inspector. */

enum { SECRETS_MAX = 1 << 20 };

static err complain(struct cli *cli, const char *path, err e)
{
	if (failed(e) && !cli->fault.where[0])
		fault_where(&cli->fault, str_of(path), 0, 0);
	if (failed(e) && fault_empty(&cli->fault))
		fault_set(&cli->fault, "%s", e.note);
	return e;
}

/* As with `seal zip`: whoever gave the password may have reasons that we cannot see. */
static err warn_if_weak(struct cli *cli, struct arena *secret, str password)
{
	struct password_verdict verdict;

	TRY(check_password(secret, SEAL_PDF, password, NULL, false, &verdict));
	if (!verdict.accepted)
		cli_warn(
			cli,
			"weak password: about %.0f bits, and an encrypted PDF can be tried for ever; `letterlock send` "
			"would refuse it. `letterlock password new` makes a strong one",
			verdict.bits);
	return OK;
}

static err read_password(struct cli *cli, struct arena *secret, str *out)
{
	str given;

	TRY(cli_secret(cli, secret, "--password-file", &given));
	err e = seal_pdf_password(secret, given, out);
	if (failed(e)) {
		fault_set(&cli->fault, "%s", e.note);
		return e;
	}
	return warn_if_weak(cli, secret, *out);
}

static err read_options(struct cli *cli, struct arena *secret, struct pdf_options *o)
{
	const struct config *config = NULL;
	str words = STR("none");

	o->bytes_max = SEAL_PDF_BYTES_MAX;
	if (cli->config_path) {
		TRY(cli_config(cli, &config));
		o->bytes_max = config->limits.pdf_bytes;
		words = config->seal.pdf_pass;
	}
	if (cli_value(cli, "--pass"))
		words = str_of(cli_value(cli, "--pass"));
	o->bytes_max = cli_limit(cli, "pdf_bytes", o->bytes_max);
	TRY(seal_pdf_pass(words, &o->pass, &cli->fault));
	return read_password(cli, secret, &o->password);
}

static err seal_open_file(struct cli *cli, const struct pdf_options *o, struct inspectors *pool, struct sink *to)
{
	OWNED(source_done) struct source document = { 0 };
	int fd;

	TRY(file_open(cli->operands[0], FILE_READ | FILE_REGULAR, 0, &fd));
	err e = file_source(cli->arena, fd, &document);
	if (failed(e)) {
		fd_done(&fd);
		return e;
	}
	TRY(seal_pdf(pool, cli->arena, &cli->entropy, o, &document, to, &cli->fault));
	return stop_wanted() ? NEVER(CANCELLED, "stopped by a signal; nothing was left behind") : OK;
}

static err write_file(struct cli *cli, const struct pdf_options *o, struct inspectors *pool)
{
	OWNED(sink_done) struct sink file = { 0 };
	const char *out = cli_value(cli, "-o");

	err e = file_put(cli->arena, out, 0600, cli_flag(cli, "--force"), &file);
	if (e.why == WHY_EXISTS)
		fault_set(&cli->fault, "it exists already; --force replaces it");
	TRY(complain(cli, out, e));
	TRY(complain(cli, cli->operands[0], seal_open_file(cli, o, pool, &file)));
	return complain(cli, out, sink_finish(&file));
}

static err run(struct cli *cli)
{
	OWNED(arena_done) struct arena *secret = NULL;
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	struct pdf_options o = { 0 };

	if (!cli_value(cli, "-o")) {
		fault_set(&cli->fault, "-o OUT is needed: the PDF to write");
		return NEVER(USAGE, "no output was named");
	}
	TRY(arena_open_secret(SECRETS_MAX, &secret));
	TRY(read_options(cli, secret, &o));
	TRY(cli_inspectors(cli, &pool));
	stop_watch();
	return write_file(cli, &o, pool);
}

static const struct cli_option options[] = {
	{ "-o", "OUT", "the PDF to write, readable by you alone" },
	{ "--password-file", "F", "file with the password, at most 32 bytes; - for standard input" },
	{ "--pass", "WORDS", "what it may hold: signed xfa action script launch, joined by commas; or none" },
	{ "--force", NULL, "replace OUT if it exists" },
	{ 0 },
};

const struct cli_command command_seal_pdf = {
	.name = "seal pdf",
	.usage = "-o OUT --password-file F [--pass WORDS] FILE",
	.summary = "encrypt a PDF with AES-256",
	.details =
		"Writes the same PDF encrypted as PDF 2.0 has it (revision 6, AES-256), metadata included, with an "
		"owner password that nobody knows. Acrobat, Preview, Chrome, Firefox, Edge and others open it after "
		"asking for the password. It is read in a sandbox, and what was written is tried before OUT "
		"appears.\n\n"
		"Refused, with the reason: what is damaged, encrypted already, signed (the signature would break), and "
		"what acts by itself or runs scripts; --pass lets the named through, all but encrypted ones. The "
		"setting "
		"seal.pdf_pass does the same for `send`.\n\n"
		"PDF encryption keeps a secret and does not prove that the file was not changed: compare its SHA-256 "
		"for "
		"that. --limit pdf_bytes=N lowers the 256 MiB that a PDF may have.",
	.examples = "# The password typed or piped in\n"
		    "$ letterlock seal pdf -o policy-sealed.pdf --password-file - policy.pdf\n"
		    "# A signed one, whose signature will no longer hold\n"
		    "$ letterlock seal pdf --pass signed -o sealed.pdf --password-file secret.txt contract.pdf",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
