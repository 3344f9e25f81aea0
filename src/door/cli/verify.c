#include "door/cli/certificates.h"
#include "sys/sys.h"

#include <jansson.h>

/* For recipients: is this the document that was sent, and by whom? */

enum { GROUP = 8 /* hexadecimal digits, as page and mail show a digest */ };

struct found {
	const char *path, *signature_path; /* the latter null: none */
	uint64_t size;
	uint8_t sha256[SHA256_LEN];
	bool digest_given, digest_same;
	struct cms_verified signature;
};

/* ── Reading once, for both ──────────────────────────────────────────────────────────────────────── */

struct reading {
	struct source *from;
	struct hash *hash;
	uint64_t size;
};

static err reading_read(void *state, void *to, size_t max, size_t *got)
{
	struct reading *r = state;

	TRY(source_read(r->from, to, max, got));
	r->size += *got;
	return hash_add(r->hash, str_bytes(to, *got));
}

static err read_signature(struct cli *cli, struct found *f, struct source *content)
{
	OWNED(mail_authorities_done) struct mail_authorities *authorities = NULL;
	const char *trusted = cli_value(cli, "--certificate");
	struct mail_rules rules = {
		.use = MAIL_SIGN,
		.now = clock_now(&cli->clock),
		.address = str_of(cli_value(cli, "--address")),
	};
	str signature;

	if (!f->signature_path)
		return OK;
	TRY(cli_authorities(cli, trusted ? trusted : "system", &authorities));
	rules.authorities = authorities;
	TRY(cli_about_file(cli, f->signature_path,
			   file_read_all(cli->arena, f->signature_path, CMS_SIGNATURE_MAX, &signature)));
	return cli_about_file(cli, f->signature_path,
			      cms_verify(cli->arena, signature, content, &rules, &f->signature, &cli->fault));
}

static err read_document(struct cli *cli, struct found *f, struct source *document)
{
	static const struct source_ops ops = { .read = reading_read };
	OWNED(hash_done) struct hash *hash = NULL;
	struct reading state = { .from = document };
	struct source content = { &ops, &state };
	uint64_t left = 0;
	struct sink nowhere = sink_to_count(&left);

	TRY(hash_open(&hash));
	state.hash = hash;
	TRY(read_signature(cli, f, &content));
	TRY(pump(&content, &nowhere));
	f->size = state.size;
	return hash_finish(hash, f->sha256);
}

static err read_file(struct cli *cli, struct found *f)
{
	OWNED(source_done) struct source document = { 0 };
	int fd;

	TRY(cli_about_file(cli, f->path, file_open(f->path, FILE_READ | FILE_REGULAR, 0, &fd)));
	TRY(file_source(cli->arena, fd, &document));
	err e = read_document(cli, f, &document);
	return cli_about_file(cli, f->path, e);
}

/* ── What was given to compare with ──────────────────────────────────────────────────────────────── */

/* As it was copied from a page or a mail: in groups, in any case. */
static err compare_digest(struct cli *cli, struct found *f)
{
	const char *given = cli_value(cli, "--sha256");
	char room[2 * SHA256_LEN], bytes[SHA256_LEN];
	struct buf digits = BUF_ON(room), digest = BUF_ON(bytes);

	for (str s = str_of(given); s.len; s = str_from(s, 1))
		if (s.at[0] != ' ' && s.at[0] != ':' && s.at[0] != '\n')
			buf_add_char(&digits, s.at[0]);
	f->digest_given = given != NULL;
	if (!given)
		return OK;
	if (digits.overflow || failed(hex_decode(buf_str(&digits), &digest)) || digest.len != SHA256_LEN) {
		fault_set(&cli->fault, "--sha256 takes 64 hexadecimal digits; blanks between them do not matter");
		return NEVER(USAGE, "not a SHA-256");
	}
	f->digest_same = crypt_same(buf_str(&digest), str_bytes(f->sha256, SHA256_LEN));
	return OK;
}

/* Beside the document, unless another was named or only a digest is to be compared. */
static err choose_signature(struct cli *cli, struct found *f)
{
	const char *beside;
	str text;

	f->signature_path = cli_value(cli, "--signature");
	TRY(str_format(cli->arena, &text, "%s.p7s", f->path));
	TRY(str_c(cli->arena, text, &beside));
	if (!f->signature_path && file_exists(beside))
		f->signature_path = beside;
	if (f->signature_path || (!cli_value(cli, "--certificate") && !cli_value(cli, "--address")))
		return OK;
	fault_set(&cli->fault, "--certificate and --address are about a signature: name it with --signature, or put it "
			       "beside the file as FILE.p7s");
	return NEVER(USAGE, "there is no signature");
}

/* ── The verdict ─────────────────────────────────────────────────────────────────────────────────── */

static bool believed(const struct found *f)
{
	return f->signature.intact && !failed(f->signature.trusted);
}

static const char *reason(const struct found *f)
{
	if (f->digest_given && !f->digest_same)
		return "the SHA-256 is another: this is not the document that it was told of";
	if (f->signature_path && !f->signature.intact)
		return "the signature is not of this document: one of them was changed";
	if (f->signature_path && failed(f->signature.trusted))
		return f->signature.doubt.what;
	if (!f->digest_given && !f->signature_path)
		return "there was nothing to compare it with: give --sha256 or --signature";
	return NULL;
}

static json_t *text_json(str s)
{
	return json_stringn(s.at ? s.at : "", s.len);
}

static json_t *moment_json(moment at)
{
	char room[64];
	struct buf b = BUF_ON(room);

	buf_add_moment(&b, at);
	return at ? json_stringn(b.at, b.len) : json_null();
}

static json_t *signature_json(const struct found *f)
{
	const struct cms_verified *v = &f->signature;
	char room[3 * SHA256_LEN];
	struct buf fingerprint = BUF_ON(room);
	json_t *addresses = json_array(), *o = json_object();

	for (size_t i = 0; i < v->signer.address_count; i++)
		json_array_append_new(addresses, text_json(v->signer.addresses[i]));
	buf_add_fingerprint(&fingerprint, v->signer.sha256);
	json_object_set_new(o, "intact", json_boolean(v->intact));
	json_object_set_new(o, "trusted", json_boolean(v->intact && !failed(v->trusted)));
	json_object_set_new(o, "signer", text_json(v->signer.subject));
	json_object_set_new(o, "issuer", text_json(v->signer.issuer));
	json_object_set_new(o, "addresses", addresses);
	json_object_set_new(o, "fingerprint", text_json(buf_str(&fingerprint)));
	json_object_set_new(o, "signed_at", moment_json(v->signed_at));
	return o;
}

static void print_json(struct cli *cli, const struct found *f)
{
	char room[2 * SHA256_LEN];
	struct buf hex = BUF_ON(room);
	json_t *o = json_object();

	buf_add_hex(&hex, str_bytes(f->sha256, SHA256_LEN));
	json_object_set_new(o, "file", str_utf8(str_of(f->path)) ? json_string(f->path) : json_null());
	json_object_set_new(o, "size", json_integer((json_int_t)f->size));
	json_object_set_new(o, "sha256", text_json(buf_str(&hex)));
	json_object_set_new(o, "verified", json_boolean(!reason(f)));
	json_object_set_new(o, "sha256_matches", f->digest_given ? json_boolean(f->digest_same) : json_null());
	json_object_set_new(o, "signature", f->signature_path ? signature_json(f) : json_null());
	json_object_set_new(o, "reason", reason(f) ? json_string(reason(f)) : json_null());
	cli_out_json(cli, o);
}

/* Who signed is told only of a signature that holds: else it is a name that anybody can write. */
static void print_signer(struct cli *cli, const struct cms_verified *v)
{
	char room[64];
	struct buf at = BUF_ON(room);

	cli_out_format(cli, "signed by  %.*s\n", STR_ARG(v->signer.subject));
	for (size_t i = 0; i < v->signer.address_count; i++)
		cli_out_format(cli, "           %.*s\n", STR_ARG(v->signer.addresses[i]));
	cli_out_format(cli, "issued by  %.*s\n", STR_ARG(v->signer.issuer));
	buf_add_moment(&at, v->signed_at);
	if (v->signed_at)
		cli_out_format(cli, "signed at  %.*s, as the signer says\n", STR_ARG(buf_str(&at)));
}

static void print_words(struct cli *cli, const struct found *f)
{
	const char *why = reason(f);
	char room[512];
	struct buf name = BUF_ON(room);

	buf_add_escaped(&name, str_upto(str_of(f->path), sizeof room / 4));
	cli_out_format(cli, "%.*s: %s%s\n", STR_ARG(buf_str(&name)), why ? "NOT verified: " : "verified",
		       why ? why : "");
	cli_out(cli, STR("SHA-256   "));
	for (size_t i = 0; i < SHA256_LEN; i++)
		cli_out_format(cli, "%s%02x", i % (GROUP / 2) ? "" : " ", f->sha256[i]);
	cli_out(cli, STR("\n"));
	if (f->signature_path && believed(f))
		print_signer(cli, &f->signature);
}

static err run(struct cli *cli)
{
	struct found f = { .path = cli->operands[0] };

	TRY(choose_signature(cli, &f));
	TRY(read_file(cli, &f));
	TRY(compare_digest(cli, &f));
	if (cli->json)
		print_json(cli, &f);
	else
		print_words(cli, &f);
	if (reason(&f))
		cli->exit_status = 1;
	return OK;
}

static const struct cli_option options[] = {
	{ "--sha256", "HEX", "the SHA-256 that the page or the mail shows; blanks do not matter" },
	{ "--signature", "F", "the signature, DER or PEM; FILE.p7s if that is there" },
	{ "--certificate", "F",
	  "the signer's certificate, or an authority's, to believe instead of the system's (PEM)" },
	{ "--address", "ADDR", "the signer's certificate must be for this address" },
	{ 0 },
};

const struct cli_command command_verify = {
	.name = "verify",
	.usage = "FILE [--sha256 HEX] [--signature F] [--certificate F] [--address ADDR]",
	.summary = "is this the document that was sent, and by whom?",
	.details =
		"Compares a document with the SHA-256 that the page and the mail show, or with a signature (CMS, "
		"detached, as `seal.sign_documents` makes them), or with both. It needs no configuration.\n\n"
		"FILE is what was delivered, as it was saved: a zip or an encrypted PDF as a whole and still locked. "
		"A PDF that a program saved anew is another file, and so is one that was sealed anew for a lost "
		"password. Documents that a mail carried (S/MIME, OpenPGP) have no signature beside them: the mail "
		"program that opens it checks the one inside, if there is one.\n\n"
		"A signature proves that the holder of a certificate signed these bytes. Without --certificate the "
		"system's authorities say whose certificate it is; they vouch for very many people, so name the one "
		"you "
		"expect with --address. Revocation is looked at if lists of it stand in the file of --certificate.\n\n"
		"With --json: file, size, sha256, verified, sha256_matches (null: none was given), signature (null, or "
		"intact, trusted, signer, issuer, addresses, fingerprint, signed_at) and reason. Exit status 0 means "
		"that "
		"all that was given fits; 1 that something does not, or that nothing was given.\n\n"
		"Without Letterlock: `openssl cms -verify -binary -inform DER -in FILE.p7s -content FILE -purpose any "
		"-CAfile CERTIFICATE -out /dev/null`, and `sha256sum FILE`.",
	.examples = "# the digest from the page\n"
		    "$ letterlock verify policy.pdf --sha256 \"3a7bd3e2 360a3d29 eea436fc fb7e44c7 35d117c4 2d1c1835 "
		    "420b6b99 "
		    "42dd4f1b\"\n"
		    "# the signature beside it, and whose it must be\n"
		    "$ letterlock verify policy.pdf --signature policy.pdf.p7s --address documents@example.com",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
