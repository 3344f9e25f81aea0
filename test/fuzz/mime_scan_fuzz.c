/* A message is read the same in one piece and in many; what its tree says lies within it; what is decoded from a part's
 * own bytes is what was hashed; a skeleton's own skeleton is itself, with as many parts. */
#include "crypt/crypt.h"
#include "wire/mime_scan.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err add(void *state, str bytes)
{
	return hash_add(state, bytes);
}

static err finish(void *state, uint8_t out[MIME_SHA256])
{
	return hash_finish(state, out);
}

static err scan(struct arena *a, struct hash *h, str message, size_t step, struct mime_part **root, str *skeleton)
{
	struct mime_limits limits = mime_limits;
	struct mime_hash *hash;
	struct mime_scan *s;

	limits.headers = 32 << 10; /* what is allocated in advance takes longer than a small message */
	limits.parts = 50;
	TRY(NEW(a, hash));
	*hash = (struct mime_hash){ h, add, finish };
	TRY(mime_scan_open(a, &limits, false, hash, &s));
	for (size_t at = 0; at < message.len; at += step)
		TRY(mime_scan_add(s, str_upto(str_from(message, at), step), NULL));
	return mime_scan_finish(s, root, skeleton, NULL);
}

static void check_part(const struct mime_part *p, const struct mime_part *other, str message)
{
	must(other && str_same(p->type, other->type) && str_same(p->name, other->name) && p->size == other->size);
	must(memcmp(p->sha256, other->sha256, sizeof p->sha256) == 0 && !p->parts == !other->parts);
	must(p->offset <= message.len && p->length <= message.len - p->offset);
	must(!str_has(p->name, '/') && !str_has(p->name, '\n') && !str_has(p->name, 0) && str_utf8(p->name));
	for (const struct mime_part *in = p->parts, *on = other->parts; in; in = in->next, on = on->next)
		check_part(in, on, message);
}

static size_t count(const struct mime_part *p)
{
	size_t all = 1;

	for (p = p->parts; p; p = p->next)
		all += count(p);
	return all;
}

static void check(struct arena *a, struct hash *h, str message)
{
	struct mime_part *root, *pieces, *bare;
	str skeleton, again, same;

	if (failed(scan(a, h, message, message.len + 1, &root, &skeleton)))
		return;
	must(!failed(scan(a, h, message, 1 + message.len % 13, &pieces, &same)) && str_same(skeleton, same));
	check_part(root, pieces, message);
	must(!failed(scan(a, h, skeleton, skeleton.len + 1, &bare, &again)) && str_same(skeleton, again));
	must(count(bare) == count(root));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct hash *h = NULL;

	must(!failed(arena_open(64 << 20, &a)) && !failed(hash_open(&h)));
	check(a, h, str_bytes(data, size));
	hash_done(&h);
	arena_close(a);
	return 0;
}
