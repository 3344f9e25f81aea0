/* Reading a directory of keys into secret memory, and asking it for what needs no secret. */
#include "crypt/keyring_local.h"

#include "crypt/openpgp.h"

#include <stdlib.h>

enum { SECRET_MAX = 64u << 20 };

static err derive_purposes(struct entry *e)
{
	static const str labels[PURPOSES] = { STR("letterlock mac token 1"), STR("letterlock mac address 1"),
					      STR("letterlock mac proof 1"), STR("letterlock mac session 1"),
					      STR("letterlock mac suppression 1") };

	for (size_t i = 0; i < PURPOSES; i++)
		TRY(hkdf_sha256(str_bytes(e->raw, RAW_KEY), labels[i], e->purpose[i], RAW_KEY));
	return OK;
}

static err take_public(struct arena *secret, struct entry *e, struct fault *fault)
{
	struct buf b;

	if (e->info.algorithm != SIGNATURE_ED25519_SHA256) {
		fault_set(fault, "an OpenPGP key is Ed25519; make one with `letterlock key new openpgp`");
		return NEVER(KEY, "the key is of another kind");
	}
	TRY(buf_open(secret, OPENPGP_POINT, &b));
	TRY(signing_key_public(e->signing, &b));
	e->info.public_key = buf_str(&b);
	return OK;
}

static err take_signing_key(struct arena *secret, const struct key_file *f, struct entry *e, struct fault *fault)
{
	TRY(signing_key_read(f->body, &e->signing, fault));
	e->info.algorithm = signing_key_algorithm(e->signing);
	e->info.bits = signing_key_bits(e->signing);
	return f->kind == KEY_OPENPGP ? take_public(secret, e, fault) : OK;
}

static err take_key(struct arena *secret, const struct key_file *f, struct entry *e, struct fault *fault)
{
	e->info = (struct key_info){ .kind = f->kind,
				     .number = f->number,
				     .retired = f->retired,
				     .created_at = f->created_at,
				     .domain = f->domain,
				     .selector = f->selector,
				     .bits = 8 * RAW_KEY };
	if (key_file_is_pem(f->kind))
		return take_signing_key(secret, f, e, fault);
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
	bool found[KEY_OPENPGP + 1] = { false };

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
		TRY(take_key(l->secret, f, *end, fault));
		end = &(*end)->next;
	}
	mark_in_use(l->entries);
	*out = l;
	l = NULL;
	return OK;
}

static err check_complete(const struct local *l, const char *dir, struct fault *fault)
{
	for (enum key_kind kind = KEY_MASTER; kind <= KEY_LOOKUP; kind++) {
		if (local_in_use(l, kind))
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
	TRY(keyring_with(&keyring_local_ops, l, out));
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
	return keyring_local_ops.list(l, a, out);
}

err keyring_files_public(const char *dir, str domain, str selector, struct buf *out, struct fault *fault)
{
	const struct entropy none = { .fill = no_chance };
	OWNED(local_done) struct local *l = NULL;

	TRY(local_open(dir, &none, &l, fault));
	for (const struct entry *e = l->entries; e; e = e->next)
		if (e->info.kind == KEY_DKIM && str_same(e->info.domain, domain) &&
		    str_same(e->info.selector, selector))
			return signing_key_public(e->signing, out);
	fault_set(fault, "there is no DKIM key for %.*s with selector %.*s", STR_ARG(domain), STR_ARG(selector));
	return NEVER(NOT_FOUND, "no such key");
}
