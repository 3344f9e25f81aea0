/* The ends of OpenSSL's streams, where they meet ours. */
#include "crypt/cms_inside.h"

#include <pthread.h>

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int end_write(BIO *bio, const char *bytes, size_t len, size_t *written)
{
	struct cms_end *end = BIO_get_data(bio);

	if (failed(end->failed))
		return 0;
	end->failed = sink_write(end->to, bytes, len);
	*written = failed(end->failed) ? 0 : len;
	return !failed(end->failed);
}

static int end_read(BIO *bio, char *to, size_t max, size_t *got)
{
	struct cms_end *end = BIO_get_data(bio);

	*got = 0;
	if (failed(end->failed))
		return 0;
	end->failed = source_read(end->from, to, max, got);
	if (failed(end->failed))
		*got = 0;
	return *got > 0;
}

static long end_control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return what == BIO_CTRL_FLUSH;
}

static void make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "letterlock stream");

	if (m && BIO_meth_set_write_ex(m, end_write) && BIO_meth_set_read_ex(m, end_read) &&
	    BIO_meth_set_ctrl(m, end_control))
		method = m;
	else
		BIO_meth_free(m);
}

BIO *cms_end_bio(struct cms_end *end)
{
	BIO *bio;

	(void)pthread_once(&method_once, make_method);
	bio = method ? BIO_new(method) : NULL;
	if (bio) {
		BIO_set_data(bio, end);
		BIO_set_init(bio, 1);
	}
	return bio;
}

void cms_done(CMS_ContentInfo **cms)
{
	CMS_ContentInfo_free(*cms);
	*cms = NULL;
}

void cms_chain_done(BIO **chain)
{
	BIO_free_all(*chain);
	*chain = NULL;
}
