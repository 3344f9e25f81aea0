#include "door/cli/message.h"

#include "sign/sign.h"
#include "sys/sys.h"

enum { KEY_MAX = 16 * 1024, SECRET_MAX = 4 * KEY_MAX };

/* A keyring of one key: what `sign` asks of a keyring is a table of functions. */
static err sign_with_one(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	(void)domain, (void)selector;
	return signing_key_sign(state, digest, signature);
}

static err read_key(struct cli *cli, struct signing_key **out)
{
	OWNED(arena_done) struct arena *secret = NULL;
	const char *path;
	str pem;

	TRY(cli_needed(cli, "--key", &path));
	TRY(arena_open_secret(SECRET_MAX, &secret));
	fault_where(&cli->fault, str_of(path), 0, 0);
	err e = file_read_private(secret, path, KEY_MAX, &pem);
	if (failed(e) && e.why == WHY_KEY) {
		cli_warn(cli, "%s may be read by others: chmod 600 it", path);
		e = file_read_all(secret, path, KEY_MAX, &pem);
	}
	TRY(e);
	TRY(signing_key_read(pem, out, &cli->fault));
	fault_where(&cli->fault, STR_NONE, 0, 0);
	return OK;
}

static err read_rule(struct cli *cli, struct sign_rule *rule)
{
	const char *domain, *selector;

	TRY(cli_needed(cli, "--domain", &domain));
	TRY(cli_needed(cli, "--selector", &selector));
	TRY(str_lower(cli->arena, str_of(domain), &rule->domain));
	TRY(str_lower(cli->arena, str_of(selector), &rule->selector));
	if (key_name_fit(rule->domain) && key_name_fit(rule->selector))
		return OK;
	fault_set(&cli->fault, "the domain and the selector are names of letters, digits, hyphens and dots");
	return NEVER(USAGE, "not a name");
}

static err read_until(struct cli *cli, moment now, moment *until)
{
	const char *valid = cli_value(cli, "--valid");
	span s = 0;

	if (!valid) {
		*until = 0;
		return OK;
	}
	if (failed(span_parse(str_of(valid), &s)) || s < SECOND || s > SIGN_VALID_MAX) {
		fault_set(&cli->fault, "--valid is a time of one second to seven days, like 5d");
		return NEVER(USAGE, "not a span");
	}
	*until = now + s;
	return OK;
}

static err sign_stdin(struct cli *cli, struct keyring *k, struct sign_rule *rule)
{
	struct message m = { 0 };
	moment now = clock_now(&cli->clock), until;

	TRY(read_until(cli, now, &until));
	TRY(cli_message(cli, &m.bytes));
	TRY(sign_message(k, rule, now, until, cli->arena, &m, &cli->fault));
	cli_out(cli, m.bytes);
	return OK;
}

static err run(struct cli *cli)
{
	static const struct keyring_ops one_key = { .sign = sign_with_one };
	OWNED(signing_key_done) struct signing_key *key = NULL;
	OWNED(keyring_done) struct keyring *k = NULL;
	struct sign_rule rule = { 0 };

	TRY(read_rule(cli, &rule));
	TRY(read_key(cli, &key));
	rule.algorithm = signing_key_algorithm(key);
	TRY(keyring_with(&one_key, key, &k));
	return sign_stdin(cli, k, &rule);
}

static const struct cli_option options[] = {
	{ "--domain", "D", "the domain that signs (d=)" },
	{ "--selector", "S", "the selector of its key (s=)" },
	{ "--key", "FILE", "the private key in PEM: RSA of 2048 to 4096 bits, or Ed25519" },
	{ "--valid", "SPAN", "let the signature expire (x=), after seven days at most" },
	{ 0 },
};

const struct cli_command command_dkim_sign = {
	.name = "dkim sign",
	.usage = "--domain D --selector S --key FILE",
	.summary = "sign a message with DKIM",
	.details = "Reads a message from standard input and writes it with a DKIM-Signature field on top "
		   "(RFC 6376, RFC 8463): relaxed/relaxed, SHA-256, never with l=. From, To, Cc, Subject, Date, "
		   "Reply-To, Message-ID, MIME-Version and the Content fields are listed once more than they occur, "
		   "so that none can be added. Sign twice, with an RSA and an Ed25519 key, to have both.\n\n"
		   "A message whose lines all end with LF is taken with CRLF instead; a mixture is refused, and so is "
		   "a message without exactly one From.",
	.examples = "# Sign, and see what a verifier would say\n"
		    "$ letterlock dkim sign --domain example.com --selector s1 --key s1.pem < mail.eml > signed.eml\n"
		    "$ letterlock dkim verify --dns names.json < signed.eml",
	.options = options,
	.run = run,
};
