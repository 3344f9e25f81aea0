/* A keyring in this process: the keys of a directory, read once into secret memory.
 *
 * A data key is wrapped under a key of its own, derived from the master key and the context, so that chance
 * which repeats itself (a restored snapshot of a machine) can harm one object at most. Layout: number of the
 * master key (4, big-endian), nonce (12), sealed key (32), tag (16); the number is authenticated.
 *
 * After keyring_open() nothing here changes, so all threads may read at once. */
#include "crypt/keyring_local.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT_MAX = 256 };

/* ── Wrapping ────────────────────────────────────────────────────────────────────────────────────── */

static err wrapping_cipher(const struct entry *master, str context, struct aead **out)
{
	char room[CONTEXT_MAX + 32];
	struct buf info = BUF_ON(room);
	uint8_t key[AEAD_KEY];

	if (context.len > CONTEXT_MAX)
		return NEVER(LIMIT, "what a key is for is named too long");
	buf_add(&info, STR("letterlock wrap 1 "));
	buf_add(&info, context);
	err e = hkdf_sha256(str_bytes(master->raw, RAW_KEY), buf_str(&info), key, sizeof key);
	if (!failed(e))
		e = aead_open(key, out);
	crypt_wipe(key, sizeof key);
	return e;
}

const struct entry *local_in_use(const struct local *l, enum key_kind kind)
{
	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->info.kind == kind && e->info.in_use)
			return e;
	return NULL;
}

static err local_wrap(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	const struct local *l = state;
	const struct entry *master = local_in_use(l, KEY_MASTER);
	OWNED(aead_done) struct aead *cipher = NULL;
	uint8_t made[WRAPPED_KEY];

	if (!master)
		return NEVER(KEY, "there is no master key");
	TRY(wrapping_cipher(master, context, &cipher));
	put_u32be(made, master->info.number);
	TRY(entropy_fill(&l->entropy, made + 4, AEAD_NONCE));
	TRY(aead_seal(cipher, made + 4, str_bytes(made, 4), str_bytes(key, AEAD_KEY), made + 4 + AEAD_NONCE));
	memcpy(wrapped, made, sizeof made);
	return OK;
}

static const struct entry *master_numbered(const struct local *l, uint32_t number)
{
	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->info.kind == KEY_MASTER && e->info.number == number)
			return e;
	return NULL;
}

static err local_unwrap(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	const struct entry *master = master_numbered(state, wrapped_key_number(wrapped));
	OWNED(aead_done) struct aead *cipher = NULL;

	if (!master)
		return NEVER(KEY, "the master key that wrapped this is not in the keyring");
	TRY(wrapping_cipher(master, context, &cipher));
	str sealed = str_bytes(wrapped + 4 + AEAD_NONCE, AEAD_KEY + AEAD_TAG);
	return aead_unseal(cipher, wrapped + 4, str_bytes(wrapped, 4), sealed, key);
}

/* ── Codes and signatures ────────────────────────────────────────────────────────────────────────── */

static err local_mac(void *state, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN])
{
	const struct local *l = state;
	enum key_kind kind = purpose == MAC_ADDRESS || purpose == MAC_SUPPRESSION ? KEY_LOOKUP : KEY_LINK;

	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->info.kind == kind && !e->info.retired && age-- == 0)
			return hmac_sha256(str_bytes(e->purpose[purpose], RAW_KEY), bytes, mac);
	return NEVER(NOT_FOUND, "there is no older key");
}

static err local_sign(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	const struct local *l = state;

	for (const struct entry *e = l->entries; e; e = e->next) {
		if (e->info.kind != KEY_DKIM || !str_same(e->info.domain, domain) ||
		    !str_same(e->info.selector, selector))
			continue;
		if (e->info.retired)
			return NEVER(KEY, "the DKIM key is retired");
		return signing_key_sign(e->signing, digest, signature);
	}
	return NEVER(KEY, "there is no DKIM key for this domain and selector");
}

static err local_sign_openpgp(void *state, uint32_t number, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	const struct local *l = state;

	for (const struct entry *e = l->entries; e; e = e->next) {
		if (e->info.kind != KEY_OPENPGP || e->info.number != number)
			continue;
		if (e->info.retired)
			return NEVER(KEY, "the OpenPGP key is retired");
		return signing_key_sign(e->signing, digest, signature);
	}
	return NEVER(KEY, "there is no OpenPGP key of this number");
}

static err local_list(void *state, struct arena *a, struct key_info **out)
{
	const struct local *l = state;
	struct key_info *all = NULL, **end = &all;

	for (const struct entry *e = l->entries; e; e = e->next) {
		TRY(NEW(a, *end));
		**end = e->info;
		(*end)->next = NULL;
		TRY(str_copy(a, e->info.domain, &(*end)->domain));
		TRY(str_copy(a, e->info.selector, &(*end)->selector));
		TRY(str_copy(a, e->info.public_key, &(*end)->public_key));
		end = &(*end)->next;
	}
	*out = all;
	return OK;
}

static void local_close(void *state)
{
	struct local *l = state;

	if (!l)
		return;
	for (struct entry *e = l->entries; e; e = e->next)
		signing_key_done(&e->signing);
	arena_close(l->secret);
	free(l);
}

void local_done(struct local **l)
{
	local_close(*l);
	*l = NULL;
}

const struct keyring_ops keyring_local_ops = { local_wrap, local_unwrap, local_mac,         local_sign,
					       local_list, local_close,  local_sign_openpgp };
