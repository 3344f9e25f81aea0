#include "net/tls_server.h"

#include "net/tls_gather.h"
#include "sys/listen.h"
#include "sys/sys.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>

enum { KEY_FILE_MAX = 64 * 1024 };

struct tls_identity {
	pthread_mutex_t lock; /* over `context` */
	SSL_CTX *context;
	char certificate_path[1024], key_path[1024];
	char challenge_certificate[1024], challenge_key[1024]; /* empty: none are answered */
};

struct tls_session {
	SSL *ssl; /* null: plain */
	int fd;
	struct gather out; /* of `ssl` */
	bool broken;       /* after a fatal error OpenSSL forbids a goodbye */
};

/* ── Identity ────────────────────────────────────────────────────────────────────────────────────── */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
			   unsigned in_len, void *state)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl, (void)state;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* B-58, R-58: what a scan of this listener shows. */
static bool set_policy(SSL_CTX *c)
{
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
				       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
				       SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(c, 2); /* whatever the system's default is */
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(c, 1);
	SSL_CTX_set_alpn_select_cb(c, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) && SSL_CTX_set_num_tickets(c, 0) &&
	       SSL_CTX_set_max_early_data(c, 0) &&
	       SSL_CTX_set_ciphersuites(c,
					"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256") &&
	       SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") &&
	       SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384");
}

/* The key passes through secret memory, never through OpenSSL's own file reading, so that its mode is looked at. */
static err read_key(const char *path, SSL_CTX *c)
{
	OWNED(arena_done) struct arena *secret = NULL;
	str pem;

	TRY(arena_open_secret(2 * KEY_FILE_MAX, &secret));
	TRY(file_read_private(secret, path, KEY_FILE_MAX, &pem));
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	bool fits = key && SSL_CTX_use_PrivateKey(c, key) == 1 && SSL_CTX_check_private_key(c) == 1;
	EVP_PKEY_free(key);
	BIO_free(bio);
	return fits ? OK : NEVER(KEY, "the TLS key is unreadable or does not belong to the certificate");
}

static err read_identity(const struct tls_identity *i, SSL_CTX **out, struct fault *fault)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	err e = c && set_policy(c) ? OK : BROKEN(CRYPTO, "OpenSSL refused the TLS settings");

	if (!failed(e) && SSL_CTX_use_certificate_chain_file(c, i->certificate_path) != 1)
		e = NEVER(KEY, "the TLS certificate cannot be read");
	if (!failed(e))
		e = read_key(i->key_path, c);
	ERR_clear_error();
	if (failed(e)) {
		fault_set(fault, "certificate %s with key %s: %s", i->certificate_path, i->key_path, e.note);
		SSL_CTX_free(c);
		return e;
	}
	*out = c;
	return OK;
}

static err keep_path(char *to, size_t max, const char *path)
{
	struct buf b = { .at = to, .max = max };

	buf_add(&b, str_of(path));
	return buf_c(&b) && !b.overflow ? OK : NEVER(LIMIT, "the path is too long");
}

err tls_identity_open(const char *certificate_path, const char *key_path, struct tls_identity **out,
		      struct fault *fault)
{
	OWNED(tls_identity_done) struct tls_identity *i = calloc(1, sizeof *i);

	if (!i)
		return LATER(MEMORY, "no memory for a TLS identity");
	pthread_mutex_init(&i->lock, NULL);
	TRY(keep_path(i->certificate_path, sizeof i->certificate_path, certificate_path));
	TRY(keep_path(i->key_path, sizeof i->key_path, key_path));
	TRY(read_identity(i, &i->context, fault));
	*out = i;
	i = NULL;
	return OK;
}

static int look_for_challenge(SSL *ssl, int *alert, void *state);

err tls_identity_reload(struct tls_identity *i, struct fault *fault)
{
	SSL_CTX *fresh, *old;

	TRY(read_identity(i, &fresh, fault));
	if (i->challenge_key[0])
		SSL_CTX_set_client_hello_cb(fresh, look_for_challenge, i);
	pthread_mutex_lock(&i->lock);
	old = i->context;
	i->context = fresh;
	pthread_mutex_unlock(&i->lock);
	SSL_CTX_free(old); /* sessions hold references of their own */
	return OK;
}

static moment moment_of(const ASN1_TIME *t)
{
	struct tm at = { 0 };

	if (ASN1_TIME_to_tm(t, &at) != 1)
		return 0;
	return moment_of_civil((struct civil){ .year = at.tm_year + 1900,
					       .month = at.tm_mon + 1,
					       .day = at.tm_mday,
					       .hour = at.tm_hour,
					       .minute = at.tm_min,
					       .second = at.tm_sec });
}

struct tls_dates tls_identity_dates(struct tls_identity *i)
{
	pthread_mutex_lock(&i->lock);
	const X509 *c = SSL_CTX_get0_certificate(i->context);
	struct tls_dates dates = { moment_of(X509_get0_notBefore(c)), moment_of(X509_get0_notAfter(c)) };
	pthread_mutex_unlock(&i->lock);
	return dates;
}

void tls_identity_done(struct tls_identity **identity)
{
	struct tls_identity *i = *identity;

	*identity = NULL;
	if (!i)
		return;
	SSL_CTX_free(i->context);
	pthread_mutex_destroy(&i->lock);
	free(i);
}

static SSL *ssl_for(struct tls_identity *i)
{
	pthread_mutex_lock(&i->lock);
	SSL *ssl = SSL_new(i->context);
	pthread_mutex_unlock(&i->lock);
	return ssl;
}

/* ── Challenges ──────────────────────────────────────────────────────────────────────────────────── */

static const unsigned char acme_protocol[] = "\x0a"
					     "acme-tls/1";

static int choose_acme(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
		       unsigned in_len, void *state)
{
	(void)ssl, (void)in, (void)in_len, (void)state; /* looked at by is_challenge() */
	*out = acme_protocol + 1;
	*out_len = sizeof acme_protocol - 2;
	return SSL_TLSEXT_ERR_OK;
}

/* RFC 8737 3: the client offers this protocol and no other. */
static bool is_challenge(SSL *ssl)
{
	const unsigned char *list;
	size_t len;

	return SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &list, &len) == 1 &&
	       len == 2 + sizeof acme_protocol - 1 && list[0] == 0 && list[1] == sizeof acme_protocol - 1 &&
	       memcmp(list + 2, acme_protocol, sizeof acme_protocol - 1) == 0;
}

static SSL_CTX *challenge_context(const struct tls_identity *i)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (c && set_policy(c) && SSL_CTX_use_certificate_chain_file(c, i->challenge_certificate) == 1 &&
	    !failed(read_key(i->challenge_key, c))) {
		SSL_CTX_set_alpn_select_cb(c, choose_acme, NULL);
		return c;
	}
	SSL_CTX_free(c);
	return NULL;
}

static int look_for_challenge(SSL *ssl, int *alert, void *state)
{
	const struct tls_identity *i = state;

	if (!is_challenge(ssl))
		return SSL_CLIENT_HELLO_SUCCESS;
	SSL_CTX *c = challenge_context(i);
	bool shown = c && SSL_set_SSL_CTX(ssl, c);
	SSL_CTX_free(c); /* the session has its own reference */
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return shown ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

err tls_identity_challenges(struct tls_identity *i, const char *folder)
{
	char path[sizeof i->challenge_key];
	struct buf b = BUF_ON(path);

	buf_add_format(&b, "%s/%s", folder, TLS_CHALLENGE_CERTIFICATE);
	TRY(keep_path(i->challenge_certificate, sizeof i->challenge_certificate, buf_c(&b)));
	b = BUF_ON(path);
	buf_add_format(&b, "%s/%s", folder, TLS_CHALLENGE_KEY);
	TRY(keep_path(i->challenge_key, sizeof i->challenge_key, buf_c(&b)));
	SSL_CTX_set_client_hello_cb(i->context, look_for_challenge, i);
	return OK;
}

bool tls_was_challenge(const struct tls_session *s)
{
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	if (s->ssl)
		SSL_get0_alpn_selected(s->ssl, &chosen, &len);
	return len == sizeof acme_protocol - 2 && memcmp(chosen, acme_protocol + 1, len) == 0;
}

/* ── Session ─────────────────────────────────────────────────────────────────────────────────────── */

/* SSL_get_error() believes what any earlier operation of this thread left behind. */
static SSL *fresh(struct tls_session *s)
{
	ERR_clear_error();
	return s->ssl;
}

static err wait_until(int fd, enum wait_for what, struct tls_wait w)
{
	span left = w.until - clock_ticks(&w.clock);

	return left > 0 ? fd_wait(fd, what, w.wake, left) : LATER(TIMEOUT, "the other side was too slow");
}

/* After an operation that returned `result` <= 0: waits for what it needs, or says why it cannot go on. */
static err wait_for_more(struct tls_session *s, int result, struct tls_wait w)
{
	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_until(s->fd, WAIT_READ, w);
	case SSL_ERROR_WANT_WRITE:
		return wait_until(s->fd, WAIT_WRITE, w);
	case SSL_ERROR_ZERO_RETURN:
		return LATER(CLOSED, "the other side is done");
	case SSL_ERROR_SYSCALL:
		s->broken = true;
		return LATER(CLOSED, "the connection broke");
	default:
		s->broken = true;
		return NEVER(TLS, "the other side does not speak TLS as it must");
	}
}

static bool connect_to_socket(struct tls_session *s)
{
	BIO *in = BIO_new_socket(s->fd, BIO_NOCLOSE), *out = gather_bio(&s->out);

	s->out.fd = s->fd;
	if (!in || !out) {
		BIO_free(in);
		BIO_free(out);
		return false;
	}
	SSL_set_bio(s->ssl, in, out); /* the session's now */
	return true;
}

err tls_accept(struct tls_identity *identity, int fd, struct tls_wait wait, struct tls_session **out)
{
	OWNED(tls_session_done) struct tls_session *s = calloc(1, sizeof *s);
	int result;

	if (!s)
		return LATER(MEMORY, "no memory for a TLS session");
	s->fd = fd;
	s->ssl = ssl_for(identity);
	if (!s->ssl || !connect_to_socket(s))
		return LATER(MEMORY, "no memory for a TLS session");
	while ((result = SSL_accept(fresh(s))) != 1)
		TRY(wait_for_more(s, result, wait));
	*out = s;
	s = NULL;
	return OK;
}

err tls_none(int fd, struct tls_session **out)
{
	struct tls_session *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory for a connection");
	s->fd = fd;
	*out = s;
	return OK;
}

void tls_session_done(struct tls_session **session)
{
	struct tls_session *s = *session;

	*session = NULL;
	if (!s)
		return;
	SSL_free(s->ssl);
	free(s);
}

err tls_read_wait(struct tls_session *s, struct tls_wait wait)
{
	return tls_pending(s) ? OK : wait_until(s->fd, WAIT_READ, wait);
}

/* ── Without TLS ── */

err bytes_before_tls(int fd, void *to, size_t max, struct tls_wait wait, size_t *got)
{
	for (;;) {
		ssize_t n = recv(fd, to, max, 0);
		if (n == 0)
			return LATER(CLOSED, "the other side is done");
		if (n > 0) {
			*got = (size_t)n;
			return OK;
		}
		if (errno != EAGAIN && errno != EINTR)
			return LATER(CLOSED, "the connection broke");
		TRY(wait_until(fd, WAIT_READ, wait));
	}
}

static err write_plain(const struct tls_session *s, str bytes, struct tls_wait wait)
{
	while (bytes.len) {
		ssize_t n = send(s->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
		if (n >= 0)
			bytes = str_from(bytes, (size_t)n);
		else if (errno == EAGAIN || errno == EINTR)
			TRY(wait_until(s->fd, WAIT_WRITE, wait));
		else
			return LATER(CLOSED, "the connection broke");
	}
	return OK;
}

/* ── With ── */

err tls_read(struct tls_session *s, void *to, size_t max, struct tls_wait wait, size_t *got)
{
	int result, most = max > INT32_MAX ? INT32_MAX : (int)max;

	if (!s->ssl)
		return bytes_before_tls(s->fd, to, max, wait, got);
	while ((result = SSL_read(fresh(s), to, most)) <= 0)
		TRY(wait_for_more(s, result, wait));
	*got = (size_t)result;
	return OK;
}

static err encrypt(struct tls_session *s, const char *at, size_t len, struct tls_wait wait)
{
	while (len > 0) {
		int result = SSL_write(fresh(s), at, len > INT32_MAX ? INT32_MAX : (int)len);
		if (result <= 0) {
			TRY(wait_for_more(s, result, wait));
			continue;
		}
		at += result;
		len -= (size_t)result;
	}
	return OK;
}

static err send_gathered(struct tls_session *s, struct tls_wait wait)
{
	int sent;

	while ((sent = gather_send(&s->out)) == 0)
		TRY(wait_until(s->fd, WAIT_WRITE, wait));
	return sent == 1 ? OK : LATER(CLOSED, "the connection broke");
}

/* What is gathered and cannot be sent is lost to the peer, and with it the order of records: no goodbye either. */
err tls_write_both(struct tls_session *s, str first, str then, struct tls_wait wait)
{
	if (!s->ssl) {
		TRY(write_plain(s, first, wait));
		return write_plain(s, then, wait);
	}
	gather_begin(&s->out, first.len + then.len);
	err e = encrypt(s, first.at, first.len, wait);
	if (!failed(e))
		e = encrypt(s, then.at, then.len, wait);
	if (!failed(e))
		e = send_gathered(s, wait);
	gather_end(&s->out);
	s->broken = s->broken || failed(e);
	return e;
}

err tls_write(struct tls_session *s, const void *from, size_t len, struct tls_wait wait)
{
	return tls_write_both(s, str_bytes(from, len), STR_NONE, wait);
}

err tls_arrived(struct tls_session *s, struct tls_wait wait)
{
	return fd_arrived(s->fd, wait.until - clock_ticks(&wait.clock));
}

bool tls_pending(const struct tls_session *s)
{
	return s->ssl && SSL_has_pending(s->ssl) == 1;
}

void tls_goodbye(struct tls_session *s, struct tls_wait wait)
{
	char waste[4096];

	if (s->broken)
		return;
	if (s->ssl)
		(void)SSL_shutdown(fresh(s));
	(void)shutdown(s->fd, SHUT_WR);
	while (!failed(wait_until(s->fd, WAIT_READ, wait)))
		if (recv(s->fd, waste, sizeof waste, 0) <= 0)
			break;
}

void tls_thread_rest(void)
{
	OPENSSL_thread_stop();
}
