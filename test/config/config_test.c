#include "test/support/support.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char least[] = "domain: example.com\n"
			    "sender:\n"
			    "  address: documents@example.com\n"
			    "signing_allow_none_reason: a test\n";

struct attempt {
	struct arena *arena;
	struct fault fault;
	const struct config *config;
	char path[512];
};

static err read_text(struct attempt *t, const char *first, const char *then)
{
	char text[8192];
	int len = snprintf(text, sizeof text, "%s%s", first, then);

	static const char *dir;

	if (!dir)
		dir = test_dir();
	memset(t, 0, sizeof *t);
	snprintf(t->path, sizeof t->path, "%s/letterlock.yaml", dir);
	test_file_write(t->path, str_bytes(text, (size_t)len));
	chmod(t->path, 0600);
	assert_ok(arena_open(16 * 1024 * 1024, &t->arena));
	return config_open(t->arena, t->path, &t->config, &t->fault);
}

static void drop(struct attempt *t)
{
	remove(t->path);
	arena_close(t->arena);
}

static void defaults_fill_what_is_not_said(void **state)
{
	struct attempt t;
	char dir[512];
	(void)state;
	assert_ok(read_text(&t, least, ""));
	snprintf(dir, sizeof dir, "%.*s", (int)(strlen(t.path) - strlen("/letterlock.yaml")), t.path);
	assert_str(t.config->domain, STR("example.com"));
	assert_true(t.config->link.expires == 7 * DAY);
	assert_int_equal(t.config->link.opens, 0);
	assert_int_equal(t.config->transport.port, 465);
	assert_int_equal(t.config->transport.kind, CONFIG_MAILDIR);
	assert_int_equal(t.config->mail.utc_offset, 0);
	assert_int_equal(t.config->limits.field_bytes, 64 * 1024);
	assert_true(t.config->pace.messages_per_second == 0);
	assert_string_equal(t.config->data, dir);
	assert_true(str_starts(str_of(t.config->database), str_of(dir)));
	assert_true(str_ends(str_of(t.config->database), STR("/letterlock.db")));
	assert_true(str_starts(t.config->store, STR("disk:/")) && str_ends(t.config->store, STR("/objects")));
	drop(&t);
}

static void every_kind_is_read(void **state)
{
	struct attempt t;
	(void)state;
	assert_ok(read_text(&t, least,
			    "data: /var/lib/letterlock\n"
			    "base_url: https://letters.example.com/docs/\n"
			    "pace: { messages_per_second: 2.5, per_domain_per_second: unlimited }\n"
			    "link: { expires: 36h, opens: 3 }\n"
			    "limits: { document_bytes: 50M }\n"
			    "log: { level: debug, format: json }\n"
			    "mail: { utc_offset: -09:30 }\n"
			    "transport:\n"
			    "  kind: smtp\n"
			    "  host: relay.example.com\n"
			    "  security: starttls\n"
			    "  auth: login\n"
			    "  username: \"me\"\n"
			    "  password: { command: [printf, hidden] }\n"
			    "  ca_file: ca.pem\n"
			    "signing:\n"
			    "  - { domain: Example.COM, selector: s1 }\n"
			    "  - domain: example.com\n"
			    "    selector: s2\n"
			    "    algorithm: ed25519\n"));
	assert_string_equal(t.config->data, "/var/lib/letterlock");
	assert_str(t.config->store, STR("disk:/var/lib/letterlock/objects"));
	assert_str(t.config->base_url, STR("https://letters.example.com/docs"));
	assert_true(t.config->pace.messages_per_second == 2.5);
	assert_true(t.config->pace.per_domain_per_second == 0);
	assert_true(t.config->link.expires == 36 * HOUR);
	assert_int_equal(t.config->link.opens, 3);
	assert_int_equal(t.config->limits.document_bytes, 50 << 20);
	assert_int_equal(t.config->log.level, LOG_LEVEL_DEBUG);
	assert_int_equal(t.config->mail.utc_offset, -570);
	assert_int_equal(t.config->transport.port, 587);
	assert_int_equal(t.config->transport.auth, CONFIG_LOGIN_LOGIN);
	assert_true(t.config->transport.ca_file[0] == '/' &&
		    str_ends(str_of(t.config->transport.ca_file), STR("/ca.pem")));
	assert_int_equal(t.config->signing_count, 2);
	assert_str(t.config->signing[0].domain, STR("example.com"));
	assert_int_equal(t.config->signing[0].algorithm, CONFIG_RSA);
	assert_int_equal(t.config->signing[1].algorithm, CONFIG_ED25519);
	assert_str(t.config->signing[1].selector, STR("s2"));
	drop(&t);
}

/* What is wrong, where it is said to be, and what the sentence must hold. */
static const struct {
	const char *text;
	unsigned line, column;
	const char *says;
} wrong[] = {
	{ "lnk:\n  expires: 7d\n", 5, 1, "did you mean link?" },
	{ "link:\n  expire: 7d\n", 6, 3, "did you mean link.expires?" },
	{ "qqqqqqqq: 1\n", 5, 1, "there is no setting qqqqqqqq" },
	{ "link.expires: 7d\n", 5, 1, "there is no setting link.expires" },
	{ "link:\n  expires: 7d\n  tries: 3\n  expires: 8d\n", 8, 3, "a second time; the first is in line 6" },
	{ "domain: example.org\n", 5, 1, "a second time; the first is in line 1" },
	{ "link:\n  expires: soon\n", 6, 3, "soon is not a span of time" },
	{ "link:\n  expires: 400d\n", 6, 3, "out of bounds: from 1m to 366d" },
	{ "link:\n  expires: 0\n", 6, 3, "out of bounds" },
	{ "link:\n  expires: -1d\n", 6, 3, "is not a span of time" },
	{ "link:\n  expires:\n", 6, 11, "has no value" },
	{ "link:\n  expires: \"\"\n", 6, 12, "has no value" },
	{ "link:\n  expires: [7d]\n", 6, 12, "takes one value" },
	{ "link: 7d\n", 5, 7, "holds settings, indented" },
	{ "link:\n  tries: 0\n", 6, 3, "out of bounds: from 1 to 100" },
	{ "link:\n  tries: 0x5\n", 6, 3, "0x5 is not a whole number" },
	{ "link:\n  opens: 0\n", 6, 3, "out of bounds" },
	{ "pace: { messages_per_second: 0 }\n", 5, 9, "nothing would ever be sent" },
	{ "pace: { messages_per_second: 0.0000001 }\n", 5, 9, "is not a number" },
	{ "pace: { messages_per_second: 1e9 }\n", 5, 9, "is not a number" },
	{ "limits: { document_bytes: 99999999999G }\n", 5, 11, "is not bytes" },
	{ "store: s3\n", 5, 1, "s3 is not disk:PATH" },
	{ "check: { types: \"pdf, html\" }\n", 5, 10, "no type of file is called \"html\" here" },
	{ "check: { types: \",\" }\n", 5, 10, "no document could ever be sent" },
	{ "check: { tolerate: everything }\n", 5, 10, "called \"everything\" here" },
	{ "log: { level: wraning }\n", 5, 8, "did you mean warning?" },
	{ "mail: { utc_offset: +1 }\n", 5, 9, "+1 is not hours and minutes" },
	{ "mail: { utc_offset: +20:00 }\n", 5, 9, "out of bounds: from -12:00 to +14:00" },
	{ "transport: { kind: smtp }\n", 0, 0, "transport.host: this setting is missing" },
	{ "transport: { kind: smtp, host: r.example, security: plain }\n", 5, 43, "allow_plain_reason" },
	{ "transport: { kind: smtp, host: localhost, security: plain, auth: plain }\n", 5, 60, "over TLS only" },
	{ "transport: { kind: smtp, host: r.example, auth: plain, username: x }\n", 0, 0, "transport.password" },
	{ "transport: { password: hunter2 }\n", 5, 24, "a secret never stands in this file" },
	{ "transport: { password: { literal: hunter2 } }\n", 5, 26, "{ file: PATH }" },
	{ "transport: { password: { file: a, command: [b] } }\n", 5, 35, "only one of" },
	{ "transport: { password: { command: b } }\n", 5, 35, "a list of words" },
	{ "transport: { password: { command: [] } }\n", 5, 36, "has no words" },
	{ "transport: &t { kind: smtp }\n", 5, 12, "anchors and aliases" },
	{ "transport: *t\n", 5, 12, "anchors and aliases" },
	{ "threads: !!int 4\n", 5, 10, "tags" },
	{ "---\ndomain: x\n", 5, 1, "a second document" },
	{ "\tthreads: 4\n", 5, 1, "this is not YAML" },
	{ "threads: 4: 5\n", 5, 11, "this is not YAML" },
	{ "? [a]\n: b\n", 5, 3, "a setting's name is expected" },
	{ "signing: { domain: x }\n", 5, 10, "is a list" },
	{ "signing: [x]\n", 5, 11, "is a group of settings" },
	{ "signing:\n- domain: example.com\n", 0, 0, "signing[].selector: this setting is missing" },
	{ "signing:\n- { domain: example.com, selector: a b }\n", 6, 26, "small letters, digits" },
	{ "signing:\n- { domain: example.com, selector: a, key: x }\n", 6, 39, "there is no setting signing[].key" },
	{ "signing:\n- { domain: exa mple, selector: a }\n", 6, 5, "signing[].domain" },
	{ "signing:\n- { domain: \"[127.0.0.1]\", selector: a }\n", 6, 5, "this is no domain" },
	{ "base_url: http://letters.example.com\n", 5, 1, "it must begin with https://" },
	{ "base_url: https://user@letters.example.com\n", 5, 1, "only https://HOST" },
	{ "base_url: https:///x\n", 5, 1, "the host is missing" },
	{ "retry: { first: 5h }\n", 0, 0, "shorter than retry.first" },
	{ "password: { floor_bits: 60 }\n", 5, 13, "allow_weak_reason" },
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct attempt t;
		err e = read_text(&t, least, wrong[i].text);
		if (e.fate != FATE_NEVER || e.why != WHY_CONFIG || !strstr(t.fault.what, wrong[i].says) ||
		    t.fault.line != wrong[i].line || t.fault.column != wrong[i].column)
			print_error("%s\n  line %u, column %u: %s\n", wrong[i].text, (unsigned)t.fault.line,
				    (unsigned)t.fault.column, t.fault.what);
		assert_why(NEVER, CONFIG, e);
		assert_non_null(strstr(t.fault.what, wrong[i].says));
		assert_int_equal(t.fault.line, wrong[i].line);
		assert_int_equal(t.fault.column, wrong[i].column);
		assert_null(strstr(t.fault.what, "hunter2"));
		assert_null(t.config);
		drop(&t);
	}
}

static void what_must_be_given_is_missed(void **state)
{
	struct attempt t;
	(void)state;
	assert_why(NEVER, CONFIG, read_text(&t, "", "domain: example.com\n"));
	assert_non_null(strstr(t.fault.what, "sender.address: this setting is missing"));
	drop(&t);
	assert_why(NEVER, CONFIG, read_text(&t, "", ""));
	assert_non_null(strstr(t.fault.what, "empty"));
	drop(&t);
	assert_why(NEVER, CONFIG,
		   read_text(&t, "", "domain: example.com\nsender: { address: documents@example.com }\n"));
	assert_non_null(strstr(t.fault.what, "signing_allow_none_reason"));
	drop(&t);
	assert_why(NEVER, CONFIG,
		   read_text(&t, "", "domain: example.com\nsender: { address: documents@elsewhere.example }\n"));
	assert_non_null(strstr(t.fault.what, "neither"));
	drop(&t);
}

static void file_that_others_may_write_is_refused(void **state)
{
	struct attempt t;
	(void)state;
	assert_ok(read_text(&t, least, ""));
	chmod(t.path, 0620);
	assert_why(NEVER, CONFIG, config_open(t.arena, t.path, &t.config, &t.fault));
	assert_non_null(strstr(t.fault.what, "chmod go-w"));
	chmod(t.path, 0644);
	assert_ok(config_open(t.arena, t.path, &t.config, &t.fault));
	assert_why(NEVER, CONFIG, config_open(t.arena, "/nowhere/letterlock.yaml", &t.config, &t.fault));
	assert_why(NEVER, CONFIG, config_open(t.arena, "/dev", &t.config, &t.fault));
	drop(&t);
}

static err secret_of(struct attempt *t, const char *how, str *out)
{
	char text[512];
	struct arena *secret;
	static char kept[256];

	snprintf(text, sizeof text, "transport: { password: %s }\n", how);
	assert_ok(read_text(t, least, text));
	assert_ok(arena_open_secret(1024 * 1024, &secret));
	err e = config_secret(t->config, &t->config->transport.password, secret, out, &t->fault);
	if (!failed(e)) {
		memcpy(kept, out->at, out->len);
		out->at = kept;
	}
	arena_close(secret);
	drop(t);
	return e;
}

static void secrets_come_from_where_they_are_kept(void **state)
{
	struct attempt t;
	const char *dir = test_dir();
	char path[512], how[600];
	str out;
	(void)state;
	snprintf(path, sizeof path, "%s/relay", dir);
	test_file_write(path, STR("open sesame\n"));
	chmod(path, 0600);
	snprintf(how, sizeof how, "{ file: %s }", path);
	assert_ok(secret_of(&t, how, &out));
	assert_str(out, STR("open sesame"));
	chmod(path, 0640);
	assert_why(NEVER, KEY, secret_of(&t, how, &out));
	chmod(path, 0600);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_why(NEVER, KEY, secret_of(&t, "{ credential: relay }", &out));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_ok(secret_of(&t, "{ credential: relay }", &out));
	assert_str(out, STR("open sesame"));
	assert_why(NEVER, DENIED, secret_of(&t, "{ credential: ../relay }", &out));
	assert_ok(secret_of(&t, "{ command: [printf, 'a b;c'] }", &out));
	assert_str(out, STR("a b;c"));
	assert_why(NEVER, SYSTEM, secret_of(&t, "{ command: [\"false\"] }", &out));
	assert_why(NEVER, KEY, secret_of(&t, "{ command: [\"true\"] }", &out));
	assert_why(NEVER, NOT_FOUND, secret_of(&t, "{ command: [no-such-program-here] }", &out));
}

static void secret_shows_its_place_and_not_its_arguments(void **state)
{
	struct attempt t;
	char room[256];
	struct buf b = BUF_ON(room);
	(void)state;
	assert_ok(read_text(&t, least, "transport: { password: { command: [vault, --token, hunter2] } }\n"));
	config_print(t.config, config_setting(STR("transport.password")), 0, &b);
	assert_str(buf_str(&b), STR("{ command: [vault, ...] }"));
	assert_int_equal(config_line(t.config, config_setting(STR("transport.password")), 0), 5);
	assert_int_equal(config_line(t.config, config_setting(STR("link.expires")), 0), 0);
	drop(&t);
}

/* Each default and each example of the table must be a value that the reader takes. */
static void defaults_and_examples_are_values(void **state)
{
	size_t count;
	const struct config_setting *table = config_settings(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct config_setting *s = &table[i];
		assert_true(s->about[0] && s->about[strlen(s->about) - 1] == '.');
		if (s->kind == KIND_SECTION || s->kind == KIND_RECORDS)
			continue;
		assert_true(s->example[0]);
		assert_true(s->least <= s->most);
	}
}

TESTS(config, test(defaults_fill_what_is_not_said), test(every_kind_is_read),
      test(what_is_wrong_is_said_with_its_place), test(what_must_be_given_is_missed),
      test(file_that_others_may_write_is_refused), test(secrets_come_from_where_they_are_kept),
      test(secret_shows_its_place_and_not_its_arguments), test(defaults_and_examples_are_values))
