#include "seal/pgp.h"

#include <jansson.h>

enum { PARAMETERS_MAX = 250 * 1024 };

static json_t *pack_key(struct arena *a, str key)
{
	struct buf text;

	if (failed(buf_open(a, 4 * (key.len / 3 + 1), &text)))
		return NULL;
	buf_add_base64(&text, key);
	return json_stringn(text.at, text.len);
}

static json_t *pack(struct arena *a, const struct seal_pgp *how)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < how->count; i++)
		json_array_append_new(keys, pack_key(a, how->keys[i]));
	return json_pack("{s:o, s:I, s:b, s:s%}", "keys", keys, "now", (json_int_t)(how->now / SECOND), "armor",
			 (int)how->armor, "name", how->name.at ? how->name.at : "", how->name.len);
}

static err too_many(struct fault *fault)
{
	fault_set(fault, "the keys are too many or too large: at most %d", SEAL_PGP_KEYS_MAX);
	return NEVER(LIMIT, "too many keys");
}

static err parameters(struct arena *a, const struct seal_pgp *how, str *out, struct fault *fault)
{
	json_t *j = pack(a, how);
	size_t len = j ? json_dumpb(j, NULL, 0, JSON_COMPACT) : 0;
	void *at;
	err e = len == 0               ? LATER(MEMORY, "no memory for the parameters")
		: len > PARAMETERS_MAX ? too_many(fault)
				       : arena_take(a, len, &at);

	if (!failed(e)) {
		(void)json_dumpb(j, at, len, JSON_COMPACT);
		*out = str_bytes(at, len);
	}
	json_decref(j);
	return e;
}

err seal_pgp(struct inspectors *pool, struct arena *a, const struct seal_pgp *how, struct source *from, struct sink *to,
	     struct fault *fault)
{
	struct inspection what = { .job = INSPECT_pgp_seal, .document = from, .result = to };
	str answer;

	if (how->count > SEAL_PGP_KEYS_MAX)
		return too_many(fault);
	TRY(parameters(a, how, &what.parameters, fault));
	return inspect(pool, a, &what, &answer, fault);
}
