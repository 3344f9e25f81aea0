/* Signatures of version 4 (RFC 9580 5.2.3). */
#include "crypt/openpgp_packet.h"

enum {
	SUBPACKET_CREATED = 2,
	SUBPACKET_ISSUER = 16,
	SUBPACKET_FINGERPRINT = 33,
	KEY_ID = 8,
	HASHED_MAX = 128,
	RAW_SIGNATURE = 64,
	BODY_MAX = 320,
};

static void add_hashed(const struct openpgp_key *k, uint32_t at, str more, struct buf *b)
{
	buf_add_char(b, 2 + OPENPGP_FINGERPRINT);
	buf_add_char(b, SUBPACKET_FINGERPRINT);
	buf_add_char(b, 4);
	buf_add(b, str_bytes(k->fingerprint, OPENPGP_FINGERPRINT));
	buf_add_char(b, 5);
	buf_add_char(b, SUBPACKET_CREATED);
	packet_u32(b, at);
	buf_add(b, more);
}

/* For readers that look for the key by its id; nobody believes it. */
static void add_unhashed(const struct openpgp_key *k, struct buf *b)
{
	packet_u16(b, 2 + KEY_ID);
	buf_add_char(b, 1 + KEY_ID);
	buf_add_char(b, SUBPACKET_ISSUER);
	buf_add(b, str_bytes(k->fingerprint + OPENPGP_FINGERPRINT - KEY_ID, KEY_ID));
}

/* What is signed ends with how it is signed (RFC 9580 5.2.4). */
static err digest_with(struct hash *content, str fields, uint8_t digest[SHA256_LEN])
{
	char room[6];
	struct buf trailer = BUF_ON(room);

	buf_add_char(&trailer, 4);
	buf_add_char(&trailer, (char)0xFF);
	packet_u32(&trailer, (uint32_t)fields.len);
	TRY(hash_add(content, fields));
	TRY(hash_add(content, buf_str(&trailer)));
	return hash_finish(content, digest);
}

err signature_packet(const struct openpgp_signer *s, unsigned type, uint32_t at, str hashed, struct hash *content,
		     struct buf *to)
{
	char hashed_room[HASHED_MAX], room[BODY_MAX], raw_room[SIGNATURE_MAX];
	struct buf subpackets = BUF_ON(hashed_room), body = BUF_ON(room), raw = BUF_ON(raw_room);
	uint8_t digest[SHA256_LEN];

	add_hashed(&s->key, at, hashed, &subpackets);
	buf_add_char(&body, 4);
	buf_add_char(&body, (char)type);
	buf_add_char(&body, OPENPGP_EDDSA_LEGACY);
	buf_add_char(&body, OPENPGP_SHA256);
	packet_u16(&body, subpackets.len);
	buf_add(&body, buf_str(&subpackets));
	TRY(digest_with(content, buf_str(&body), digest));
	TRY(keyring_sign_openpgp(s->keys, s->key.number, digest, &raw));
	must(raw.len == RAW_SIGNATURE && !subpackets.overflow);
	add_unhashed(&s->key, &body);
	buf_add(&body, str_bytes(digest, 2)); /* so that readers can tell early that it does not fit */
	packet_mpi(&body, str_upto(buf_str(&raw), RAW_SIGNATURE / 2));
	packet_mpi(&body, str_from(buf_str(&raw), RAW_SIGNATURE / 2));
	TRY(buf_check(&body));
	packet_add(to, PACKET_SIGNATURE, buf_str(&body));
	return buf_check(to);
}

err openpgp_sign(const struct openpgp_signer *s, moment now, struct hash *content, struct buf *armored)
{
	char room[BODY_MAX + 3];
	struct buf packet = BUF_ON(room);

	/* Whoever verifies calls a signature bad that is older than its key. */
	if (now / SECOND < s->key.created_at || now / SECOND > UINT32_MAX)
		return LATER(CLOCK, "the key was not made yet when it should have signed");
	TRY(signature_packet(s, SIGN_BINARY, (uint32_t)(now / SECOND), STR_NONE, content, &packet));
	packet_armor(armored, "PGP SIGNATURE", buf_str(&packet), STR("\r\n"));
	return buf_check(armored);
}
