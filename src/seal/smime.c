/* S/MIME as a stack of streams: signed, then encrypted, then written as lines. */
#include "seal/smime.h"

#include "wire/mime.h"

struct smime {
	struct arena *arena;
	struct sink lines, encrypted;
	struct cms_signing *signing; /* null: not signed */
	char boundary[MIME_BOUNDARY];
};

static err write_outer_fields(enum cms_cipher cipher, struct sink *below)
{
	TRY(sink_put(below, STR("Content-Type: application/pkcs7-mime; smime-type=")));
	TRY(sink_put(below, cipher == CMS_GCM ? STR("authEnveloped-data") : STR("enveloped-data")));
	return sink_put(below, STR(";\r\n name=smime.p7m\r\n"
				   "Content-Disposition: attachment; filename=smime.p7m\r\n"
				   "Content-Transfer-Encoding: base64\r\n\r\n"));
}

/* ── The signature, RFC 8551 3.5.3 ───────────────────────────────────────────────────────────────── */

static err put_delimiter(struct smime *s, str before, str after)
{
	TRY(sink_put(&s->encrypted, before));
	TRY(sink_write(&s->encrypted, s->boundary, sizeof s->boundary));
	return sink_put(&s->encrypted, after);
}

static err signed_begin(struct smime *s)
{
	TRY(put_delimiter(s,
			  STR("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
			      " micalg=sha-256; boundary=\""),
			  STR("\"\r\n\r\n")));
	return put_delimiter(s, STR("--"), STR("\r\n"));
}

static err write_signature(struct smime *s)
{
	OWNED(sink_done) struct sink lines = { 0 };
	struct buf der;

	TRY(buf_open(s->arena, CMS_SIGNATURE_MAX, &der));
	TRY(cms_sign_finish(s->signing, &der));
	TRY(mime_base64_sink(s->arena, &s->encrypted, &lines));
	TRY(sink_put(&lines, buf_str(&der)));
	return sink_finish(&lines);
}

/* The line end before the delimiter is the delimiter's and is not signed (RFC 2046 5.1.1). */
static err signed_end(struct smime *s)
{
	SCRATCH(s->arena);

	TRY(put_delimiter(s, STR("\r\n--"), STR("\r\n")));
	TRY(sink_put(&s->encrypted, STR("Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
					"Content-Disposition: attachment; filename=smime.p7s\r\n"
					"Content-Transfer-Encoding: base64\r\n\r\n")));
	TRY(write_signature(s));
	return put_delimiter(s, STR("\r\n--"), STR("--\r\n"));
}

/* ── The stack ───────────────────────────────────────────────────────────────────────────────────── */

static err smime_write(void *state, const void *from, size_t len)
{
	struct smime *s = state;

	if (s->signing)
		TRY(cms_sign_add(s->signing, str_bytes(from, len)));
	return sink_write(&s->encrypted, from, len);
}

static err smime_finish(void *state)
{
	struct smime *s = state;

	if (s->signing)
		TRY(signed_end(s));
	cms_signing_done(&s->signing);
	TRY(sink_finish(&s->encrypted));
	return sink_finish(&s->lines);
}

static void smime_abandon(void *state)
{
	struct smime *s = state;

	cms_signing_done(&s->signing);
	sink_done(&s->encrypted);
	sink_done(&s->lines);
}

static const struct sink_ops ops = { smime_write, smime_finish, smime_abandon };

err seal_smime(struct arena *a, const struct smime_options *o, const struct entropy *e, struct sink *below,
	       struct sink *out)
{
	OWNED(sink_done) struct sink above = { 0 };
	struct smime *s;

	TRY(NEW(a, s));
	s->arena = a;
	above = (struct sink){ &ops, s };
	TRY(mime_base64_sink(a, below, &s->lines));
	TRY(cms_encrypt(a, o->to, o->count, o->cipher, &s->lines, &s->encrypted));
	TRY(write_outer_fields(o->cipher, below));
	if (o->signer) {
		TRY(mime_boundary(e, s->boundary));
		TRY(cms_sign_begin(o->signer, o->now, &s->signing));
		TRY(signed_begin(s));
	}
	*out = above;
	above = (struct sink){ 0 };
	return OK;
}

err seal_smime_mail(struct arena *a, const struct smime_options *options, const struct entropy *e, str inside,
		    size_t room, str *entity)
{
	struct buf b;

	TRY(buf_open(a, room, &b));

	SCRATCH(a);
	OWNED(sink_done) struct sink sealed = { 0 };
	struct sink below = sink_to_buf(&b);
	TRY(seal_smime(a, options, e, &below, &sealed));
	TRY(sink_put(&sealed, inside));
	TRY(sink_finish(&sealed));
	*entity = buf_str(&b);
	return buf_check(&b);
}
