#include "net/tls_gather.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A record: its head, at most 16 KiB, and what the cipher adds (RFC 8446 5.2, RFC 5246 6.2.3). */
enum { RECORD = 16384, RECORD_MORE = 64, RECORDS_LEAST = 4 };

static bool is_for_later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static int send_now(BIO *bio, const struct gather *g, const char *from, int len)
{
	ssize_t n = send(g->fd, from, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0 && is_for_later())
		BIO_set_retry_write(bio);
	return (int)n;
}

static int write_record(BIO *bio, const char *from, int len)
{
	struct gather *g = BIO_get_data(bio);

	if (!g->room)
		return send_now(bio, g, from, len);
	BIO_clear_retry_flags(bio);
	if ((size_t)len > g->max - g->upto)
		len = (int)(g->max - g->upto);
	if (len == 0)
		return -1; /* more records than the plaintext makes: the connection is broken off, not waited for */
	memcpy(g->room + g->upto, from, (size_t)len);
	g->upto += (size_t)len;
	return len;
}

/* OpenSSL flushes after each flight; we do when all is gathered. */
static long control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gather");
	if (method && !(BIO_meth_set_write(method, write_record) && BIO_meth_set_ctrl(method, control))) {
		BIO_meth_free(method);
		method = NULL;
	}
}

BIO *gather_bio(struct gather *g)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_method);
	BIO *bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return NULL;
	BIO_set_data(bio, g);
	BIO_set_init(bio, 1);
	return bio;
}

void gather_begin(struct gather *g, size_t len)
{
	g->max = len + (len / RECORD + RECORDS_LEAST) * RECORD_MORE;
	g->room = malloc(g->max);
	g->from = g->upto = 0;
}

int gather_send(struct gather *g)
{
	while (g->from < g->upto) {
		ssize_t n = send(g->fd, g->room + g->from, g->upto - g->from, MSG_NOSIGNAL);
		if (n < 0)
			return is_for_later() ? 0 : -1;
		g->from += (size_t)n;
	}
	g->from = g->upto = 0;
	return 1;
}

void gather_end(struct gather *g)
{
	free(g->room);
	*g = (struct gather){ .fd = g->fd };
}
