/* May this key be encrypted to? And what is known of it. */
#include "inspector/pgp_inside.h"

/* ── Whom it is of ───────────────────────────────────────────────────────────────────────────────── */

/* "Ada <ada@example.com>" or the bare address; anything with a line or other control in it is nobody's. */
static bool is_of(const char *user_id, str address)
{
	str text = str_of(user_id);

	if (!str_clean(text) || !str_utf8(text))
		return false;
	if (text.len && text.at[text.len - 1] == '>') {
		size_t open = text.len - 1;
		while (open && text.at[open] != '<')
			open--;
		text = (str){ text.at + open + 1, text.len - open - 2 };
	}
	return str_same_nocase(text, address);
}

static bool user_id_stands(rnp_uid_handle_t uid)
{
	bool valid = false, revoked = true;

	return rnp_uid_is_valid(uid, &valid) == RNP_SUCCESS && valid &&
	       rnp_uid_is_revoked(uid, &revoked) == RNP_SUCCESS && !revoked;
}

struct whose {
	str address;
	bool named, stands, forgeable; /* by one of its user ids; which is valid; whose signature can be forged */
};

static err look_at_user_id(rnp_key_handle_t primary, size_t at, struct whose *w, struct fault *f)
{
	OWNED(uid_done) rnp_uid_handle_t uid = NULL;
	OWNED(text_done) char *text = NULL;
	bool forgeable = false;

	/* A picture has no text and is nobody's. */
	if (rnp_key_get_uid_at(primary, at, &text) != RNP_SUCCESS || (w->address.len && !is_of(text, w->address)))
		return OK;
	RNP(rnp_key_get_uid_handle_at(primary, at, &uid), f);
	w->named = true;
	TRY(owner_is_forgeable(primary, uid, &forgeable));
	w->forgeable = w->forgeable || forgeable;
	w->stands = w->stands || (!forgeable && user_id_stands(uid));
	return OK;
}

static err judge_owner(rnp_key_handle_t primary, str address, struct fault *f)
{
	struct whose w = { .address = address };
	size_t count = 0;

	RNP(rnp_key_get_uid_count(primary, &count), f);
	for (size_t i = 0; i < count; i++)
		TRY(look_at_user_id(primary, i, &w, f));
	if (w.stands)
		return OK;
	if (w.forgeable)
		return refuse_key(f, "its owner's signature is made with a hash that can be forged (SHA-1 or older): "
				     "ask for a renewed key");
	if (w.named)
		return refuse_key(f, "its user id is revoked, or its owner's signature does not hold");
	return refuse_key(f, "the key is not of %.*s: no user id of it names that address", STR_ARG(address));
}

/* ── The key as a whole ──────────────────────────────────────────────────────────────────────────── */

static err judge_revoked(rnp_key_handle_t key, const char *what, struct fault *f)
{
	OWNED(text_done) char *reason = NULL;
	bool revoked = true;

	RNP(rnp_key_is_revoked(key, &revoked), f);
	if (!revoked)
		return OK;
	(void)rnp_key_get_revocation_reason(key, &reason);
	char room[200];
	struct buf words = BUF_ON(room);
	buf_add_escaped(&words, str_upto(str_of(reason), 60));
	return refuse_key(f, "%s was revoked by its owner%s%.*s", what, words.len ? ": " : "",
			  STR_ARG(buf_str(&words)));
}

static uint64_t end_of(rnp_key_handle_t key)
{
	uint32_t created = 0, lasts = 0;

	if (rnp_key_get_creation(key, &created) != RNP_SUCCESS || rnp_key_get_expiration(key, &lasts) != RNP_SUCCESS)
		return 0;
	return lasts ? (uint64_t)created + lasts : 0;
}

static err judge_expired(rnp_key_handle_t key, const char *what, struct fault *f)
{
	bool expired = true;
	char room[40];
	struct buf at = BUF_ON(room);

	RNP(rnp_key_is_expired(key, &expired), f);
	if (!expired)
		return OK;
	buf_add_moment(&at, (moment)end_of(key) * SECOND);
	return refuse_key(f, "%s expired at %.*s: ask for a renewed one", what, STR_ARG(buf_str(&at)));
}

/* ── The part that encrypts ──────────────────────────────────────────────────────────────────────── */

static bool encrypts(rnp_key_handle_t key)
{
	bool may = false;

	return rnp_key_allows_usage(key, "encrypt", &may) == RNP_SUCCESS && may;
}

/* None is usable: the first that would encrypt says why. */
static err why_none(rnp_key_handle_t primary, struct fault *f)
{
	size_t count = 0;

	RNP(rnp_key_get_subkey_count(primary, &count), f);
	for (size_t i = 0; i < count; i++) {
		OWNED(handle_done) rnp_key_handle_t part = NULL;
		RNP(rnp_key_get_subkey_at(primary, i, &part), f);
		if (!encrypts(part))
			continue;
		TRY(judge_revoked(part, "the part of the key that encrypts", f));
		TRY(judge_expired(part, "the part of the key that encrypts", f));
		return refuse_key(f, "the part of the key that encrypts does not hold: its binding signature is not "
				     "valid");
	}
	return refuse_key(f, "the key only signs: it has no part that may encrypt");
}

static err judge_algorithm(rnp_key_handle_t key, struct fault *f)
{
	OWNED(text_done) char *name = NULL;
	uint32_t bits = 0;

	RNP(rnp_key_get_alg(key, &name), f);
	str algorithm = str_of(name);
	if (str_same(algorithm, STR("DSA")) || str_same(algorithm, STR("ELGAMAL")))
		return refuse_key(f, "it is a %s key, which is too weak today: ask for a newer one",
				  str_same(algorithm, STR("DSA")) ? "DSA" : "ElGamal");
	if (!str_same(algorithm, STR("RSA")))
		return OK;
	RNP(rnp_key_get_bits(key, &bits), f);
	if (bits < PGP_RSA_BITS)
		return refuse_key(f, "it is an RSA key of %u bits, and %d are needed: ask for a newer one",
				  (unsigned)bits, PGP_RSA_BITS);
	return OK;
}

static err choose_part(rnp_key_handle_t primary, rnp_key_handle_t *out, struct fault *f)
{
	OWNED(handle_done) rnp_key_handle_t part = NULL;
	bool forgeable = true;

	if (rnp_key_get_default_key(primary, "encrypt", 0, &part) != RNP_SUCCESS || !part)
		return why_none(primary, f);
	TRY(judge_algorithm(part, f));
	TRY(part_is_forgeable(primary, part, &forgeable));
	if (forgeable)
		return refuse_key(f, "the signature that binds the part which encrypts is made with a hash that can be "
				     "forged (SHA-1 or older): ask for a renewed key");
	*out = part;
	part = NULL;
	return OK;
}

err key_judge(rnp_key_handle_t primary, str address, rnp_key_handle_t *part, struct fault *f)
{
	bool valid = false;

	TRY(judge_revoked(primary, "the key", f));
	TRY(judge_algorithm(primary, f));
	TRY(judge_expired(primary, "the key", f));
	TRY(judge_owner(primary, address, f));
	RNP(rnp_key_is_valid(primary, &valid), f);
	if (!valid)
		return refuse_key(f, "the key is not valid: its owner's signatures do not hold");
	return choose_part(primary, part, f);
}

/* ── Facts ───────────────────────────────────────────────────────────────────────────────────────── */

static err copy_text(struct arena *a, char *text, str *out)
{
	return str_copy(a, str_of(text), out);
}

static err tell_algorithm(struct arena *a, rnp_key_handle_t part, struct pgp_facts *out, struct fault *f)
{
	OWNED(text_done) char *name = NULL;
	OWNED(text_done) char *curve = NULL;

	RNP(rnp_key_get_alg(part, &name), f);
	RNP(rnp_key_get_bits(part, &out->bits), f);
	if (rnp_key_get_curve(part, &curve) != RNP_SUCCESS || !curve)
		return copy_text(a, name, &out->algorithm);
	return str_format(a, &out->algorithm, "%s %s", name, curve);
}

static err tell_times(rnp_key_handle_t primary, rnp_key_handle_t part, struct pgp_facts *out, struct fault *f)
{
	uint64_t whole = end_of(primary), own = end_of(part);
	uint32_t created = 0;

	RNP(rnp_key_get_creation(primary, &created), f);
	out->created = created;
	out->expires = whole && own ? (whole < own ? whole : own) : whole + own;
	return OK;
}

/* Signatures by others say nothing to us, and some keys have thousands. */
static err export(struct arena *a, rnp_key_handle_t primary, str *out, struct fault *f)
{
	OWNED(output_done) rnp_output_t to = NULL;
	uint8_t *at = NULL;
	size_t len = 0;

	RNP(rnp_key_remove_signatures(primary, RNP_KEY_SIGNATURE_NON_SELF_SIG, NULL, NULL), f);
	RNP(rnp_output_to_memory(&to, PGP_KEY_MAX), f);
	RNP(rnp_key_export(primary, to, RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS), f);
	RNP(rnp_output_memory_get_buf(to, &at, &len, false), f);
	if (len > PGP_KEPT_MAX)
		return refuse_key(f, "the key is larger than %d bytes without signatures by others", PGP_KEPT_MAX);
	return str_copy(a, str_bytes(at, len), out);
}

err pgp_key_read(struct arena *a, str bytes, str address, uint64_t now, struct pgp_facts *out, struct fault *f)
{
	OWNED(ring_done) rnp_ffi_t ring = NULL;
	OWNED(handle_done) rnp_key_handle_t primary = NULL;
	OWNED(handle_done) rnp_key_handle_t part = NULL;
	OWNED(text_done) char *fingerprint = NULL;
	struct pgp_facts facts = { 0 };

	TRY(ring_open(now, &ring, f));
	TRY(ring_add(ring, bytes, &primary, f));
	TRY(key_judge(primary, address, &part, f));
	RNP(rnp_key_get_fprint(primary, &fingerprint), f);
	TRY(copy_text(a, fingerprint, &facts.fingerprint));
	TRY(tell_algorithm(a, part, &facts, f));
	TRY(tell_times(primary, part, &facts, f));
	TRY(export(a, primary, &facts.bytes, f));
	*out = facts;
	return OK;
}
