/* openssl's own server, of every kind that must not be talked to: an oracle for our clients (THREATS B-58). */
#ifndef LETTERLOCK_TEST_FAKE_OPENSSL_SERVER_H
#define LETTERLOCK_TEST_FAKE_OPENSSL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct unfit_server {
	const char *name, *options; /* of `openssl s_server`, in the directory of fake_certificates() */
};
enum { UNFIT_SERVERS = 8 };
extern const struct unfit_server unfit_servers[UNFIT_SERVERS];

uint16_t openssl_server_start(const char *options); /* listens when it returns */
/* Ends it. Whether a handshake with it was completed. */
bool openssl_server_stop(void);

#endif
