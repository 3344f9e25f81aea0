/* A peer that speaks TLS and raw bytes, for tests of what listens. */
#ifndef LETTERLOCK_TEST_TLS_PEER_H
#define LETTERLOCK_TEST_TLS_PEER_H

#include "test/support/support.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline const char *certificate_dir(void)
{
	static const char *dir;

	if (!dir) {
		dir = test_dir();
		assert_int_equal(test_shell("cd %s && umask 077 && openssl req -x509 -newkey ec -pkeyopt "
					    "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=docs.example -keyout key "
					    "-out certificate 2>/dev/null",
					    dir),
				 0);
	}
	return dir;
}

struct peer_side {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

static inline int dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(0x7f000001) } };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static inline bool greet(struct peer_side *p, uint16_t port, int version)
{
	*p = (struct peer_side){ .context = SSL_CTX_new(TLS_client_method()), .fd = dial(port) };
	SSL_CTX_set_options(p->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_security_level(p->context, 0);
	if (version) {
		SSL_CTX_set_min_proto_version(p->context, version);
		SSL_CTX_set_max_proto_version(p->context, version);
	}
	p->ssl = SSL_new(p->context);
	SSL_set_fd(p->ssl, p->fd);
	return SSL_connect(p->ssl) == 1;
}

static inline void meet(struct peer_side *p, uint16_t port)
{
	assert_true(greet(p, port, 0));
}

static inline void part(struct peer_side *p)
{
	SSL_free(p->ssl);
	SSL_CTX_free(p->context);
	close(p->fd);
}

static inline void say(struct peer_side *p, str bytes)
{
	if (bytes.len)
		assert_int_equal(SSL_write(p->ssl, bytes.at, (int)bytes.len), (int)bytes.len);
}

/* All until the server closes, at most the room there is. */
static inline str hear_all(struct peer_side *p)
{
	static char heard[1024 * 1024];
	size_t len = 0;
	int got;

	while (len < sizeof heard && (got = SSL_read(p->ssl, heard + len, (int)(sizeof heard - len))) > 0)
		len += (size_t)got;
	return str_bytes(heard, len);
}

/* One answer whose body is "hello" or empty; the connection lives on. */
static inline str hear_one(struct peer_side *p)
{
	static char heard[8192];
	size_t len = 0;

	for (;;) {
		str so_far = str_bytes(heard, len);
		if (str_find(so_far, STR("\r\n\r\n")) > 0 &&
		    (str_ends(so_far, STR("hello")) || str_find(so_far, STR("Content-Length: 0\r\n")) > 0))
			return so_far;
		int got = SSL_read(p->ssl, heard + len, (int)(sizeof heard - len));
		if (got <= 0)
			return so_far;
		len += (size_t)got;
	}
}

static inline unsigned status_of(str answer)
{
	uint64_t status = 0;

	if (str_starts(answer, STR("HTTP/1.1 ")))
		(void)str_number(str_upto(str_from(answer, 9), 3), &status);
	return (unsigned)status;
}

static inline unsigned count_of(str in, str what)
{
	unsigned count = 0;

	for (ptrdiff_t at; (at = str_find(in, what)) >= 0; count++)
		in = str_from(in, (size_t)at + what.len);
	return count;
}

#endif
