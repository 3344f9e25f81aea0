/* usage: bench-ses ENDPOINT CA CONNECTIONS MESSAGES BYTES
 * Mails so many messages of so many bytes by the transport ses, over so many sessions, and says how long that took and
 * how much computing. */
#include "deliver/deliver.h"
#include "sys/sys.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct transport *transport;
static atomic_long left, delivered;
static str text;

static void *send_many(void *state)
{
	struct session *s = NULL;
	char number[64];

	(void)state;
	if (failed(session_open(transport, &s)))
		exit(1);
	for (long n; (n = atomic_fetch_sub(&left, 1)) > 0;) {
		struct outcome o;
		snprintf(number, sizeof number, "<%ld@bench.test>", n);
		struct message m = { .from = STR("sender@example.com"),
				     .to = STR("to@example.net"),
				     .id = str_of(number),
				     .bytes = text };
		if (failed(session_send(s, &m, &o)) || o.result != OUTCOME_DELIVERED)
			exit(fprintf(stderr, "%s: %s\n", o.stage, o.text) > 0);
		atomic_fetch_add(&delivered, 1);
	}
	session_done(&s);
	return NULL;
}

static str make_text(size_t len)
{
	static const char head[] = "From: sender@example.com\r\nTo: to@example.net\r\nSubject: bench\r\n\r\n";
	char *at = malloc(len + sizeof head + 80);
	size_t n = sizeof head - 1;

	memcpy(at, head, n);
	while (n < len) {
		memset(at + n, 'x', 70);
		memcpy(at + n + 70, "\r\n", 2);
		n += 72;
	}
	return str_bytes(at, n);
}

static err open_transport(char **argv)
{
	struct aws_login_options login = { .source = AWS_ENVIRONMENT, .refuse_after = DAY, .clock = sys_clock() };
	struct transport_options o = transport_defaults(TRANSPORT_SES);

	TRY(aws_login_open(&login, &o.signer));
	o.endpoint = str_of(argv[1]);
	o.ca_file = argv[2];
	o.region = STR("eu-central-1");
	o.sender = STR("sender@example.com");
	return transport_open(&o, &transport, NULL);
}

int main(int argc, char **argv)
{
	struct clock c = sys_clock();
	pthread_t thread[256];

	if (argc != 6)
		return fprintf(stderr, "bench-ses ENDPOINT CA CONNECTIONS MESSAGES BYTES\n"), 2;
	signal(SIGPIPE, SIG_IGN);
	if (failed(open_transport(argv)))
		return 1;
	unsigned count = (unsigned)strtoul(argv[3], NULL, 10);
	text = make_text(strtoul(argv[5], NULL, 10));
	atomic_store(&left, strtol(argv[4], NULL, 10));
	int64_t began = clock_ticks(&c);
	for (unsigned i = 0; i < count && i < 256; i++)
		must(pthread_create(&thread[i], NULL, send_many, NULL) == 0);
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_join(thread[i], NULL);
	double seconds = (double)(clock_ticks(&c) - began) / 1e6, computing = (double)clock() / CLOCKS_PER_SEC;
	printf("{\"rate\": %f, \"computing_ms\": %f}\n", (double)atomic_load(&delivered) / seconds,
	       1000 * computing / (double)atomic_load(&delivered));
	transport_done(&transport);
	return 0;
}
