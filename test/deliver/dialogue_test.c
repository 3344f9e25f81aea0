/* Plays every test/dialogue/NAME.smtp: the server's side by the scripted server, the client's side by a real session.
 * Besides S and C, a dialogue has lines for the client:
 *
 *     ! security clear|starttls|implicit        ! login plain|login|xoauth2|any        ! host 127.0.0.1
 *     ! patience MS    (each of them)           ! limit N   (messages on one connection)
 *     ! message ESCAPED                         the next messages to be sent (the default is a small one)
 *     ! pause MS                                does nothing
 *     ! from ADDRESS  ! to ADDRESS  ! utf8      of the next messages
 *     > delivered|later|never [WORD…]           sends a message, which must end so
 *
 * A WORD is code=N, enhanced=X, stage=NAME, why=NAME, text=PIECE, uncertain, tls, or transport=NAME for the error that
 * session_send() must give (without it, it must give none). */
#include "deliver/deliver.h"
#include "test/fake/certificates.h"
#include "test/fake/smtp_server.h"
#include "test/support/support.h"

#include <dirent.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct player {
	struct arena *arena;
	struct transport_options options;
	struct transport *transport;
	struct session *session;
	struct message message;
	const char *name;
	unsigned line, wrong;
};

static err tell_secret(void *state, struct arena *secret, str *out)
{
	(void)state;
	return str_copy(secret, STR("s3cret-word"), out);
}

static void unescape(struct player *p, str s, str *out)
{
	struct buf b;

	assert_ok(buf_open(p->arena, s.len + 1, &b));
	for (size_t i = 0; i < s.len; i++) {
		bool escaped = s.at[i] == '\\' && i + 1 < s.len;
		char c = s.at[i += escaped];
		if (escaped && c == 'x') {
			assert_ok(hex_decode(str_upto(str_from(s, i + 1), 2), &b));
			i += 2;
			continue;
		}
		buf_add_char(&b, !escaped ? c : c == 'r' ? '\r' : c == 'n' ? '\n' : c);
	}
	*out = buf_str(&b);
}

static void set_patience(struct transport_options *o, uint64_t ms)
{
	span s = (span)ms * 1000;

	o->patience = (struct smtp_patience){ s, s, s, s, s, s };
}

static void set_login(struct transport_options *o, str way)
{
	o->user = STR("user@example.test");
	o->secret = tell_secret;
	o->login = str_same(way, STR("plain"))     ? SMTP_LOGIN_PLAIN
		   : str_same(way, STR("login"))   ? SMTP_LOGIN_LOGIN
		   : str_same(way, STR("xoauth2")) ? SMTP_LOGIN_XOAUTH2
						   : SMTP_LOGIN_NONE;
}

static void set(struct player *p, str line)
{
	struct transport_options *o = &p->options;
	str name, value;
	uint64_t n = 0;

	(void)str_cut(line, ' ', &name, &value);
	(void)str_number(value, &n);
	if (str_same(name, STR("security")))
		o->security = str_same(value, STR("clear"))      ? SMTP_CLEAR
			      : str_same(value, STR("implicit")) ? SMTP_IMPLICIT
								 : SMTP_STARTTLS;
	else if (str_same(name, STR("login")))
		set_login(o, value);
	else if (str_same(name, STR("host")))
		assert_ok(str_c(p->arena, value, &o->host));
	else if (str_same(name, STR("patience")))
		set_patience(o, n);
	else if (str_same(name, STR("limit")))
		o->messages_max = (uint32_t)n;
	else if (str_same(name, STR("message")))
		unescape(p, value, &p->message.bytes);
	else if (str_same(name, STR("from")))
		unescape(p, value, &p->message.from);
	else if (str_same(name, STR("to")))
		unescape(p, value, &p->message.to);
	else if (str_same(name, STR("pause")))
		usleep((useconds_t)n * 1000);
	else if (str_same(name, STR("utf8")))
		p->message.smtputf8 = true;
	else
		fail_msg("%s:%u: unknown setting", p->name, p->line);
}

static void differ(struct player *p, str word, const struct outcome *o, err e)
{
	print_error("%s:%u: not %.*s: %.*s%s why=%d code=%u enhanced=%s stage=%s text=<%s> error=%s (%s)\n", p->name,
		    p->line, STR_ARG(word), STR_ARG(outcome_result_name(o->result)), o->uncertain ? " uncertain" : "",
		    o->why, o->code, o->enhanced, o->stage, o->text, failed(e) ? err_verdict(e)->name : "none",
		    e.note ? e.note : "");
	p->wrong++;
}

static bool holds(str word, const struct outcome *o, err e)
{
	str name, value;
	uint64_t n = 0;

	(void)str_cut(word, '=', &name, &value);
	if (str_same(name, STR("code")))
		return str_number(value, &n) && n == o->code;
	if (str_same(name, STR("enhanced")))
		return str_same(value, str_of(o->enhanced));
	if (str_same(name, STR("stage")))
		return str_same(value, str_of(o->stage));
	if (str_same(name, STR("why")))
		return str_same(value, str_of(err_verdict((err){ .why = (uint16_t)o->why })->name));
	if (str_same(name, STR("text")))
		return str_find(str_of(o->text), value) >= 0;
	if (str_same(name, STR("transport")))
		return failed(e) && str_same(value, str_of(err_verdict(e)->name));
	return str_same(name, STR("uncertain")) ? o->uncertain : str_same(name, STR("tls")) && o->security[0];
}

static void check(struct player *p, str words, const struct outcome *o, err e)
{
	str word;
	bool transport = false, uncertain = false;

	(void)str_cut(words, ' ', &word, &words);
	if (!str_same(word, outcome_result_name(o->result)))
		differ(p, word, o, e);
	while (words.len) {
		(void)str_cut(words, ' ', &word, &words);
		transport |= str_starts(word, STR("transport="));
		uncertain |= str_same(word, STR("uncertain"));
		if (!holds(word, o, e))
			differ(p, word, o, e);
	}
	if (failed(e) != transport || o->uncertain != uncertain)
		differ(p, STR("a transport's error, or uncertain"), o, e);
	if (failed(e) && o->result != OUTCOME_LATER)
		differ(p, STR("later"), o, e);
	if (!str_clean(str_of(o->text)) || strlen(o->text) > SMTP_TEXT_MAX)
		differ(p, STR("clean text"), o, e);
}

static void send_one(struct player *p, str words)
{
	struct outcome o;

	if (!p->transport) {
		struct fault fault = { 0 };
		assert_ok(transport_open(&p->options, &p->transport, &fault));
		assert_ok(session_open(p->transport, &p->session));
	}
	err e = session_send(p->session, &p->message, &o);
	check(p, words, &o, e);
}

static void play_client(struct player *p, str script)
{
	str line;

	while (script.len) {
		(void)str_cut(script, '\n', &line, &script);
		p->line++;
		if (str_starts(line, STR("! ")))
			set(p, str_from(line, 2));
		if (str_starts(line, STR("> ")))
			send_one(p, str_from(line, 2));
	}
	session_done(&p->session);
	transport_done(&p->transport);
}

static unsigned play(const char *dir, const char *name)
{
	OWNED(arena_done) struct arena *a = NULL;
	char path[1024], ca[600];

	assert_ok(arena_open(8 << 20, &a));
	snprintf(path, sizeof path, "%s/%s", dir, name);
	snprintf(ca, sizeof ca, "%s/ca.pem", fake_certificates());
	struct player p = { .arena = a, .name = name, .options = transport_defaults(TRANSPORT_SMTP) };
	p.message = (struct message){ .from = STR("sender@example.test"),
				      .to = STR("recipient@example.test"),
				      .domain = STR("example.test"),
				      .id = STR("<1@example.test>"),
				      .bytes = STR("Subject: hello\r\n\r\nText.\r\n") };
	p.options.host = "localhost";
	p.options.security = SMTP_CLEAR;
	p.options.ca_file = ca;
	p.options.helo = "client.example.test";
	set_patience(&p.options, 3000);

	str script = test_file(a, path);
	struct fake_smtp *server = fake_smtp_start(script);
	p.options.port = fake_smtp_port(server);
	play_client(&p, script);
	const char *wrong = fake_smtp_end(server);
	if (wrong) {
		print_error("%s:%s\n", name, wrong);
		p.wrong++;
	}
	return p.wrong;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void every_dialogue_ends_as_written(void **state)
{
	const char *only = getenv("DIALOGUE"), *dir = TEST_SOURCE "/test/dialogue";
	struct dirent **found;
	unsigned wrong = 0, played = 0;
	int count = scandir(dir, &found, NULL, by_name);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (fnmatch(only ? only : "*.smtp", found[i]->d_name, 0) == 0) {
			wrong += play(dir, found[i]->d_name);
			played++;
		}
		free(found[i]);
	}
	free(found);
	print_message("%u dialogues\n", played);
	assert_true(played > 0);
	assert_int_equal(wrong, 0);
}

TESTS(dialogue, test(every_dialogue_ends_as_written))
