/* A whole installation in one folder, made from nothing and taken away again if any of it fails. */
#include "door/cli/cli.h"

#include "compose/compose.h"
#include "config/config.h"
#include "crypt/crypt.h"
#include "db/db.h"
#include "door/cli/dns_records.h"
#include "sys/sys.h"
#include "wire/address.h"

#include <jansson.h>
#include <string.h>

#define SELECTOR "letters1"
#define SELECTOR_ED25519 "letters1e"
#define CERTIFICATE_DAYS 825
enum { SECRET_ARENA_MAX = 16 * 1024 * 1024, SETTINGS_MAX = 64 * 1024, TREE_DEPTH = 6 };

struct init {
	struct cli *cli;
	struct arena *arena;
	const char *dir;
	bool dir_was_there;
	str domain, from, base_url, host;
	const char *kind, *relay, *port, *security;
	struct dns_record *records;
};

/* ── What was asked for ──────────────────────────────────────────────────────────────────────────── */

static err usage(struct cli *cli, const char *what)
{
	fault_set(&cli->fault, "%s", what);
	return NEVER(USAGE, "the options do not fit");
}

static err read_domain(struct init *i)
{
	const char *given = cli_value(i->cli, "--domain"), *from = cli_value(i->cli, "--from"), *reason = NULL;
	struct address address;
	str text;

	if (!given)
		return usage(i->cli, "--domain is needed: the domain the mail comes from");
	TRY(str_format(i->arena, &text, "postmaster@%s", given));
	if (failed(address_parse(i->arena, text, &address, &reason)) || !address.domain.len ||
	    str_starts(address.domain, STR("["))) {
		fault_set(&i->cli->fault, "--domain %s: %s", given, reason ? reason : "this is no domain");
		return NEVER(USAGE, "no domain");
	}
	i->domain = address.domain;
	if (!from)
		return str_format(i->arena, &i->from, "documents@%.*s", STR_ARG(i->domain));
	if (failed(address_parse(i->arena, str_of(from), &address, &reason))) {
		fault_set(&i->cli->fault, "--from %s: %s", from, reason ? reason : "this is no address");
		return NEVER(USAGE, "no address");
	}
	i->from = address.text;
	return OK;
}

static bool is_this_machine(str host)
{
	return str_same(host, STR("localhost")) || str_starts(host, STR("127.")) || str_same(host, STR("[::1]"));
}

/* HOST[:PORT]; an IPv6 address stands in brackets. */
static err read_relay(struct init *i, str place, bool implicit)
{
	ptrdiff_t bracket = str_find_char(place, ']');
	str host, port, after = str_from(place, bracket < 0 ? 0 : (size_t)bracket);
	uint64_t number;

	str_cut(after, ':', &host, &port);
	host = str_upto(place, place.len - after.len + host.len);
	if (host.len == 0 || (port.len && (!str_number(port, &number) || number == 0 || number > 65535)) ||
	    str_has(place, '/') || str_has(place, '@'))
		return usage(i->cli, "--transport is smtp://HOST[:PORT] or smtps://HOST[:PORT], without a login: that "
				     "goes into letterlock.yaml");
	i->kind = "smtp";
	i->security = implicit ? "implicit" : is_this_machine(host) ? "plain" : "starttls";
	TRY(str_c(i->arena, host, &i->relay));
	return port.len ? str_c(i->arena, port, &i->port) : OK;
}

static err read_transport(struct init *i)
{
	const char *given = cli_value(i->cli, "--transport");
	str t = given ? str_of(given) : STR("maildir");

	if (str_same(t, STR("maildir"))) {
		i->kind = "maildir";
		return OK;
	}
	if (str_starts(t, STR("smtp://")))
		return read_relay(i, str_from(t, 7), false);
	if (str_starts(t, STR("smtps://")))
		return read_relay(i, str_from(t, 8), true);
	if (str_same(t, STR("ses")) || str_same(t, STR("direct"))) {
		fault_set(&i->cli->fault,
			  "--transport %s is not there yet; use a relay: smtp://HOST:587 or smtps://HOST:465%s", given,
			  t.len == 3 ? ", for SES email-smtp.REGION.amazonaws.com" : "");
		return NEVER(UNSUPPORTED, "a transport that is not there yet");
	}
	return usage(i->cli, "--transport is maildir, smtp://HOST:PORT, smtps://HOST:PORT, ses or direct");
}

/* The configuration's own check judges the whole; here only the host is needed. */
static err read_base_url(struct init *i)
{
	const char *given = cli_value(i->cli, "--base-url");
	str rest;

	i->base_url = given ? str_of(given) : STR("https://localhost:8443");
	if (!str_starts(i->base_url, STR("https://")))
		return usage(i->cli, "--base-url begins with https://");
	str_cut(str_from(i->base_url, 8), '/', &i->host, &rest);
	if (str_starts(i->host, STR("["))) {
		str_cut(str_from(i->host, 1), ']', &i->host, &rest);
		return OK;
	}
	str_cut(i->host, ':', &i->host, &rest);
	return i->host.len ? OK : usage(i->cli, "--base-url has no host");
}

/* ── Making it ───────────────────────────────────────────────────────────────────────────────────── */

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
	str relay = i->relay ? str_of(i->relay) : STR_NONE;

	TRY(inside(i, "keys", &keys));
	TRY(dns_record_dkim(i->arena, keys, i->domain, STR(SELECTOR), &i->records, &i->cli->fault));
	if (cli_flag(i->cli, "--ed25519"))
		TRY(dns_record_dkim(i->arena, keys, i->domain, STR(SELECTOR_ED25519), &i->records, &i->cli->fault));
	return dns_records_of_domain(i->arena, i->domain, is_this_machine(relay) ? STR_NONE : relay,
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

static err make_all(struct init *i)
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

/* ── Before and after ────────────────────────────────────────────────────────────────────────────── */

/* The folder may be there if it is empty: nothing is ever overwritten. */
static err take_folder(struct init *i)
{
	str *names;
	size_t count = 0;

	i->dir_was_there = file_exists(i->dir);
	if (i->dir_was_there)
		TRY(dir_list(i->arena, i->dir, &names, &count));
	if (count) {
		fault_where(&i->cli->fault, str_of(i->dir), 0, 0);
		fault_set(&i->cli->fault, "there is something here already (%.*s); nothing was changed",
			  STR_ARG(names[0]));
		return NEVER(EXISTS, "the folder is not empty");
	}
	return i->cli->dry_run || i->dir_was_there ? OK : dir_make(i->dir, 0700);
}

static void remove_tree(struct arena *a, const char *path, int depth)
{
	SCRATCH(a);
	str *names;
	size_t count;
	const char *below;

	if (depth == 0 || failed(dir_list(a, path, &names, &count)))
		return;
	for (size_t n = 0; n < count; n++) {
		struct path_facts facts;
		if (failed(path_join(a, path, names[n], &below)) || failed(path_look(below, &facts)))
			continue;
		if (facts.directory) {
			remove_tree(a, below, depth - 1);
			(void)dir_remove(below);
		} else {
			(void)file_remove(below);
		}
	}
}

static err make_or_undo(struct init *i)
{
	err e = make_all(i);

	if (failed(e)) {
		remove_tree(i->arena, i->dir, TREE_DEPTH);
		if (!i->dir_was_there)
			(void)dir_remove(i->dir);
	}
	return e;
}

static void tell(struct init *i)
{
	struct cli *cli = i->cli;

	if (cli->json) {
		cli_out_json(cli, json_pack("{s:s, s:s%, s:s%, s:o}", "directory", i->dir, "domain", i->domain.at,
					    i->domain.len, "from", i->from.at, i->from.len, "dns",
					    dns_records_json(i->records)));
		return;
	}
	cli_out_format(cli,
		       "Made %s\n"
		       "  letterlock.yaml  the settings, each explained\n"
		       "  keys/            master, link, lookup and DKIM keys: keep a copy in a safe place\n"
		       "  templates/       the mails' words\n"
		       "  letterlock.db    the database; objects/ the sealed documents\n"
		       "  tls/             a self-made certificate, for trying out only\n",
		       i->dir);
	if (!strcmp(i->kind, "maildir"))
		cli_out(cli, STR("  outbox/          where mail lands until transport.kind is smtp\n"));
	cli_out_format(cli, "\nPublish these records in the DNS of %.*s:\n", STR_ARG(i->domain));
	dns_records_print(cli, i->records);
	cli_out_format(cli,
		       "\nNext:\n  letterlock config check --config %s/letterlock.yaml\n"
		       "  letterlock send LIST.csv --config %s/letterlock.yaml\n",
		       i->dir, i->dir);
}

static err run(struct cli *cli)
{
	struct init i = { .cli = cli, .arena = cli->arena, .dir = cli->operands[0] };

	TRY(read_domain(&i));
	TRY(read_transport(&i));
	TRY(read_base_url(&i));
	TRY(take_folder(&i));
	if (cli->dry_run) {
		cli_say(cli, "Would make %s with settings, keys, templates, a database and a certificate.", i.dir);
		return OK;
	}
	err e = make_or_undo(&i);
	if (failed(e) && fault_empty(&cli->fault)) {
		fault_where(&cli->fault, str_of(i.dir), 0, 0);
		fault_set(&cli->fault, "%s", e.note);
	}
	TRY(e);
	tell(&i);
	return OK;
}

const struct cli_command command_init = {
	.name = "init",
	.usage = "DIR --domain DOMAIN [options]",
	.summary = "make settings, keys, templates and a database in a new folder",
	.details =
		"Makes everything that sending needs in DIR, and prints the DNS records to publish. DIR must be empty "
		"or not be there: nothing is ever overwritten, and if a step fails, what was made is removed.\n\n"
		"With smtp:// the connection is made safe by STARTTLS (without TLS only to this machine), with "
		"smtps:// by TLS from the first byte. A login for the relay goes into letterlock.yaml.",
	.examples =
		"# to try out: mail lands in a folder\n"
		"$ letterlock init demo --domain example.com\n"
		"\n"
		"# through a relay\n"
		"$ letterlock init /etc/letterlock --domain example.com --transport smtps://smtp.example.com:465 \\\n"
		"      --base-url https://letters.example.com",
	.options =
		(const struct cli_option[]){
			{ "--domain", "DOMAIN", "the domain the mail comes from" },
			{ "--from", "ADDRESS", "the sender's address; else documents@DOMAIN" },
			{ "--transport", "HOW", "maildir (default), smtp://HOST:PORT or smtps://HOST:PORT" },
			{ "--base-url", "URL", "where recipients reach the page; else https://localhost:8443" },
			{ "--ed25519", NULL, "a second DKIM key, of the newer kind" },
			{ 0 },
		},
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
