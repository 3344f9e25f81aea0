/* The hashes in the signatures that a key's owner made over it. librnp judges whether they hold; which hashes are still
 * worth something is decided here, for keys of every age alike. */
#include "inspector/pgp_inside.h"

#include <string.h>

struct newest {
	const char *kind; /* how the types that count begin */
	uint32_t made;
	bool any, forgeable;
};

static bool can_be_forged(const char *hash)
{
	return strcmp(hash, "MD5") == 0 || strcmp(hash, "SHA1") == 0 || strcmp(hash, "RIPEMD160") == 0;
}

static bool is_by(rnp_signature_handle_t s, rnp_key_handle_t key)
{
	OWNED(text_done) char *by = NULL;
	OWNED(text_done) char *own = NULL;

	return rnp_signature_get_keyid(s, &by) == RNP_SUCCESS && rnp_key_get_keyid(key, &own) == RNP_SUCCESS && by &&
	       own && strcmp(by, own) == 0;
}

/* A signature that does not hold counts for nothing, unless it does not because of its hash: then it is the reason. */
static void look(rnp_signature_handle_t s, rnp_key_handle_t primary, struct newest *n)
{
	OWNED(text_done) char *type = NULL;
	OWNED(text_done) char *hash = NULL;
	uint32_t made = 0;

	if (!is_by(s, primary) || rnp_signature_get_type(s, &type) != RNP_SUCCESS ||
	    rnp_signature_get_hash_alg(s, &hash) != RNP_SUCCESS || rnp_signature_get_creation(s, &made) != RNP_SUCCESS)
		return;
	bool weak = can_be_forged(hash);
	if (strncmp(type, n->kind, strlen(n->kind)) != 0 || strstr(type, "revocation") || (n->any && made < n->made) ||
	    (!weak && rnp_signature_is_valid(s, 0) != RNP_SUCCESS))
		return;
	n->any = true;
	n->made = made;
	n->forgeable = weak;
}

err owner_is_forgeable(rnp_key_handle_t primary, rnp_uid_handle_t uid, bool *out)
{
	struct newest n = { .kind = "certification" };
	size_t count = 0;

	if (rnp_uid_get_signature_count(uid, &count) != RNP_SUCCESS)
		return NEVER(KEY, "the key's signatures cannot be read");
	for (size_t i = 0; i < count; i++) {
		OWNED(signature_done) rnp_signature_handle_t s = NULL;
		if (rnp_uid_get_signature_at(uid, i, &s) == RNP_SUCCESS && s)
			look(s, primary, &n);
	}
	*out = n.any && n.forgeable;
	return OK;
}

err part_is_forgeable(rnp_key_handle_t primary, rnp_key_handle_t part, bool *out)
{
	struct newest n = { .kind = "subkey binding" };
	size_t count = 0;

	if (rnp_key_get_signature_count(part, &count) != RNP_SUCCESS)
		return NEVER(KEY, "the key's signatures cannot be read");
	for (size_t i = 0; i < count; i++) {
		OWNED(signature_done) rnp_signature_handle_t s = NULL;
		if (rnp_key_get_signature_at(part, i, &s) == RNP_SUCCESS && s)
			look(s, primary, &n);
	}
	*out = n.any && n.forgeable;
	return OK;
}
