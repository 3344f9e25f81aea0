/* Serves the page of an installation, without couriers and steward: bench-page DIR BASE_URL PORT */
#include "door/page/page.h"
#include "sys/sys.h"

#include <stdio.h>

static const char *below(struct arena *a, const char *dir, const char *name)
{
	str path;

	must(!failed(str_format(a, &path, "%s/%s", dir, name)));
	return path.at;
}

int main(int argc, char **argv)
{
	struct page_server_options o = { .connections_max = 4000, .connections_of_one_max = 4000 };
	struct page_server *server = NULL;
	struct fault fault = { 0 };
	struct arena *a;
	uint64_t port;
	err e;

	if (argc != 4 || !str_number(str_of(argv[3]), &port))
		return fprintf(stderr, "usage: bench-page DIR BASE_URL PORT\n"), 2;
	sys_harden();
	must(!failed(arena_open(1 << 20, &a)));
	stop_watch();
	o.fetch = (struct fetch_parts){ .database = below(a, argv[1], "letterlock.db"),
					.clock = sys_clock(),
					.entropy = sys_entropy() };
	o.base_url = str_of(argv[2]);
	o.certificate = below(a, argv[1], "tls/certificate.pem");
	o.key = below(a, argv[1], "tls/key.pem");
	e = keyring_open(below(a, argv[1], "keys"), &o.fetch.entropy, &o.fetch.keys, &fault);
	if (!failed(e))
		e = store_open_disk(below(a, argv[1], "objects"), &o.fetch.store, &fault);
	if (!failed(e))
		e = listen_open(STR("127.0.0.1"), (uint16_t)port, &o.listener, &fault);
	if (!failed(e))
		e = page_server_open(&o, &server, &fault);
	if (failed(e))
		return fprintf(stderr, "%s: %s %s\n", err_verdict(e)->words, fault.where, fault.what), 1;
	while (sys_sleep(HOUR))
		;
	page_server_stop(server, 5 * SECOND);
	page_server_done(&server);
	return 0;
}
