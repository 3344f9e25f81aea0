/* The key as others see it: the key, who it is of, and its own word for that (RFC 9580 10.1.1, without subkeys: it
 * signs and nobody encrypts to it). */
#include "crypt/openpgp_packet.h"

enum { KEY_BODY_MAX = 64, POINT_BITS = 263 };

/* 1.3.6.1.4.1.11591.15.1: Ed25519 as algorithm 22 has it (RFC 9580 9.2). */
static const uint8_t curve[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01 };

/* What the key is for, and what its owner reads; who verifies needs no more than the first (RFC 9580 5.2.3). */
static const uint8_t certified[] = {
	2, 27, 0x03,    /* it certifies and signs */
	2, 25, 1,       /* the primary user id */
	3, 11, 9,    7, /* AES-256, AES-128 */
	3, 21, 10,   8, /* SHA-512, SHA-256 */
	2, 22, 0,       /* not compressed */
	2, 30, 0x01,    /* messages whose integrity is protected */
};

void key_body(const struct openpgp_key *k, struct buf *b)
{
	buf_add_char(b, 4);
	packet_u32(b, k->created_at);
	buf_add_char(b, OPENPGP_EDDSA_LEGACY);
	buf_add_char(b, sizeof curve);
	buf_add(b, str_bytes(curve, sizeof curve));
	packet_u16(b, POINT_BITS); /* 0x40: the point in its native form */
	buf_add_char(b, 0x40);
	buf_add(b, str_bytes(k->point, OPENPGP_POINT));
}

/* RFC 9580 5.2.4: how a key stands in what is hashed, for its fingerprint too (5.5.4.2). */
static void hashed_form(const struct openpgp_key *k, struct buf *b)
{
	char room[KEY_BODY_MAX];
	struct buf body = BUF_ON(room);

	key_body(k, &body);
	must(!body.overflow);
	buf_add_char(b, (char)0x99);
	packet_u16(b, body.len);
	buf_add(b, buf_str(&body));
}

err openpgp_key_of(const struct key_info *k, struct openpgp_key *out)
{
	struct openpgp_key made = { .number = k->number };
	char room[KEY_BODY_MAX + 3];
	struct buf b = BUF_ON(room);

	if (k->kind != KEY_OPENPGP || k->public_key.len != OPENPGP_POINT || k->created_at < 0 ||
	    k->created_at / SECOND > UINT32_MAX)
		return NEVER(KEY, "not an OpenPGP key");
	made.created_at = (uint32_t)(k->created_at / SECOND);
	memcpy(made.point, k->public_key.at, OPENPGP_POINT);
	hashed_form(&made, &b);
	TRY(sha1(buf_str(&b), made.fingerprint));
	*out = made;
	return OK;
}

void openpgp_fingerprint(const struct openpgp_key *k, struct buf *b)
{
	for (size_t i = 0; i < OPENPGP_FINGERPRINT; i++)
		buf_add_format(b, "%02X", k->fingerprint[i]);
}

err openpgp_signer_find(struct keyring *keys, struct openpgp_signer *out, struct fault *fault)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct openpgp_signer s = { .keys = keys };
	struct key_info *all;

	TRY(arena_open(4u << 20, &a));
	TRY(keyring_list(keys, a, &all));
	while (all && (all->kind != KEY_OPENPGP || !all->in_use))
		all = all->next;
	if (!all) {
		fault_set(fault, "there is no OpenPGP key to sign with; make one with `letterlock key new openpgp`");
		return NEVER(KEY, "there is no OpenPGP key");
	}
	TRY(openpgp_key_of(all, &s.key));
	*out = s;
	return OK;
}

static err hash_identity(const struct openpgp_key *k, str user_id, struct hash *h)
{
	char room[KEY_BODY_MAX + 8];
	struct buf b = BUF_ON(room);

	hashed_form(k, &b);
	buf_add_char(&b, (char)0xB4);
	packet_u32(&b, (uint32_t)user_id.len);
	TRY(buf_check(&b));
	TRY(hash_add(h, buf_str(&b)));
	return hash_add(h, user_id);
}

err openpgp_public(const struct openpgp_signer *s, str user_id, struct buf *binary)
{
	OWNED(hash_done) struct hash *h = NULL;
	char room[KEY_BODY_MAX];
	struct buf body = BUF_ON(room);

	if (user_id.len == 0 || user_id.len > OPENPGP_USER_ID_MAX || !str_utf8(user_id) || !str_clean(user_id))
		return NEVER(LIMIT, "a name that a key cannot have");
	key_body(&s->key, &body);
	packet_add(binary, PACKET_PUBLIC_KEY, buf_str(&body));
	packet_add(binary, PACKET_USER_ID, user_id);
	TRY(hash_open(&h));
	TRY(hash_identity(&s->key, user_id, h));
	return signature_packet(s, SIGN_CERTIFICATION, s->key.created_at, str_bytes(certified, sizeof certified), h,
				binary);
}

err openpgp_public_armor(str binary, struct buf *armored)
{
	packet_armor(armored, "PGP PUBLIC KEY BLOCK", binary, STR("\n"));
	return buf_check(armored);
}
