#include "test/fake/https_server.h"

#include "test/fake/certificates.h"
#include "test/support/support.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_MAX = 256 * 1024 };

struct fake_https_server {
	struct fake_https how;
	SSL_CTX *context;
	pthread_t thread;
	int listener;
	atomic_bool stopping;
	atomic_int at_work; /* the connection that is served; -1: none */
	atomic_uint connections, requests;
	char heard[HEARD_MAX + 1], answer[HEARD_MAX];
};

struct wire {
	SSL *tls;
	int fd;
};

static int wire_read(struct wire *w, char *to, size_t max)
{
	return w->tls ? SSL_read(w->tls, to, (int)max) : (int)read(w->fd, to, max);
}

static void wire_write(struct wire *w, str s)
{
	while (s.len) {
		int n = w->tls ? SSL_write(w->tls, s.at, (int)s.len) : (int)write(w->fd, s.at, s.len);
		if (n <= 0)
			return;
		s = str_from(s, (size_t)n);
	}
}

static size_t body_len(str head)
{
	const char *at = strcasestr(head.at, "\r\ncontent-length:"); /* the buffer ends in NUL */

	return at && at < head.at + head.len ? strtoul(at + 17, NULL, 10) : 0;
}

/* A whole request: its head with the empty line, and its body. */
static bool hear(struct fake_https_server *s, struct wire *w, str *head, str *body)
{
	size_t len = 0;

	for (;;) {
		str so_far = str_bytes(s->heard, len);
		ptrdiff_t end = str_find(so_far, STR("\r\n\r\n"));
		if (end >= 0) {
			*head = str_upto(so_far, (size_t)end + 4);
			*body = str_from(so_far, head->len);
			if (body->len >= body_len(*head))
				return true;
		}
		int n = wire_read(w, s->heard + len, HEARD_MAX - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		s->heard[len] = 0;
	}
}

static void converse(struct fake_https_server *s, struct wire *w)
{
	str head, body;

	for (bool first = true; hear(s, w, &head, &body); first = false) {
		s->connections += first;
		s->requests++;
		str answer = s->how.answer(head, body, s->answer, sizeof s->answer);
		wire_write(w, answer);
		if (s->how.hang_up || answer.len == 0 || str_find(answer, STR("Connection: close")) >= 0)
			return;
	}
}

static void serve_one(struct fake_https_server *s, int fd)
{
	struct wire w = { .fd = fd };

	s->at_work = fd;
	if (s->context) {
		w.tls = SSL_new(s->context);
		SSL_set_fd(w.tls, fd);
	}
	if (!w.tls || SSL_accept(w.tls) == 1)
		converse(s, &w);
	if (w.tls && SSL_is_init_finished(w.tls))
		SSL_shutdown(w.tls);
	SSL_free(w.tls);
	s->at_work = -1;
	close(fd);
}

static void *serve(void *state)
{
	struct fake_https_server *s = state;
	int fd;

	while (!s->stopping && (fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve_one(s, fd);
	return NULL;
}

static SSL_CTX *context_of(const struct fake_https *how)
{
	char certificate[512], key[512];
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	snprintf(certificate, sizeof certificate, "%s/%s.pem", fake_certificates(), how->certificate);
	snprintf(key, sizeof key, "%s/%s.key", fake_certificates(), how->certificate);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(c, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM), 1);
	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (how->version_max) {
		SSL_CTX_set_min_proto_version(c, 0);
		SSL_CTX_set_max_proto_version(c, how->version_max);
	}
	return c;
}

struct fake_https_server *fake_https_start(const struct fake_https *how, uint16_t *port)
{
	struct fake_https_server *s = calloc(1, sizeof *s);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof at;

	signal(SIGPIPE, SIG_IGN); /* as sys_harden() does */
	assert_non_null(s);
	s->how = *how;
	s->at_work = -1;
	s->context = how->certificate ? context_of(how) : NULL;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->listener, 16), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
	return s;
}

unsigned fake_https_connections(struct fake_https_server *s)
{
	return s->connections;
}

unsigned fake_https_requests(struct fake_https_server *s)
{
	return s->requests;
}

void fake_https_stop(struct fake_https_server *s)
{
	int busy = s->at_work;

	s->stopping = true;
	shutdown(s->listener, SHUT_RDWR);
	if (busy >= 0)
		shutdown(busy, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	SSL_CTX_free(s->context);
	free(s);
}
