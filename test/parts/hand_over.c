/* hand-over: gives messages from files to a relay by deliver/, for stories with real servers.
 *
 *     hand-over --host H --port P [--security implicit|starttls|clear] [--ca FILE] [--user U --password-file F]
 *               [--login plain|login|xoauth2] [--from A] --to B FILE…
 *
 * Prints a line for each: result, code, enhanced code, stage, security, uncertain or certain, text. Exit 0 if all were
 * delivered. "probe" instead of files prints what transport_probe() says. */
#include "deliver/deliver.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *password_file;

static err read_secret(void *state, struct arena *secret, str *out)
{
	(void)state;
	TRY(file_read_all(secret, password_file, 4096, out));
	*out = str_trim(*out);
	return OK;
}

static enum smtp_security security_of(const char *name)
{
	return strcmp(name, "implicit") == 0 ? SMTP_IMPLICIT : strcmp(name, "clear") == 0 ? SMTP_CLEAR : SMTP_STARTTLS;
}

static enum smtp_login login_of(const char *name)
{
	return strcmp(name, "plain") == 0   ? SMTP_LOGIN_PLAIN
	       : strcmp(name, "login") == 0 ? SMTP_LOGIN_LOGIN
					    : SMTP_LOGIN_XOAUTH2;
}

static int send_file(struct arena *a, struct session *s, struct message *m, const char *path)
{
	struct outcome o;
	str name;

	if (failed(file_read_all(a, path, 64 << 20, &m->bytes)) || failed(str_format(a, &name, "<%s>", path)))
		return fprintf(stderr, "%s cannot be read\n", path), 1;
	m->id = name;
	(void)failed(session_send(s, m, &o));
	printf("%.*s\t%u\t%s\t%s\t%s\t%s\t%s\n", STR_ARG(outcome_result_name(o.result)), o.code, o.enhanced, o.stage,
	       o.security, o.uncertain ? "uncertain" : "certain", o.text);
	fflush(stdout);
	return o.result != OUTCOME_DELIVERED;
}

static int probe(struct arena *a, struct transport *t)
{
	struct allowance allowed;
	struct fault fault = { 0 };
	str words;
	bool bad = failed(transport_probe(a, t, &words, &allowed, &fault));

	if (bad)
		printf("%s\n", fault.what);
	else
		printf("%.*s\n", STR_ARG(words));
	return bad;
}

static void read_options(int argc, char **argv, struct transport_options *o, struct message *m)
{
	enum { HOST = 1, PORT, SECURITY, CA, USER, PASSWORD, LOGIN, FROM, TO };
	static const struct option known[] = {
		{ "host", 1, 0, HOST },
		{ "port", 1, 0, PORT },
		{ "security", 1, 0, SECURITY },
		{ "ca", 1, 0, CA },
		{ "user", 1, 0, USER },
		{ "password-file", 1, 0, PASSWORD },
		{ "login", 1, 0, LOGIN },
		{ "from", 1, 0, FROM },
		{ "to", 1, 0, TO },
		{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == HOST)
			o->host = optarg;
		else if (c == PORT)
			o->port = (uint16_t)strtoul(optarg, NULL, 10);
		else if (c == SECURITY)
			o->security = security_of(optarg);
		else if (c == CA)
			o->ca_file = optarg;
		else if (c == USER)
			o->user = str_of(optarg);
		else if (c == PASSWORD)
			password_file = optarg;
		else if (c == LOGIN)
			o->login = login_of(optarg);
		else if (c == FROM)
			m->from = str_of(optarg);
		else if (c == TO)
			m->to = str_of(optarg);
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	struct transport_options o = transport_defaults(TRANSPORT_SMTP);
	struct message m = { .from = STR("sender@example.test") };
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(transport_done) struct transport *t = NULL;
	OWNED(session_done) struct session *s = NULL;
	struct fault fault = { 0 };
	int bad = 0;

	sys_harden();
	o.secret = read_secret;
	o.helo = "client.example.test";
	read_options(argc, argv, &o, &m);
	if (failed(arena_open(256 << 20, &a)) || failed(transport_open(&o, &t, &fault)) || failed(session_open(t, &s)))
		return fprintf(stderr, "hand-over: %s\n", fault.what), 1;
	for (int i = optind; i < argc; i++)
		bad |= strcmp(argv[i], "probe") == 0 ? probe(a, t) : send_file(a, s, &m, argv[i]);
	return bad;
}
