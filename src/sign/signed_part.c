#include "sign/signed_part.h"

str algorithm_name(enum signature_algorithm how)
{
	return how == SIGNATURE_ED25519_SHA256 ? STR("ed25519-sha256") : STR("rsa-sha256");
}

static ptrdiff_t last_untaken(const struct header *h, str name, const bool *taken, const struct header_field *except)
{
	for (size_t i = h->count; i-- > 0;)
		if (!taken[i] && &h->fields[i] != except && str_same_nocase(h->fields[i].name, name))
			return (ptrdiff_t)i;
	return -1;
}

err signed_fields(struct arena *a, const struct header *h, const str *names, size_t count, enum canon how,
		  const struct header_field *except, str *out)
{
	struct buf b;
	bool *taken;
	size_t room = 1;

	TRY(NEW_ARRAY(a, h->count + 1, taken));
	for (size_t i = 0; i < h->count; i++)
		room += h->fields[i].raw.len + 4;
	TRY(buf_open(a, room, &b));
	for (size_t i = 0; i < count; i++) {
		ptrdiff_t at = last_untaken(h, names[i], taken, except);
		if (at < 0)
			continue;
		taken[at] = true;
		canon_field(how, &h->fields[at], &b);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

struct hashing {
	struct hash *hash;
	uint64_t left, seen;
};

static err hash_some(void *state, const void *from, size_t len)
{
	struct hashing *h = state;
	size_t take = len < h->left ? len : (size_t)h->left;

	h->seen += len;
	h->left -= take;
	return hash_add(h->hash, str_bytes(from, take));
}

err body_digest(str body, enum canon how, uint64_t limit, uint8_t digest[SHA256_LEN], uint64_t *size)
{
	static const struct sink_ops ops = { .write = hash_some };
	OWNED(hash_done) struct hash *hash = NULL;

	TRY(hash_open(&hash));
	struct hashing state = { .hash = hash, .left = limit };
	struct sink to = { &ops, &state };
	struct canon_body canon;
	canon_body_begin(&canon, how, &to);
	TRY(canon_body_add(&canon, body));
	TRY(canon_body_finish(&canon));
	TRY(hash_finish(hash, digest));
	*size = state.seen;
	return OK;
}

err header_digest(str fields, str signature_field, uint8_t digest[SHA256_LEN])
{
	OWNED(hash_done) struct hash *hash = NULL;

	TRY(hash_open(&hash));
	TRY(hash_add(hash, fields));
	TRY(hash_add(hash, signature_field));
	return hash_finish(hash, digest);
}
