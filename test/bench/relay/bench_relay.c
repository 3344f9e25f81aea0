/* bench-relay: how fast deliver/ hands messages to a relay on this machine.
 *
 *     bench-relay PORT CONNECTIONS MESSAGES BYTES [CA]     (CA: implicit TLS, else in the clear)
 *
 * Prints messages a second. The peers' figures with the same sink are in the description of the benchmarks. */
#include "deliver/deliver.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct transport *transport;
static atomic_long left;
static atomic_ulong delivered;
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
		struct message m = { .from = STR("sender@bench.test"),
				     .to = STR("to@bench.test"),
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
	static const char head[] = "Subject: bench\r\nMessage-ID: <bench@bench.test>\r\n\r\n";
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

int main(int argc, char **argv)
{
	struct transport_options o = transport_defaults(TRANSPORT_SMTP);
	struct clock c = sys_clock();
	pthread_t thread[256];

	if (argc < 5)
		return fprintf(stderr, "bench-relay PORT CONNECTIONS MESSAGES BYTES [CA]\n"), 2;
	signal(SIGPIPE, SIG_IGN);
	o.host = "127.0.0.1";
	o.port = (uint16_t)strtoul(argv[1], NULL, 10);
	o.security = argc > 5 ? SMTP_IMPLICIT : SMTP_CLEAR;
	o.ca_file = argc > 5 ? argv[5] : NULL;
	o.messages_max = UINT32_MAX;
	if (failed(transport_open(&o, &transport, NULL)))
		return 1;
	unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
	text = make_text(strtoul(argv[4], NULL, 10));
	atomic_store(&left, strtol(argv[3], NULL, 10));
	int64_t began = clock_ticks(&c);
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_create(&thread[i], NULL, send_many, NULL);
	for (unsigned i = 0; i < count && i < 256; i++)
		pthread_join(thread[i], NULL);
	double seconds = (double)(clock_ticks(&c) - began) / 1e6;
	printf("%.0f messages/s (%lu over %u connections, %zu bytes each)\n", (double)atomic_load(&delivered) / seconds,
	       atomic_load(&delivered), count, text.len);
	transport_done(&transport);
	return 0;
}
