/* PGP/MIME (RFC 3156 4): a control part that tells the version, and the message. */
#include "seal/pgp.h"

/* 128 random bits; armour has no line that begins with "--=". */
static err write_head(const struct entropy *e, char boundary[40], struct buf *to)
{
	struct buf b = { .at = boundary, .max = 39 };
	uint8_t random[16];

	TRY(entropy_fill(e, random, sizeof random));
	buf_add(&b, STR("=_"));
	buf_add_base32(&b, str_bytes(random, sizeof random));
	boundary[b.len] = 0;
	buf_add_format(to,
		       "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n"
		       " boundary=\"%s\"\r\n\r\n"
		       "--%s\r\n"
		       "Content-Type: application/pgp-encrypted\r\n"
		       "Content-Description: PGP/MIME version identification\r\n\r\n"
		       "Version: 1\r\n\r\n"
		       "--%s\r\n"
		       "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
		       "Content-Description: OpenPGP encrypted message\r\n"
		       "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
		       boundary, boundary, boundary);
	return buf_check(to);
}

err seal_pgp_mail(struct inspectors *pool, struct arena *a, const struct entropy *e, const struct seal_pgp *how,
		  str inside, size_t room, str *entity, struct fault *fault)
{
	struct source from = source_of_str(&inside);
	struct seal_pgp armored = *how;
	char boundary[40];
	struct buf b;

	armored.armor = true;
	TRY(buf_open(a, room, &b));
	TRY(write_head(e, boundary, &b));
	struct sink to = sink_to_buf(&b);
	TRY(seal_pgp(pool, a, &armored, &from, &to, fault));
	buf_add_format(&b, "\r\n--%s--\r\n", boundary);
	TRY(buf_check(&b));
	*entity = buf_str(&b);
	return OK;
}
