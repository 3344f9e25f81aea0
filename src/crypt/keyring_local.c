/* A keyring in this process: the keys of a directory, read once into secret memory.
 *
 * A data key is wrapped under a key of its own, derived from the master key and the context, so that chance
 * which repeats itself (a restored snapshot of a machine) can harm one object at most. Layout: number of the
 * master key (4, big-endian), nonce (12), sealed key (32), tag (16); the number is authenticated.
 *
 * After keyring_open() nothing here changes, so all threads may read at once. */
#include "crypt/key_file.h"

#include <stdlib.h>
#include <string.h>

enum { SECRET_MAX = 64u << 20, CONTEXT_MAX = 256, PURPOSES = MAC_SESSION + 1 };

struct entry {
	struct entry *next;
	struct key_info info;
	uint8_t raw[RAW_KEY];
	uint8_t purpose[PURPOSES][RAW_KEY]; /* derived from raw, for link and lookup keys */
	struct signing_key *signing;
};

struct local {
	struct arena *secret;
	struct entry *entries; /* by kind, the newest first */
	struct entropy entropy;
};

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

static const struct entry *in_use(const struct local *l, enum key_kind kind)
{
	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->info.kind == kind && e->info.in_use)
			return e;
	return NULL;
}

static err local_wrap(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	const struct local *l = state;
	const struct entry *master = in_use(l, KEY_MASTER);
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
	enum key_kind kind = purpose == MAC_ADDRESS ? KEY_LOOKUP : KEY_LINK;

	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->info.kind == kind && !e->info.retired && age-- == 0)
			return hmac_sha256(str_bytes(e->purpose[purpose], RAW_KEY), bytes, mac);
	return NEVER(NOT_FOUND, "there is no older key");
}

static err local_sign(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	const struct local *l = state;

	for (const struct entry *e = l->entries; e; e = e->next) {
		if (!e->signing || !str_same(e->info.domain, domain) || !str_same(e->info.selector, selector))
			continue;
		if (e->info.retired)
			return NEVER(KEY, "the DKIM key is retired");
		return signing_key_sign(e->signing, digest, signature);
	}
	return NEVER(KEY, "there is no DKIM key for this domain and selector");
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

static void local_done(struct local **l)
{
	local_close(*l);
	*l = NULL;
}

/* ── Opening ─────────────────────────────────────────────────────────────────────────────────────── */

static err derive_purposes(struct entry *e)
{
	static const str labels[PURPOSES] = { STR("letterlock mac token 1"), STR("letterlock mac address 1"),
					      STR("letterlock mac proof 1"), STR("letterlock mac session 1") };

	for (size_t i = 0; i < PURPOSES; i++)
		TRY(hkdf_sha256(str_bytes(e->raw, RAW_KEY), labels[i], e->purpose[i], RAW_KEY));
	return OK;
}

static err take_signing_key(const struct key_file *f, struct entry *e, struct fault *fault)
{
	TRY(signing_key_read(f->body, &e->signing, fault));
	e->info.algorithm = signing_key_algorithm(e->signing);
	e->info.bits = signing_key_bits(e->signing);
	return OK;
}

static err take_key(const struct key_file *f, struct entry *e, struct fault *fault)
{
	e->info = (struct key_info){ .kind = f->kind,
				     .number = f->number,
				     .retired = f->retired,
				     .created_at = f->created_at,
				     .domain = f->domain,
				     .selector = f->selector,
				     .bits = 8 * RAW_KEY };
	if (f->kind == KEY_DKIM)
		return take_signing_key(f, e, fault);
	err raw = key_file_raw(f, e->raw);
	if (failed(raw))
		fault_set(fault, "%.*s key %u does not hold 32 bytes in base64", STR_ARG(key_kind_name(f->kind)),
			  f->number);
	TRY(raw);
	return derive_purposes(e);
}

/* The newest that is not retired is in use; every DKIM key that is not retired is. */
static void mark_in_use(struct entry *entries)
{
	bool found[KEY_DKIM] = { false };

	for (struct entry *e = entries; e; e = e->next) {
		bool first = e->info.kind == KEY_DKIM || !found[e->info.kind];
		e->info.in_use = !e->info.retired && first;
		if (e->info.kind != KEY_DKIM && e->info.in_use)
			found[e->info.kind] = true;
	}
}

static err local_open(const char *dir, const struct entropy *entropy, struct local **out, struct fault *fault)
{
	OWNED(local_done) struct local *l = calloc(1, sizeof *l);
	struct key_file *files;

	if (!l)
		return LATER(MEMORY, "no memory for a keyring");
	l->entropy = *entropy;
	TRY(arena_open_secret(SECRET_MAX, &l->secret));
	TRY(key_files_read(l->secret, dir, &files, fault));
	struct entry **end = &l->entries;
	for (const struct key_file *f = files; f; f = f->next) {
		TRY(NEW(l->secret, *end));
		TRY(take_key(f, *end, fault));
		end = &(*end)->next;
	}
	mark_in_use(l->entries);
	*out = l;
	l = NULL;
	return OK;
}

static const struct keyring_ops local_ops = {
	local_wrap, local_unwrap, local_mac, local_sign, local_list, local_close
};

static err check_complete(const struct local *l, const char *dir, struct fault *fault)
{
	for (enum key_kind kind = KEY_MASTER; kind <= KEY_LOOKUP; kind++) {
		if (in_use(l, kind))
			continue;
		fault_set(fault, "there is no %.*s key in '%s'; make one with `letterlock key new %.*s`",
			  STR_ARG(key_kind_name(kind)), dir, STR_ARG(key_kind_name(kind)));
		return NEVER(KEY, "a key is missing");
	}
	return OK;
}

err keyring_open(const char *dir, const struct entropy *e, struct keyring **out, struct fault *fault)
{
	OWNED(local_done) struct local *l = NULL;

	TRY(local_open(dir, e, &l, fault));
	TRY(check_complete(l, dir, fault));
	TRY(keyring_with(&local_ops, l, out));
	l = NULL;
	return OK;
}

static err no_chance(void *state, void *to, size_t len)
{
	(void)state, (void)to, (void)len;
	return NEVER(ENTROPY, "a listing needs no randomness");
}

err keyring_files(struct arena *a, const char *dir, struct key_info **out, struct fault *fault)
{
	const struct entropy none = { .fill = no_chance };
	OWNED(local_done) struct local *l = NULL;

	TRY(local_open(dir, &none, &l, fault));
	return local_list(l, a, out);
}

err keyring_files_public(const char *dir, str domain, str selector, struct buf *out, struct fault *fault)
{
	const struct entropy none = { .fill = no_chance };
	OWNED(local_done) struct local *l = NULL;

	TRY(local_open(dir, &none, &l, fault));
	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->signing && str_same(e->info.domain, domain) && str_same(e->info.selector, selector))
			return signing_key_public(e->signing, out);
	fault_set(fault, "there is no DKIM key for %.*s with selector %.*s", STR_ARG(domain), STR_ARG(selector));
	return NEVER(NOT_FOUND, "no such key");
}
