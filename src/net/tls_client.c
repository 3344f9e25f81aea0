/* The TLS half of a connection, by OpenSSL. Who the other side is, is decided twice: by the library during the
 * handshake and by us after it, because a check that silently does not happen is the classic way to lose. */
#include "net/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct tls_client {
	SSL_CTX *context;
};

/* TLS 1.2 keeps only suites with ephemeral keys and authenticated encryption (RFC 9325 4.2). */
static const char suites12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20";

static err set_up(SSL_CTX *context, const struct tls_client_options *options, struct fault *fault)
{
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	/* Groups, keys and digests of 112 bits at least, whatever the system's default is. */
	SSL_CTX_set_security_level(context, 2);
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) || !SSL_CTX_set_cipher_list(context, suites12))
		return BROKEN(TLS, "the TLS library knows no safe parameters");
	if (!options->ca_file)
		return SSL_CTX_set_default_verify_paths(context) ? OK : BROKEN(TLS, "no authorities of the system");
	if (SSL_CTX_load_verify_file(context, options->ca_file))
		return OK;
	fault_set(fault, "%s holds no certificates that could be read (PEM is expected)", options->ca_file);
	return NEVER(CONFIG, "the file of trusted certificates cannot be used");
}

void tls_client_done(struct tls_client **t)
{
	if (*t)
		SSL_CTX_free((*t)->context);
	free(*t);
	*t = NULL;
}

static void context_done(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

err tls_client_open(const struct tls_client_options *options, struct tls_client **out, struct fault *fault)
{
	OWNED(context_done) SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		return LATER(MEMORY, "no memory for TLS");
	TRY(set_up(context, options, fault));
	struct tls_client *t = calloc(1, sizeof *t);
	if (!t)
		return LATER(MEMORY, "no memory for TLS");
	t->context = context;
	context = NULL;
	*out = t;
	return OK;
}

/* What the library says about a call that did not succeed: OK means "it may be tried again now". */
static err settle(struct connection *c, int result)
{
	int error = errno;

	switch (SSL_get_error(c->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return socket_wait(c->fd, SOCKET_READABLE, &c->wait);
	case SSL_ERROR_WANT_WRITE:
		return socket_wait(c->fd, SOCKET_WRITABLE, &c->wait);
	case SSL_ERROR_ZERO_RETURN:
		return LATER(CLOSED, "the other side closed the connection");
	case SSL_ERROR_SYSCALL:
		/* The stream ended without the farewell of TLS: whatever was under way is not complete. */
		return error == 0 || error == ECONNRESET || error == EPIPE
			       ? LATER(CLOSED, "the other side cut the connection")
			       : LATER(CLOSED, "the network failed");
	default:
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
			return LATER(CLOSED, "the other side cut the connection");
		return LATER(TLS, "the other side broke TLS");
	}
}

err connection_tls_read(struct connection *c, void *to, size_t max, size_t *got)
{
	for (;;) {
		ERR_clear_error();
		errno = 0;
		int n = SSL_read_ex(c->tls, to, max, got);
		if (n > 0)
			return OK;
		TRY(settle(c, n));
	}
}

err connection_tls_write(struct connection *c, str bytes)
{
	while (bytes.len) {
		size_t written = 0;
		ERR_clear_error();
		errno = 0;
		int n = SSL_write_ex(c->tls, bytes.at, bytes.len, &written);
		if (n > 0)
			bytes = str_from(bytes, written);
		else
			TRY(settle(c, n));
	}
	return OK;
}

void connection_end_tls(struct connection *c)
{
	if (c->tls && !c->broken && SSL_is_init_finished(c->tls))
		(void)SSL_shutdown(c->tls); /* says good-bye and does not wait for the answer */
	SSL_free(c->tls);
	c->tls = NULL;
}

static bool is_figures(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

/* The name that is looked for in the certificate and announced by SNI (RFC 6066 3: never for figures). */
static err expect(SSL *tls, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls);

	if (is_figures(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) ? OK : LATER(MEMORY, "no memory for TLS");
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (!SSL_set1_host(tls, host) || !SSL_set_tlsext_host_name(tls, host))
		return NEVER(TLS, "the name cannot be looked for in a certificate");
	return OK;
}

static void explain(struct connection *c, const char *host, err e, struct fault *fault)
{
	long verified = SSL_get_verify_result(c->tls);
	unsigned long error = ERR_peek_error();
	const char *reason = ERR_reason_error_string(error);

	if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		fault_set(fault, "%s: the certificate is for another name", host);
	} else if (verified != X509_V_OK) {
		fault_set(fault, "%s: the certificate is not trusted: %s", host,
			  X509_verify_cert_error_string(verified));
	} else {
		fault_set(fault, "%s: TLS failed: %s", host, e.why == WHY_TLS && reason ? reason : e.note);
	}
}

static err shake_hands(struct connection *c)
{
	for (;;) {
		ERR_clear_error();
		errno = 0;
		int n = SSL_connect(c->tls);
		if (n == 1)
			return OK;
		TRY(settle(c, n));
	}
}

static err is_verified(const SSL *tls)
{
	X509 *certificate = SSL_get1_peer_certificate(tls);
	bool shown = certificate != NULL;

	X509_free(certificate);
	return shown && SSL_get_verify_result(tls) == X509_V_OK && SSL_version(tls) >= TLS1_2_VERSION
		       ? OK
		       : LATER(TLS, "the other side is not verified");
}

static err secure(struct connection *c, struct tls_client *t, const char *host, struct fault *fault)
{
	c->tls = SSL_new(t->context);
	if (!c->tls || !SSL_set_fd(c->tls, c->fd))
		return LATER(MEMORY, "no memory for TLS");
	TRY(expect(c->tls, host));
	err e = shake_hands(c);
	e = failed(e) ? e : is_verified(c->tls);
	if (failed(e))
		explain(c, host, e, fault);
	/* A peer that hangs up during the handshake has not become safe: for the caller that is a TLS failure. */
	return e.fate == FATE_LATER && e.why == WHY_CLOSED ? LATER(TLS, "closed during the TLS handshake") : e;
}

err connection_secure(struct connection *c, struct tls_client *t, const char *host, struct fault *fault)
{
	char bare[256];
	size_t len = strlen(host);

	must(!c->tls);
	if (!connection_is_open(c))
		return LATER(CLOSED, "the connection is closed");
	c->broken = true; /* until it is safe */
	if (c->from != c->upto || c->out.len) {
		fault_set(fault, "%s: sent bytes ahead of TLS, as an attacker would who injects replies", host);
		return NEVER(PROTOCOL, "bytes arrived before TLS began");
	}
	if (len == 0 || len >= sizeof bare)
		return NEVER(TLS, "the name cannot be looked for in a certificate");
	memcpy(bare, host, len + 1);
	if (bare[len - 1] == '.')
		bare[len - 1] = 0; /* the root's dot is no part of a name in a certificate */
	TRY(secure(c, t, bare, fault));
	snprintf(c->security, sizeof c->security, "%s %s", SSL_get_version(c->tls), SSL_get_cipher_name(c->tls));
	c->broken = false;
	return OK;
}

str connection_security(const struct connection *c)
{
	return str_of(c->security);
}

moment connection_certificate_end(const struct connection *c)
{
	X509 *certificate = c->tls ? SSL_get1_peer_certificate(c->tls) : NULL;
	struct tm at = { 0 };
	bool known = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &at) == 1;

	X509_free(certificate);
	return known ? moment_of_civil((struct civil){ .year = at.tm_year + 1900,
						       .month = at.tm_mon + 1,
						       .day = at.tm_mday,
						       .hour = at.tm_hour,
						       .minute = at.tm_min,
						       .second = at.tm_sec })
		     : MOMENT_NEVER;
}
