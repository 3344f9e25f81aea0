/* PGP/MIME: what is signed (RFC 3156 5), and around it (4) a control part that tells the version, and the message. */
#include "seal/pgp.h"

#include "wire/mime.h"

#include <string.h>

/* ── Signed ──────────────────────────────────────────────────────────────────────────────────────── */

enum { PIECES = 3, PIECE_MAX = 1024 };

/* A text that stands in several places, read as one. */
struct pieces {
	str each[PIECES];
	size_t at;
};

static err pieces_read(void *state, void *to, size_t max, size_t *got)
{
	struct pieces *p = state;

	while (p->at < PIECES && p->each[p->at].len == 0)
		p->at++;
	str taken = p->at < PIECES ? str_upto(p->each[p->at], max) : STR_NONE;
	if (taken.len) {
		memcpy(to, taken.at, taken.len);
		p->each[p->at] = str_from(p->each[p->at], taken.len);
	}
	*got = taken.len;
	return OK;
}

static err signature_of(const struct seal_pgp *how, str inside, struct buf *armored)
{
	OWNED(hash_done) struct hash *h = NULL;

	TRY(hash_open(&h));
	TRY(hash_add(h, inside));
	return openpgp_sign(how->signer, how->now, h, armored);
}

/* The line end before the delimiter is the delimiter's and is not signed (RFC 2046 5.1.1). */
static err write_signature(const struct seal_pgp *how, str inside, const char boundary[MIME_BOUNDARY], struct buf *b)
{
	buf_add_format(b,
		       "\r\n--%.*s\r\n"
		       "Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n"
		       "Content-Description: OpenPGP digital signature\r\n"
		       "Content-Disposition: attachment; filename=\"signature.asc\"\r\n\r\n",
		       MIME_BOUNDARY, boundary);
	TRY(signature_of(how, inside, b));
	buf_add_format(b, "\r\n--%.*s--\r\n", MIME_BOUNDARY, boundary);
	return buf_check(b);
}

/* `inside` between what makes it one of two parts, the other being its signature; nothing is copied. */
static err sign_inside(struct arena *a, const struct entropy *e, const struct seal_pgp *how, str inside,
		       struct source *out)
{
	static const struct source_ops ops = { .read = pieces_read };
	char boundary[MIME_BOUNDARY];
	struct pieces *p;
	struct buf head, tail;

	TRY(NEW(a, p));
	TRY(buf_open(a, PIECE_MAX, &head));
	TRY(buf_open(a, PIECE_MAX, &tail));
	TRY(mime_boundary(e, boundary));
	buf_add_format(&head,
		       "Content-Type: multipart/signed; protocol=\"application/pgp-signature\";\r\n"
		       " micalg=pgp-sha256; boundary=\"%.*s\"\r\n\r\n"
		       "--%.*s\r\n",
		       MIME_BOUNDARY, boundary, MIME_BOUNDARY, boundary);
	TRY(buf_check(&head));
	TRY(write_signature(how, inside, boundary, &tail));
	*p = (struct pieces){ .each = { buf_str(&head), inside, buf_str(&tail) } };
	*out = (struct source){ &ops, p };
	return OK;
}

static err sign_it(struct arena *a, const struct entropy *e, const struct seal_pgp *how, str inside, struct source *out,
		   struct fault *fault)
{
	err done = sign_inside(a, e, how, inside, out);

	if (failed(done) && done.why == WHY_CLOCK)
		fault_set(fault,
			  "our OpenPGP key was made after the moment at which it should sign: is the clock right?");
	return done;
}

/* ── Encrypted ───────────────────────────────────────────────────────────────────────────────────── */

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

/* ── What the inspector gave back ────────────────────────────────────────────────────────────────── */

/* Base64 and its checksum (RFC 9580 6.2); a header of the armour would be text that stands outside. */
static bool is_base64(str line)
{
	for (size_t i = 0; i < line.len; i++) {
		char c = line.at[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!letter && c != '+' && c != '/' && c != '=')
			return false;
	}
	return line.len <= 76;
}

static bool take_line(str *rest, str *line)
{
	ptrdiff_t end = str_find(*rest, STR("\r\n"));

	if (end < 0)
		return false;
	*line = str_upto(*rest, (size_t)end);
	*rest = str_from(*rest, (size_t)end + 2);
	return true;
}

static bool is_armor(str text)
{
	str line;

	if (!take_line(&text, &line) || !str_same(line, STR("-----BEGIN PGP MESSAGE-----")))
		return false;
	while (take_line(&text, &line))
		if (!is_base64(line))
			return str_same(line, STR("-----END PGP MESSAGE-----")) && text.len == 0;
	return false;
}

/* What was taken over could mail what it likes: text for everybody to read, or parts of its own. */
static err judge(str result, struct fault *fault)
{
	if (is_armor(result))
		return OK;
	fault_set(fault, "the mail could not be encrypted: what does it did not answer as it should");
	return NEVER(DOCUMENT, "no OpenPGP message came back");
}

err seal_pgp_mail(struct inspectors *pool, struct arena *a, const struct entropy *e, const struct seal_pgp *how,
		  str inside, size_t room, str *entity, struct fault *fault)
{
	struct source from = source_of_str(&inside);
	struct seal_pgp armored = *how;
	char boundary[40];
	struct buf b;

	armored.armor = true;
	if (how->signer)
		TRY(sign_it(a, e, how, inside, &from, fault));
	TRY(buf_open(a, room, &b));
	TRY(write_head(e, boundary, &b));
	size_t head = b.len;
	struct sink to = sink_to_buf(&b);
	TRY(seal_pgp(pool, a, &armored, &from, &to, fault));
	TRY(buf_check(&b));
	TRY(judge(str_from(buf_str(&b), head), fault));
	buf_add_format(&b, "\r\n--%s--\r\n", boundary);
	TRY(buf_check(&b));
	*entity = buf_str(&b);
	return OK;
}
