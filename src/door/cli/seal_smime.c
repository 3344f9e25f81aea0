#include "door/cli/certificates.h"
#include "seal/seal.h"
#include "seal/smime.h"
#include "sys/sys.h"
#include "wire/file_type.h"
#include "wire/mime.h"

/* Documents into one S/MIME entity. */

struct job {
	struct cli *cli;
	struct mail_certificate *to[CMS_RECIPIENTS_MAX];
	size_t count;
	struct cms_signer *signer;
	struct mail_authorities *authorities;
};

static void job_done(struct job *j)
{
	for (size_t i = 0; i < j->count; i++)
		mail_certificate_done(&j->to[i]);
	cms_signer_done(&j->signer);
	mail_authorities_done(&j->authorities);
}

/* ── Whom to, and by whom ────────────────────────────────────────────────────────────────────────── */

static err usage(struct cli *cli, const char *words)
{
	fault_set(&cli->fault, "%s", words);
	return NEVER(USAGE, "an option is missing");
}

/* Whoever names a file vouches for it, as with a password: --ca asks an authority too. */
static err take_recipients(struct job *j)
{
	const char *paths[CMS_RECIPIENTS_MAX];
	size_t given = cli_values(j->cli, "--to", paths, CMS_RECIPIENTS_MAX);
	const struct mail_rules rules = {
		.use = MAIL_ENCRYPT,
		.now = clock_now(&j->cli->clock),
		.address = str_of(cli_value(j->cli, "--address")),
		.authorities = j->authorities,
	};

	if (!given)
		return usage(j->cli, "--to CERT is needed: the certificate of who shall read it");
	for (; j->count < given; j->count++) {
		const char *path = paths[j->count];
		TRY(cli_certificate(j->cli, path, &j->to[j->count]));
		err e = mail_certificate_judge(j->to[j->count], &rules, &j->cli->fault);
		if (failed(e))
			mail_certificate_done(&j->to[j->count]);
		TRY(cli_about_file(j->cli, path, e));
	}
	return OK;
}

static err take_signer(struct job *j)
{
	const char *path = cli_value(j->cli, "--sign-cert");
	const struct mail_rules rules = { .use = MAIL_SIGN, .now = clock_now(&j->cli->clock) };

	if (!path && !cli_value(j->cli, "--sign-key"))
		return OK;
	if (!path || !cli_value(j->cli, "--sign-key"))
		return usage(j->cli, "--sign-cert and --sign-key go together");
	TRY(cli_signer(j->cli, path, "--sign-key", &j->signer));
	return cli_about_file(j->cli, path,
			      mail_certificate_judge(cms_signer_certificate(j->signer), &rules, &j->cli->fault));
}

/* ── The documents ───────────────────────────────────────────────────────────────────────────────── */

static err open_document(struct job *j, const char *path, struct mime_attachment *out)
{
	int fd;

	TRY(file_open(path, FILE_READ | FILE_REGULAR, 0, &fd));
	TRY(file_source(j->cli->arena, fd, &out->content));
	TRY(seal_name_clean(j->cli->arena, str_of(path), &out->name));
	out->type = file_type_media(file_type_of_name(out->name));
	return OK;
}

static void documents_done(struct mime_attachment **all)
{
	for (struct mime_attachment *one = *all; one; one = one->next)
		source_done(&one->content);
}

static err open_documents(struct job *j, struct mime_attachment **out)
{
	for (int i = 0; i < j->cli->operand_count; i++, out = &(*out)->next) {
		struct mime_attachment *one;
		TRY(NEW(j->cli->arena, one));
		*out = one;
		TRY(cli_about_file(j->cli, j->cli->operands[i], open_document(j, j->cli->operands[i], one)));
	}
	return OK;
}

static err write_entity(struct job *j, struct sink *below)
{
	OWNED(documents_done) struct mime_attachment *documents = NULL;
	OWNED(sink_done) struct sink sealed = { 0 };
	const struct smime_options o = {
		.to = (const struct mail_certificate *const *)j->to,
		.count = j->count,
		.cipher = cli_flag(j->cli, "--gcm") ? CMS_GCM : CMS_CBC,
		.signer = j->signer,
		.now = clock_now(&j->cli->clock),
	};
	struct mime m = { 0 };

	TRY(open_documents(j, &documents));
	m.attachments = documents;
	TRY(sink_put(below, STR("MIME-Version: 1.0\r\n")));
	TRY(seal_smime(j->cli->arena, &o, &j->cli->entropy, below, &sealed));
	TRY(mime_write_entity(&m, NULL, &j->cli->entropy, &sealed, &j->cli->fault));
	return sink_finish(&sealed);
}

static err write_file(struct job *j)
{
	OWNED(sink_done) struct sink file = { 0 };
	const char *out = cli_value(j->cli, "-o");
	err e = file_put(j->cli->arena, out, 0600, cli_flag(j->cli, "--force"), &file);

	if (e.why == WHY_EXISTS)
		fault_set(&j->cli->fault, "it exists already; --force replaces it");
	TRY(cli_about_file(j->cli, out, e));
	TRY(write_entity(j, &file));
	return sink_finish(&file);
}

static err run(struct cli *cli)
{
	OWNED(job_done) struct job job = { .cli = cli };
	const char *authorities = cli_value(cli, "--ca");

	if (!cli_value(cli, "-o"))
		return usage(cli, "-o OUT is needed: the file to write");
	if (authorities)
		TRY(cli_authorities(cli, authorities, &job.authorities));
	TRY(take_recipients(&job));
	TRY(take_signer(&job));
	return write_file(&job);
}

static const struct cli_option options[] = {
	{ "-o", "OUT", "the S/MIME file to write, readable by you alone" },
	{ "--to", "CERT", "the certificate of who shall read it, PEM or DER; more than once for several" },
	{ "--address", "ADDR", "refuse certificates that are not for this address" },
	{ "--ca", "F", "refuse certificates that no authority in this PEM file vouches for; `system`: the system's" },
	{ "--sign-cert", "F", "sign with this certificate; those above it may follow in the same PEM file" },
	{ "--sign-key", "F", "its private key, PEM without a passphrase; - for standard input" },
	{ "--gcm", NULL, "AES-256-GCM instead of AES-256-CBC: changes are noticed without a signature" },
	{ "--force", NULL, "replace OUT if it exists" },
	{ 0 },
};

const struct cli_command command_seal_smime = {
	.name = "seal smime",
	.usage = "-o OUT --to CERT… [--sign-cert F --sign-key F] [--gcm] FILE…",
	.summary = "seal files for the holder of a certificate, as S/MIME",
	.details =
		"Writes a MIME entity, application/pkcs7-mime, with the files inside as attachments: `openssl cms "
		"-decrypt` and gpgsm open it, and so do mail programs once it stands in a mail.\n\n"
		"A certificate is refused, with the reason, if its key is weak or of an odd kind, if it is signed with "
		"SHA-1 or MD5, expired, not for mail or not for encrypting. Who names its file vouches for it; with "
		"--ca "
		"an authority has to.\n\n"
		"AES-256-CBC, which every reader opens, does not notice by itself that somebody changed it on the way; "
		"a signature inside does, if the reader looks at it. With --gcm every change is noticed, but gpgsm "
		"2.2, "
		"and older mail programs do not open it. Whoever sees the file sees for "
		"whom it is, by the certificate's issuer and number.\n\n"
		"OUT appears only when it is complete. Files are read as streams, so their size does not matter.",
	.examples =
		"# For one reader\n"
		"$ letterlock seal smime -o policy.p7m --to maria.pem policy.pdf\n"
		"# Signed, and only if the company's authority knows her\n"
		"$ letterlock seal smime -o policy.p7m --to maria.pem --address maria@example.com --ca company.pem \\\n"
		"      --sign-cert we.pem --sign-key we.key policy.pdf\n"
		"# Opened again\n"
		"$ openssl cms -decrypt -in policy.p7m -recip maria.pem -inkey maria.key",
	.options = options,
	.operands_min = 1,
	.operands_max = MIME_ATTACHMENT_MAX,
	.run = run,
};
