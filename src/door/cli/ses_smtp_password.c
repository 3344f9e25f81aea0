#include "door/cli/cli.h"

#include "wire/sigv4.h"

enum { SECRET_ROOM = 256 * 1024 };

static err run(struct cli *cli)
{
	OWNED(arena_done) struct arena *secret = NULL;
	const char *region = cli_value(cli, "--region");
	str key;
	struct buf password;

	if (!region || !cli_value(cli, "--secret-key-file")) {
		fault_set(&cli->fault, "--region and --secret-key-file are needed");
		return NEVER(USAGE, "something is missing");
	}
	TRY(arena_open_secret(SECRET_ROOM, &secret));
	TRY(cli_secret(cli, secret, "--secret-key-file", &key));
	TRY(buf_open(secret, AWS_SMTP_PASSWORD, &password));
	TRY(aws_smtp_password(key, str_of(region), &password));
	cli_out(cli, buf_str(&password));
	cli_out(cli, STR("\n"));
	return OK;
}

static const struct cli_option options[] = {
	{ "--region", "REGION", "the region of SES, such as eu-central-1: a password is for one region" },
	{ "--secret-key-file", "FILE", "the secret access key; - for standard input" },
	{ 0 },
};

const struct cli_command command_ses_smtp_password = {
	.name = "ses smtp-password",
	.usage = "--region REGION --secret-key-file FILE",
	.summary = "make the password that SES takes over SMTP from a secret access key",
	.details =
		"SES takes mail over SMTP too, with the access key id as the name and a password that is made from the "
		"secret access key for one region. Nothing is asked of the network. The user needs the right "
		"ses:SendRawEmail. Store the password in a file of mode 0600 and name it in transport.password.",
	.examples = "# For transport.kind: smtp, transport.host: email-smtp.eu-central-1.amazonaws.com\n"
		    "$ (umask 077; letterlock ses smtp-password --region eu-central-1 --secret-key-file key > "
		    "ses-password)",
	.options = options,
	.run = run,
};
