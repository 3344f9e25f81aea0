/* Encrypting to certificates: EnvelopedData or AuthEnvelopedData, written while the content passes. */
#include "crypt/cms_inside.h"

#include <openssl/ec.h>
#include <openssl/err.h>

enum { PIECE = 1 << 20 }; /* BIO_write takes an int */

struct encrypting {
	struct cms_end end;
	CMS_ContentInfo *cms;
	BIO *stream;
	bool any;
};

static err broken(const struct encrypting *e)
{
	ERR_clear_error();
	TRY(e->end.failed); /* ours is the reason, if there is one */
	return BROKEN(CRYPTO, "encrypting failed");
}

static void release(struct encrypting *e)
{
	cms_chain_done(&e->stream);
	cms_done(&e->cms);
	ERR_clear_error();
}

static err encrypting_write(void *state, const void *from, size_t len)
{
	struct encrypting *e = state;
	const char *at = from;

	e->any |= len > 0;
	for (size_t left = len; left;) {
		int piece = left < PIECE ? (int)left : PIECE;
		if (BIO_write(e->stream, at, piece) != piece)
			return broken(e);
		at += piece;
		left -= (size_t)piece;
	}
	return OK;
}

/* The tag of GCM and the end marks of BER are written when the stream is flushed. */
static err encrypting_finish(void *state)
{
	struct encrypting *e = state;

	if (!e->any)
		return NEVER(DOCUMENT, "there was nothing to encrypt");
	if (BIO_flush(e->stream) != 1)
		return broken(e);
	TRY(e->end.failed);
	release(e);
	return OK;
}

static void encrypting_abandon(void *state)
{
	release(state);
}

/* RFC 8551 2.3 and RFC 5753 7.1.4: the KDF with SHA-256; the library's default is SHA-1's. */
static bool set_kdf(CMS_RecipientInfo *recipient)
{
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(recipient);

	return CMS_RecipientInfo_type(recipient) != CMS_RECIPINFO_AGREE ||
	       (ctx && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0);
}

static err add_recipients(CMS_ContentInfo *cms, const struct mail_certificate *const *to, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CMS_RecipientInfo *r = CMS_add1_recipient_cert(cms, to[i]->x509, CMS_KEY_PARAM);
		if (!r || !set_kdf(r)) {
			ERR_clear_error();
			return NEVER(KEY, "nothing can be encrypted to this certificate");
		}
	}
	return OK;
}

static err open_stream(struct encrypting *e)
{
	BIO *end = cms_end_bio(&e->end);

	e->stream = end ? BIO_new_CMS(end, e->cms) : NULL;
	if (!e->stream) {
		(void)BIO_free(end);
		return broken(e);
	}
	return OK;
}

err cms_encrypt(struct arena *a, const struct mail_certificate *const *to, size_t count, enum cms_cipher cipher,
		struct sink *below, struct sink *out)
{
	static const struct sink_ops ops = { encrypting_write, encrypting_finish, encrypting_abandon };
	const EVP_CIPHER *with = cipher == CMS_GCM ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
	struct encrypting *e;

	if (!count || count > CMS_RECIPIENTS_MAX)
		return NEVER(LIMIT, "encrypted is to 1 to 100 certificates");
	TRY(NEW(a, e));
	*e = (struct encrypting){ .end = { .to = below } };
	e->cms = CMS_encrypt(NULL, NULL, with, CMS_STREAM | CMS_PARTIAL | CMS_BINARY);
	err failure = e->cms ? add_recipients(e->cms, to, count) : broken(e);
	if (!failed(failure))
		failure = open_stream(e);
	if (failed(failure))
		release(e);
	else
		*out = (struct sink){ &ops, e };
	return failure;
}
