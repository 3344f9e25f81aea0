/* What a transport promises besides its dialogues: a maildir that does not double, refusals of unsafe settings,
 * stopping in the middle, and words for `config check`. */
#include "deliver/deliver.h"

#include "test/fake/certificates.h"
#include "test/fake/openssl_server.h"
#include "test/fake/smtp_server.h"
#include "test/support/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct message hello = { .from = STR("a@example.test"),
				      .to = STR("b@example.test"),
				      .id = STR("<1@example.test>"),
				      .bytes = STR("Subject: x\r\n\r\n.y\r\n") };

static int count_files(const char *dir, const char *below)
{
	char command[512], answer[16] = "";

	snprintf(command, sizeof command, "find '%s/%s' -type f | wc -l > '%s/count'", dir, below, dir);
	assert_int_equal(test_shell("%s", command), 0);
	snprintf(command, sizeof command, "%s/count", dir);
	FILE *f = fopen(command, "r");
	assert_non_null(fgets(answer, sizeof answer, f));
	fclose(f);
	return (int)strtol(answer, NULL, 10);
}

static void maildir_keeps_the_bytes_and_does_not_double_a_repeat(void **state)
{
	OWNED(transport_done) struct transport *t = NULL;
	OWNED(session_done) struct session *s = NULL;
	const char *dir = test_dir();
	struct transport_options o = transport_defaults(TRANSPORT_MAILDIR);
	struct message other = hello;
	struct outcome outcome;

	o.dir = dir;
	assert_ok(transport_open(&o, &t, NULL));
	assert_ok(session_open(t, &s));
	for (int i = 0; i < 3; i++) {
		assert_ok(session_send(s, &hello, &outcome));
		assert_int_equal(outcome.result, OUTCOME_DELIVERED);
	}
	assert_int_equal(count_files(dir, "new"), 1);
	assert_int_equal(count_files(dir, "tmp"), 0);
	other.id = STR("<2@example.test>");
	assert_ok(session_send(s, &other, &outcome));
	assert_int_equal(count_files(dir, "new"), 2);
	assert_int_equal(test_shell("printf 'Subject: x\\r\\n\\r\\n.y\\r\\n' > '%s/want' && for f in '%s'/new/*; do "
				    "cmp \"$f\" '%s/want' || exit 1; done",
				    dir, dir, dir),
			 0);
}

static void maildir_that_cannot_be_written_is_the_transports_trouble(void **state)
{
	OWNED(transport_done) struct transport *t = NULL;
	OWNED(session_done) struct session *s = NULL;
	const char *dir = test_dir();
	struct transport_options o = transport_defaults(TRANSPORT_MAILDIR);
	struct outcome outcome;

	o.dir = dir;
	assert_ok(transport_open(&o, &t, NULL));
	assert_ok(session_open(t, &s));
	assert_int_equal(test_shell("rm -rf '%s/tmp' && touch '%s/tmp'", dir, dir), 0);
	assert_true(failed(session_send(s, &hello, &outcome)));
	assert_int_equal(outcome.result, OUTCOME_LATER);
}

static struct transport_options relay(uint16_t port)
{
	struct transport_options o = transport_defaults(TRANSPORT_SMTP);

	o.host = "127.0.0.1";
	o.port = port;
	o.security = SMTP_CLEAR;
	return o;
}

static void unsafe_settings_are_refused(void **state)
{
	OWNED(transport_done) struct transport *t = NULL;
	struct transport_options o = relay(25);

	o.user = STR("user");
	assert_why(NEVER, CONFIG, transport_open(&o, &t, NULL));
	o = relay(0);
	assert_why(NEVER, CONFIG, transport_open(&o, &t, NULL));
	o = relay(25);
	o.security = SMTP_STARTTLS;
	o.ca_file = "/nonexistent/ca.pem";
	struct fault fault = { 0 };
	assert_why(NEVER, CONFIG, transport_open(&o, &t, &fault));
	assert_false(fault_empty(&fault));
	assert_null(t);
}

static err send_once(const struct transport_options *o, struct outcome *outcome)
{
	OWNED(transport_done) struct transport *t = NULL;
	OWNED(session_done) struct session *s = NULL;

	assert_ok(transport_open(o, &t, NULL));
	assert_ok(session_open(t, &s));
	return session_send(s, &hello, outcome);
}

static void nobody_there_is_said_in_words(void **state)
{
	struct transport_options o = relay(1);
	struct outcome outcome;

	assert_why(LATER, CONNECT, send_once(&o, &outcome));
	assert_int_equal(outcome.result, OUTCOME_LATER);
	assert_false(outcome.uncertain);
	assert_string_equal(outcome.text, "127.0.0.1 port 1: Connection refused");
	assert_string_equal(outcome.enhanced, "4.4.1");
	o.host = "nobody.invalid";
	assert_why(LATER, RESOLVE, send_once(&o, &outcome));
}

/* A machine's own address that is not loopback stands for another machine. */
static void nothing_goes_out_in_the_clear_to_another_machine(void **state)
{
	char address[64] = "";
	FILE *f = popen("hostname -I", "r");

	if (!f || !fgets(address, sizeof address, f) || address[0] == '\n' || address[0] == 0)
		skip();
	address[strcspn(address, " \n")] = 0;
	int listening;
	assert_ok(socket_listen(address, 0, &listening));
	struct transport_options o = relay(socket_port(listening));
	struct outcome outcome;
	o.host = address;
	assert_why(NEVER, TLS, send_once(&o, &outcome));
	assert_int_equal(outcome.result, OUTCOME_LATER);
	close(listening);
	pclose(f);
}

#define OPENING "S: 220 hi\nC: EHLO localhost\nS: 250-relay\nS: 250 PIPELINING\n"
#define ENVELOPE                                                                                                       \
	"C: MAIL FROM:<a@example.test>\nC: RCPT TO:<b@example.test>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n"

static void *stop_soon(void *state)
{
	usleep(100 * 1000);
	assert_int_equal(write(*(int *)state, "x", 1), 1);
	return NULL;
}

static err stop_while(const char *dialogue, span grace, struct outcome *outcome, int64_t *took)
{
	struct clock c = sys_clock();
	struct fake_smtp *server = fake_smtp_start(str_of(dialogue));
	struct transport_options o = relay(fake_smtp_port(server));
	pthread_t thread;
	int bell[2];

	assert_int_equal(pipe(bell), 0);
	o.stop_fd = bell[0];
	o.grace = grace;
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &bell[1]), 0);
	int64_t began = clock_ticks(&c);
	err e = send_once(&o, outcome);
	*took = clock_ticks(&c) - began;
	pthread_join(thread, NULL);
	close(bell[0]);
	close(bell[1]);
	const char *wrong = fake_smtp_end(server);
	assert_string_equal(wrong ? wrong : "", "");
	return e;
}

static void stopping_lets_the_message_in_flight_finish(void **state)
{
	struct outcome o;
	int64_t took;

	assert_ok(stop_while(OPENING ENVELOPE "C. \nS! wait 300\nS: 250 ok\n", 5 * SECOND, &o, &took));
	assert_int_equal(o.result, OUTCOME_DELIVERED);
}

static void stopping_waits_no_longer_than_the_grace(void **state)
{
	struct outcome o;
	int64_t took;

	assert_why(LATER, CANCELLED, stop_while(OPENING ENVELOPE "C. \nC! eof\n", SECOND / 5, &o, &took));
	assert_true(o.uncertain);
	assert_true(took < 2 * SECOND);
	/* Before the dot nothing is in doubt. */
	assert_why(LATER, CANCELLED, stop_while("C! eof\n", SECOND / 5, &o, &took));
	assert_false(o.uncertain);
}

static void nothing_new_begins_after_stopping_was_wanted(void **state)
{
	struct transport_options o = relay(1);
	struct outcome outcome;
	int bell[2];

	assert_int_equal(pipe(bell), 0);
	assert_int_equal(write(bell[1], "x", 1), 1);
	o.stop_fd = bell[0];
	assert_why(LATER, CANCELLED, send_once(&o, &outcome));
	assert_int_equal(outcome.result, OUTCOME_LATER);
	close(bell[0]);
	close(bell[1]);
}

static void probe_tells_what_it_found(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(transport_done) struct transport *t = NULL;
	char ca[600];
	struct fake_smtp *server = fake_smtp_start(STR("S! tls good\nS: 220 hi\nC: EHLO localhost\nS: 250-relay\nS: "
						       "250-SIZE 1000\nS: 250 PIPELINING\nC: QUIT\nS: 221 bye\n"));
	struct transport_options o = relay(fake_smtp_port(server));
	struct allowance allowed;
	str words = STR_NONE;

	snprintf(ca, sizeof ca, "%s/ca.pem", fake_certificates());
	o.security = SMTP_IMPLICIT;
	o.ca_file = ca;
	assert_ok(arena_open(1 << 16, &a));
	assert_ok(transport_open(&o, &t, NULL));
	assert_ok(transport_probe(a, t, &words, &allowed, NULL));
	assert_true(str_find(words, STR("TLSv1.3")) > 0);
	assert_true(str_find(words, STR("up to 1000 bytes")) > 0);
	assert_true(str_find(words, STR("certificate good until 20")) > 0);
	assert_null(fake_smtp_end(server));

	server = fake_smtp_start(STR("S! tls expired\nC! eof\n"));
	struct transport_options bad = o;
	OWNED(transport_done) struct transport *t2 = NULL;
	struct fault fault = { 0 };
	bad.port = fake_smtp_port(server);
	assert_ok(transport_open(&bad, &t2, NULL));
	assert_why(LATER, TLS, transport_probe(a, t2, &words, &allowed, &fault));
	assert_true(str_find(str_of(fault.what), STR("expired")) > 0);
	assert_null(fake_smtp_end(server));
}

static void an_unfit_relay_is_refused_by_its_tls(void **state)
{
	struct outcome outcome;
	char ca[600];

	(void)state;
	snprintf(ca, sizeof ca, "%s/ca.pem", fake_certificates());
	for (size_t i = 0; i < UNFIT_SERVERS; i++) {
		struct transport_options o = relay(openssl_server_start(unfit_servers[i].options));
		o.security = SMTP_IMPLICIT;
		o.ca_file = ca;
		err e = send_once(&o, &outcome);
		if (openssl_server_stop() || e.why != WHY_TLS)
			fail_msg("%s: %s", unfit_servers[i].name, e.note ? e.note : "sent");
		assert_why(LATER, TLS, e);
	}
}

TESTS(transport, test(maildir_keeps_the_bytes_and_does_not_double_a_repeat),
      test(maildir_that_cannot_be_written_is_the_transports_trouble), test(unsafe_settings_are_refused),
      test(nobody_there_is_said_in_words), test(nothing_goes_out_in_the_clear_to_another_machine),
      test(stopping_lets_the_message_in_flight_finish), test(stopping_waits_no_longer_than_the_grace),
      test(nothing_new_begins_after_stopping_was_wanted), test(probe_tells_what_it_found),
      test(an_unfit_relay_is_refused_by_its_tls))
