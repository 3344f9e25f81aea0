/* Each part of a new installation. */
#include "door/cli/init.h"

#include "compose/compose.h"
#include "config/config.h"
#include "crypt/crypt.h"
#include "db/db.h"
#include "sys/sys.h"

#include <string.h>

#define SELECTOR "letters1"
#define SELECTOR_ED25519 "letters1e"
#define CERTIFICATE_DAYS 825
enum { SECRET_ARENA_MAX = 16 * 1024 * 1024, SETTINGS_MAX = 64 * 1024 };

static err inside(struct init *i, const char *name, const char **out)
{
	str path;

	TRY(str_format(i->arena, &path, "%s/%s", i->dir, name));
	return str_c(i->arena, path, out);
}

static err write_settings(struct init *i)
{
	const char *path, *domain, *from, *url, *listen = "127.0.0.1:8443";
	struct buf b;

	TRY(str_c(i->arena, i->domain, &domain));
	TRY(str_c(i->arena, i->from, &from));
	TRY(str_c(i->arena, i->base_url, &url));
	struct buf signing;
	TRY(buf_open(i->arena, 4096, &signing));
	buf_add_format(&signing, "  - domain: %s\n    selector: " SELECTOR "\n", domain);
	if (cli_flag(i->cli, "--ed25519"))
		buf_add_format(&signing, "  - domain: %s\n    selector: " SELECTOR_ED25519 "\n    algorithm: ed25519\n",
			       domain);
	const char *values[32] = {
		"domain",  domain,          "base_url",     url,   "sender.address", from, "transport.kind", i->kind,
		"signing", buf_c(&signing), "serve.listen", listen
	};
	size_t n = 12;
	if (i->relay) {
		values[n++] = "transport.host", values[n++] = i->relay;
		values[n++] = "transport.security", values[n++] = i->security;
	}
	if (i->port)
		values[n++] = "transport.port", values[n++] = i->port;
	if (i->region)
		values[n++] = "ses.region", values[n++] = i->region;
	TRY(buf_open(i->arena, SETTINGS_MAX, &b));
	TRY(config_write_file(values, &b));
	TRY(inside(i, "letterlock.yaml", &path));
	return file_write_new(path, buf_str(&b), 0600);
}

static err make_folders(struct init *i)
{
	static const char *const names[] = { "keys",   "objects",    "templates",  "tls",
					     "outbox", "outbox/tmp", "outbox/new", "outbox/cur" };
	size_t count = sizeof names / sizeof *names - (strcmp(i->kind, "maildir") ? 4 : 0);
	const char *path;

	for (size_t n = 0; n < count; n++) {
		TRY(inside(i, names[n], &path));
		TRY(dir_make(path, 0700));
	}
	return OK;
}

static err make_key(struct init *i, enum key_kind kind, const char *selector, enum signature_algorithm how)
{
	const char *keys;

	TRY(inside(i, "keys", &keys));
	return keyring_key_new(keys, kind, selector ? i->domain : STR_NONE, selector ? str_of(selector) : STR_NONE, how,
			       clock_now(&i->cli->clock), &i->cli->entropy, &i->cli->fault);
}

static err make_keys(struct init *i)
{
	TRY(make_key(i, KEY_MASTER, NULL, 0));
	TRY(make_key(i, KEY_LINK, NULL, 0));
	TRY(make_key(i, KEY_LOOKUP, NULL, 0));
	TRY(make_key(i, KEY_DKIM, SELECTOR, SIGNATURE_RSA_SHA256));
	if (cli_flag(i->cli, "--ed25519"))
		TRY(make_key(i, KEY_DKIM, SELECTOR_ED25519, SIGNATURE_ED25519_SHA256));
	return OK;
}

static err make_certificate(struct init *i)
{
	const char *cert_path, *key_path;
	struct arena *secret;
	str cert, key;

	TRY(arena_open_secret(SECRET_ARENA_MAX, &secret));
	OWNED(arena_done) struct arena *owner = secret;
	TRY(inside(i, "tls/certificate.pem", &cert_path));
	TRY(inside(i, "tls/key.pem", &key_path));
	TRY(certificate_new(i->host, clock_now(&i->cli->clock), CERTIFICATE_DAYS * DAY, &i->cli->entropy, i->arena,
			    &cert, secret, &key));
	TRY(file_write_new(key_path, key, 0600));
	return file_write_new(cert_path, cert, 0644);
}

/* The built-in templates, to be read and changed: NAME/LANGUAGE/FILE. */
static err make_template(struct init *i, const struct compose_file *file)
{
	const char *folder, *path;

	TRY(inside(i, "templates", &folder));
	TRY(path_join(i->arena, folder, file->template_name, &folder));
	TRY(dir_make(folder, 0700));
	TRY(path_join(i->arena, folder, file->language, &folder));
	TRY(dir_make(folder, 0700));
	TRY(path_join(i->arena, folder, file->file, &path));
	return file_write_new(path, file->content, 0600);
}

static err make_templates(struct init *i)
{
	for (size_t n = 0; compose_builtin(n); n++)
		TRY(make_template(i, compose_builtin(n)));
	return OK;
}

static err make_database(struct init *i)
{
	const char *path;

	TRY(inside(i, "letterlock.db", &path));
	return db_create(path, &i->cli->fault);
}

static err collect_records(struct init *i)
{
	const char *keys;
	str relay = str_of(i->relay);

	if (i->region)
		TRY(str_format(i->arena, &relay, "email-smtp.%s.amazonaws.com", i->region));
	TRY(inside(i, "keys", &keys));
	TRY(dns_record_dkim(i->arena, keys, i->domain, STR(SELECTOR), &i->records, &i->cli->fault));
	if (cli_flag(i->cli, "--ed25519"))
		TRY(dns_record_dkim(i->arena, keys, i->domain, STR(SELECTOR_ED25519), &i->records, &i->cli->fault));
	return dns_records_of_domain(i->arena, i->domain, init_is_this_machine(relay) ? STR_NONE : relay,
				     clock_now(&i->cli->clock), &i->records);
}

/* What was made must be what `send` will accept. */
static err read_back(struct init *i)
{
	const struct config *config;
	const char *path;

	TRY(inside(i, "letterlock.yaml", &path));
	return config_open(i->arena, path, &config, &i->cli->fault);
}

err init_make(struct init *i)
{
	TRY(write_settings(i));
	TRY(read_back(i));
	TRY(make_folders(i));
	TRY(make_keys(i));
	TRY(make_templates(i));
	TRY(make_certificate(i));
	TRY(make_database(i));
	return collect_records(i);
}
