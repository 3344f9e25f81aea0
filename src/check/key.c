#include "check/key.h"

#include <jansson.h>

enum { KEPT_MAX = 64 * 1024, FINGERPRINT_MAX = 64, ALGORITHM_MAX = 64 };

static err neither(struct fault *f)
{
	fault_set(f, "this is neither an OpenPGP public key nor an X.509 certificate");
	return NEVER(SYNTAX, "no key");
}

/* OpenPGP packets begin with the highest bit set (RFC 4880 4.2), DER certificates with a SEQUENCE. */
err check_key_kind(str bytes, enum recipient_key_kind *out, struct fault *f)
{
	str text = str_trim(str_upto(bytes, 4096));

	if (str_find(text, STR("-----BEGIN PGP ")) >= 0 || (bytes.len && (bytes.at[0] & 0x80)))
		*out = RECIPIENT_KEY_PGP;
	else if (str_find(text, STR("-----BEGIN CERTIFICATE-----")) >= 0 || (bytes.len && bytes.at[0] == 0x30))
		*out = RECIPIENT_KEY_SMIME;
	else
		return neither(f);
	return OK;
}

/* ── OpenPGP ─────────────────────────────────────────────────────────────────────────────────────── */

static bool is_hex(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'A' && s.at[i] <= 'F')))
			return false;
	return s.len >= 40 && s.len <= FINGERPRINT_MAX;
}

static str text_of(const json_t *j, const char *name)
{
	const json_t *t = json_object_get(j, name);

	return json_is_string(t) ? str_bytes(json_string_value(t), json_string_length(t)) : STR_NONE;
}

/* Whoever took the inspector over could say anything: it is at least of the shape it must have. */
static err read_facts(struct arena *a, const json_t *j, struct recipient_key *out)
{
	str fingerprint = text_of(j, "fingerprint"), algorithm = text_of(j, "algorithm");
	json_int_t bits = json_integer_value(json_object_get(j, "bits"));
	json_int_t expires = json_integer_value(json_object_get(j, "expires"));

	if (!is_hex(fingerprint) || algorithm.len == 0 || algorithm.len > ALGORITHM_MAX || !str_clean(algorithm) ||
	    bits < 0 || bits > 1000000 || expires < 0 || expires > INT64_MAX / SECOND)
		return NEVER(PROTOCOL, "the inspector's answer is not understood");
	out->bits = (unsigned)bits;
	out->expires_at = (moment)expires * SECOND;
	TRY(str_copy(a, fingerprint, &out->fingerprint));
	return str_copy(a, algorithm, &out->algorithm);
}

static err read_answer(struct arena *a, str answer, struct recipient_key *out)
{
	json_t *j = json_loadb(answer.at, answer.len, JSON_REJECT_DUPLICATES, NULL);
	err e = json_is_object(j) ? read_facts(a, j, out) : NEVER(PROTOCOL, "the inspector's answer is not understood");

	json_decref(j);
	return e;
}

static err say_parameters(struct arena *a, str address, moment now, str *out)
{
	char *text;
	json_t *j = json_pack("{s:s%, s:I}", "address", address.at, address.len, "now", (json_int_t)(now / SECOND));

	if (!j || !(text = json_dumps(j, JSON_COMPACT))) {
		json_decref(j);
		return LATER(MEMORY, "no memory");
	}
	err e = str_copy(a, str_of(text), out);
	free(text);
	json_decref(j);
	return e;
}

static err check_pgp(struct inspectors *pool, struct arena *a, str bytes, moment now, struct recipient_key *out,
		     struct fault *f)
{
	struct source document = source_of_str(&bytes);
	struct buf kept;
	str answer;

	TRY(buf_open(a, KEPT_MAX, &kept));
	struct sink result = sink_to_buf(&kept);
	struct inspection what = { .job = INSPECT_pgp_key, .document = &document, .result = &result };
	TRY(say_parameters(a, out->address, now, &what.parameters));
	TRY(inspect(pool, a, &what, &answer, f));
	TRY(read_answer(a, answer, out));
	out->bytes = buf_str(&kept);
	return out->bytes.len ? OK : NEVER(PROTOCOL, "the inspector's answer is not understood");
}

/* ── Certificates ────────────────────────────────────────────────────────────────────────────────── */

static err certificate_facts(struct arena *a, const struct mail_certificate *c, struct recipient_key *out)
{
	struct mail_certificate_facts facts;
	struct buf hex;

	TRY(mail_certificate_facts(a, c, &facts));
	TRY(buf_open(a, 2 * SHA256_LEN + 1, &hex));
	for (size_t i = 0; i < SHA256_LEN; i++)
		buf_add_format(&hex, "%02X", facts.sha256[i]);
	TRY(buf_check(&hex));
	out->fingerprint = buf_str(&hex);
	out->algorithm = facts.algorithm;
	out->bits = facts.bits;
	out->expires_at = facts.ends_at;
	return mail_certificate_pem(a, c, &out->bytes);
}

static err check_certificate(struct arena *a, const struct key_rules *rules, str bytes, struct recipient_key *out,
			     struct fault *f)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = NULL;
	const struct mail_rules mail = {
		.use = MAIL_ENCRYPT,
		.now = rules->now,
		.address = out->address,
		.authorities = rules->authorities,
	};

	TRY(mail_certificate_read(bytes, &c, f));
	TRY(mail_certificate_judge(c, &mail, f));
	return certificate_facts(a, c, out);
}

err check_key(struct arena *a, const struct key_rules *rules, str bytes, str address, struct recipient_key *out,
	      struct fault *f)
{
	struct recipient_key key = { .address = address };

	if (bytes.len > CHECK_KEY_MAX) {
		fault_set(f, "a key is smaller than %d bytes", CHECK_KEY_MAX);
		return NEVER(LIMIT, "too large for a key");
	}
	TRY(check_key_kind(bytes, &key.kind, f));
	if (key.kind == RECIPIENT_KEY_SMIME)
		TRY(check_certificate(a, rules, bytes, &key, f));
	else
		TRY(check_pgp(rules->pool, a, bytes, rules->now, &key, f));
	*out = key;
	return OK;
}
