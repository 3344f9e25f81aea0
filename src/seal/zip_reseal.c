#include "seal/zip_reseal.h"

#include <string.h>

/* Salt, verifier, data and tag of each entry are exchanged for others of the same length; what stands between them is
 * copied. So the directory stays true, and nothing needs to be known of what is inside. */

struct anew {
	const struct zip_reseal *order;
	struct arena *arena;
	struct source from;
	struct sink *to;
	uint64_t at;        /* how far the archive was read */
	struct zip_key key; /* the new one of this entry */
	struct ae2_keys old;
	struct ae2 *opening, *sealing;
};

static void anew_done(struct anew *n)
{
	source_done(&n->from);
	ae2_done(&n->opening);
	ae2_done(&n->sealing);
	crypt_wipe(n, sizeof *n);
}

static err take(struct anew *n, void *at, size_t len)
{
	size_t got = 0;

	TRY(source_read_full(&n->from, at, len, &got));
	n->at += got;
	return got == len ? OK : reseal_not_ours();
}

static err copy(struct anew *n, uint64_t until)
{
	char window[STREAM_WINDOW];

	while (n->at < until) {
		size_t some = until - n->at < sizeof window ? (size_t)(until - n->at) : sizeof window;
		TRY(take(n, window, some));
		TRY(sink_write(n->to, window, some));
	}
	return OK;
}

/* The old key by its salt, the new one by a fresh salt: two lanes of one derivation. */
static err derive(struct anew *n, const uint8_t salt[AE2_SALT])
{
	const str passwords[2] = { n->order->old_password, n->order->new_password };
	uint8_t salts[2][AE2_SALT];
	struct ae2_keys keys[2];

	memcpy(salts[0], salt, AE2_SALT);
	TRY(entropy_fill(n->order->chance, salts[1], AE2_SALT));
	err e = ae2_derive(passwords, (const uint8_t(*)[AE2_SALT])salts, keys, 2);
	n->old = keys[0];
	n->key.keys = keys[1];
	memcpy(n->key.salt, salts[1], AE2_SALT);
	crypt_wipe(keys, sizeof keys);
	return e;
}

static err begin_entry(struct anew *n)
{
	uint8_t start[AE2_SALT + sizeof n->old.verifier];
	const uint8_t *verifier = start + AE2_SALT;

	TRY(take(n, start, sizeof start));
	TRY(derive(n, start));
	if (!crypt_same(str_bytes(verifier, sizeof n->old.verifier),
			str_bytes(n->old.verifier, sizeof n->old.verifier)))
		return NEVER(PROOF, "this is not the password of the archive");
	ae2_done(&n->opening);
	ae2_done(&n->sealing);
	TRY(ae2_open(&n->old, &n->opening));
	TRY(ae2_open(&n->key.keys, &n->sealing));
	TRY(sink_write(n->to, n->key.salt, AE2_SALT));
	return sink_write(n->to, n->key.keys.verifier, sizeof n->key.keys.verifier);
}

static err exchange(struct anew *n, uint64_t len)
{
	uint8_t window[STREAM_WINDOW];
	err e = OK;

	while (len && !failed(e)) {
		size_t some = len < sizeof window ? (size_t)len : sizeof window;
		e = take(n, window, some);
		if (!failed(e))
			e = ae2_decrypt(n->opening, window, some);
		if (!failed(e))
			e = ae2_encrypt(n->sealing, window, some);
		if (!failed(e))
			e = sink_write(n->to, window, some);
		len -= some;
	}
	if (failed(e))
		crypt_wipe(window, sizeof window);
	return e;
}

static err end_entry(struct anew *n)
{
	uint8_t there[AE2_TAG], right[AE2_TAG], fresh[AE2_TAG];

	TRY(take(n, there, sizeof there));
	TRY(ae2_finish(n->opening, right));
	if (!crypt_same(str_bytes(there, sizeof there), str_bytes(right, sizeof right)))
		return NEVER(TAMPERED, "the archive is damaged: what is in it is not what was sealed");
	TRY(ae2_finish(n->sealing, fresh));
	return sink_write(n->to, fresh, sizeof fresh);
}

/* The length of a header stands within it. */
static err copy_header(struct anew *n, const struct reseal_row *row)
{
	SCRATCH(n->arena);
	str head;
	size_t len;

	TRY(reseal_read(n->arena, n->order, row->offset, RESEAL_HEADER, &head));
	TRY(reseal_header_read(head, row, &len));
	return copy(n, row->offset + len);
}

static err exchange_entry(struct anew *n, const struct reseal_row *row, uint64_t next)
{
	if (n->at > row->offset)
		return reseal_not_ours();
	TRY(copy(n, row->offset));
	TRY(copy_header(n, row));
	if (n->at + row->packed > next)
		return reseal_not_ours();
	TRY(begin_entry(n));
	TRY(exchange(n, row->packed - RESEAL_FRAME));
	return end_entry(n);
}

static err exchange_all(struct anew *n)
{
	const struct zip_reseal *r = n->order;
	struct reseal_directory d;

	TRY(reseal_directory_read(n->arena, r, &d));
	TRY(r->open(r->state, 0, r->size, &n->from));
	for (size_t i = 0; i < d.count; i++)
		TRY(exchange_entry(n, &d.rows[i], i + 1 < d.count ? d.rows[i + 1].offset : d.start));
	return copy(n, r->size);
}

err seal_zip_reseal(struct arena *a, const struct zip_reseal *r, struct sink *to)
{
	SCRATCH(a);
	OWNED(anew_done) struct anew n = { .order = r, .arena = a, .to = to };

	TRY(seal_zip_password(r->old_password));
	TRY(seal_zip_password(r->new_password));
	return exchange_all(&n);
}
