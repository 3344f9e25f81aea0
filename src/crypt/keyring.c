/* The keyring's face: what callers see, whoever holds the keys behind it. */
#include "crypt/crypt.h"

#include <stdlib.h>

struct keyring {
	const struct keyring_ops *ops;
	void *state;
};

err keyring_with(const struct keyring_ops *ops, void *state, struct keyring **out)
{
	struct keyring *k = calloc(1, sizeof *k);

	if (!k)
		return LATER(MEMORY, "no memory for a keyring");
	*k = (struct keyring){ ops, state };
	*out = k;
	return OK;
}

void keyring_done(struct keyring **k)
{
	if (*k) {
		if ((*k)->ops->close)
			(*k)->ops->close((*k)->state);
		free(*k);
	}
	*k = NULL;
}

err keyring_wrap(struct keyring *k, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	return k->ops->wrap(k->state, context, key, wrapped);
}

err keyring_unwrap(struct keyring *k, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	return k->ops->unwrap(k->state, context, wrapped, key);
}

err keyring_new_key(struct keyring *k, const struct entropy *e, str context, uint8_t key[AEAD_KEY],
		    uint8_t wrapped[WRAPPED_KEY])
{
	err done = entropy_fill(e, key, AEAD_KEY);

	if (!failed(done))
		done = keyring_wrap(k, context, key, wrapped);
	if (failed(done))
		crypt_wipe(key, AEAD_KEY);
	return done;
}

err keyring_mac(struct keyring *k, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN])
{
	return k->ops->mac(k->state, purpose, age, bytes, mac);
}

err keyring_sign(struct keyring *k, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	return k->ops->sign(k->state, domain, selector, digest, signature);
}

err keyring_sign_openpgp(struct keyring *k, uint32_t number, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	return k->ops->sign_openpgp ? k->ops->sign_openpgp(k->state, number, digest, signature)
				    : NEVER(DENIED, "this process does not sign as OpenPGP");
}

err keyring_list(struct keyring *k, struct arena *a, struct key_info **out)
{
	return k->ops->list(k->state, a, out);
}

uint32_t wrapped_key_number(const uint8_t wrapped[WRAPPED_KEY])
{
	struct reader r = READER(str_bytes(wrapped, WRAPPED_KEY));
	return reader_u32be(&r);
}

/* 0 if it cannot be learned: no key has that number. */
uint32_t keyring_master_in_use(struct keyring *k)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct key_info *all = NULL;

	if (failed(arena_open(4u << 20, &a)) || failed(keyring_list(k, a, &all)))
		return 0;
	for (const struct key_info *i = all; i; i = i->next)
		if (i->kind == KEY_MASTER && i->in_use)
			return i->number;
	return 0;
}
