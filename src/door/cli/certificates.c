#include "door/cli/certificates.h"

#include "sys/sys.h"

enum { KEY_SECRETS_MAX = 1 << 20 };

err cli_about_file(struct cli *cli, const char *path, err e)
{
	if (!failed(e))
		return e;
	if (!cli->fault.where[0])
		fault_where(&cli->fault, str_of(path), 0, 0);
	if (fault_empty(&cli->fault))
		fault_set(&cli->fault, "%s", e.note);
	return e;
}

err cli_certificate(struct cli *cli, const char *path, struct mail_certificate **out)
{
	str bytes;
	err e = file_read_all(cli->arena, path, MAIL_CERTIFICATE_MAX, &bytes);

	if (!failed(e))
		e = mail_certificate_read(bytes, out, &cli->fault);
	return cli_about_file(cli, path, e);
}

err cli_authorities(struct cli *cli, const char *path, struct mail_authorities **out)
{
	bool of_system = str_same(str_of(path), STR("system"));
	str pem = STR_NONE;
	err e = of_system ? OK : file_read_all(cli->arena, path, MAIL_AUTHORITIES_MAX, &pem);

	if (!failed(e))
		e = mail_authorities_open(pem, of_system, out, &cli->fault);
	return cli_about_file(cli, path, e);
}

static err open_signer(struct cli *cli, const char *path, str key, struct cms_signer **out)
{
	str certificate;
	err e = file_read_all(cli->arena, path, MAIL_CERTIFICATE_MAX, &certificate);

	if (!failed(e))
		e = cms_signer_open(certificate, key, out, &cli->fault);
	return cli_about_file(cli, path, e);
}

err cli_signer(struct cli *cli, const char *certificate_path, const char *key_option, struct cms_signer **out)
{
	OWNED(arena_done) struct arena *secret = NULL;
	str key;

	TRY(arena_open_secret(KEY_SECRETS_MAX, &secret));
	TRY(cli_secret(cli, secret, key_option, &key));
	return open_signer(cli, certificate_path, key, out);
}

void buf_add_fingerprint(struct buf *b, const uint8_t sha256[SHA256_LEN])
{
	for (size_t i = 0; i < SHA256_LEN; i++)
		buf_add_format(b, "%s%02X", i ? ":" : "", sha256[i]);
}
