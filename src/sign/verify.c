/* Verifying, in the order of RFC 6376 6.1: the field, then the key, then the hashes. The first thing wrong ends
 * the judgement of one signature; the others are judged on their own. */
#include "sign/judgement.h"

enum { SIGNATURES_MAX = 16 };

bool judgement_verdict(struct judgement *j, const char *result, const char *reason)
{
	j->result->result = result;
	j->result->reason = reason;
	return false;
}

bool judgement_failed(struct judgement *j, err e, const char *reason)
{
	return judgement_verdict(j, e.fate == FATE_NEVER ? PERMERROR : TEMPERROR, reason);
}

str judgement_tag(const struct judgement *j, str name)
{
	return dkim_tags_value(&j->tags, name, STR_NONE);
}

bool judgement_has(const struct judgement *j, str name)
{
	return dkim_tags_find(&j->tags, name) != NULL;
}

str judgement_after_last(str s, char c)
{
	size_t at = s.len;

	while (at > 0 && s.at[at - 1] != c)
		at--;
	return at ? str_from(s, at) : STR_NONE;
}

/* ── The hashes (6.1.3) ──────────────────────────────────────────────────────────────────────────── */

static bool check_body(struct judgement *j)
{
	uint8_t digest[SHA256_LEN];
	uint64_t limit = UINT64_MAX, size;
	str claimed;

	if (judgement_has(j, STR("l")) && !str_number(judgement_tag(j, STR("l")), &limit))
		return judgement_verdict(j, PERMERROR, "l= is not a number");
	err e = dkim_base64(j->arena, judgement_tag(j, STR("bh")), &claimed);
	if (failed(e))
		return judgement_failed(j, e, "bh= is not base64");
	e = body_digest(j->body, j->canon_body, limit, digest, &size);
	if (failed(e))
		return judgement_failed(j, e, "the body holds a bare CR or LF");
	if (judgement_has(j, STR("l")) && limit > size)
		return judgement_verdict(j, PERMERROR, "l= is larger than the body");
	return str_same(claimed, str_bytes(digest, SHA256_LEN)) ||
	       judgement_verdict(j, FAIL, "the body was changed: its hash is another");
}

static bool read_names(struct judgement *j, str *names, size_t *count)
{
	str rest = judgement_tag(j, STR("h")), name;
	bool from = false;

	for (*count = 0; dkim_list_next(&rest, ':', &name); names[(*count)++] = name) {
		if (*count == SIGNED_NAMES_MAX || name.len == 0)
			return judgement_verdict(j, PERMERROR, "h= is malformed or too long");
		from = from || str_same_nocase(name, STR("From"));
	}
	return from || judgement_verdict(j, PERMERROR, "the From field is not signed");
}

/* The field itself, canonical, with nothing between "b=" and the next ";" or the end (3.7). */
static err without_signature(struct judgement *j, str *out)
{
	const struct header_field *f = j->field;
	str place = dkim_tags_find(&j->tags, STR("b"))->place;
	struct buf raw, canonical;

	TRY(buf_open(j->arena, f->raw.len, &raw));
	buf_add(&raw, str_upto(f->raw, (size_t)(place.at - f->raw.at)));
	buf_add(&raw, str_from(f->raw, (size_t)(place.at - f->raw.at) + place.len));
	const struct header_field emptied = { .raw = buf_str(&raw),
					      .name = f->name,
					      .body = str_from(buf_str(&raw), (size_t)(f->body.at - f->raw.at)) };
	TRY(buf_open(j->arena, raw.len + 4, &canonical));
	canon_field(j->canon_header, &emptied, &canonical);
	TRY(buf_check(&canonical));
	*out = str_upto(buf_str(&canonical), canonical.len - 2);
	return OK;
}

static err signed_digest(struct judgement *j, const str *names, size_t count, uint8_t digest[SHA256_LEN])
{
	str fields, own;

	TRY(signed_fields(j->arena, j->header, names, count, j->canon_header, j->field, &fields));
	TRY(without_signature(j, &own));
	return header_digest(fields, own, digest);
}

static bool check_signature(struct judgement *j)
{
	str names[SIGNED_NAMES_MAX], signature;
	size_t count;
	uint8_t digest[SHA256_LEN];

	if (!read_names(j, names, &count))
		return false;
	err e = dkim_base64(j->arena, judgement_tag(j, STR("b")), &signature);
	if (failed(e))
		return judgement_failed(j, e, "b= is not base64");
	e = signed_digest(j, names, count, digest);
	if (failed(e))
		return judgement_failed(j, e, "the header could not be hashed");
	e = signature_verify(j->algorithm, j->key.public_key, digest, signature, NULL);
	if (failed(e) && e.why == WHY_KEY) /* RFC 8301 3.2 */
		return judgement_verdict(j, POLICY,
					 "the key is not fit: malformed, shorter than 1024 bits or larger than 4096");
	if (failed(e) && e.why != WHY_SIGNATURE)
		return judgement_failed(j, e, "the signature could not be checked");
	return !failed(e) ||
	       judgement_verdict(j, FAIL, "the signature does not match: a signed field was changed or added");
}

/* ── All of it ───────────────────────────────────────────────────────────────────────────────────── */

/* l= lets anyone append to the body, so what passes with it is not taken for the sender's (THREATS B-52). */
static bool check_limit(struct judgement *j)
{
	return !judgement_has(j, STR("l")) || judgement_verdict(j, POLICY, "l= leaves room to append to the body");
}

static void judge(struct judgement *j)
{
	if (failed(dkim_tags_parse(j->field->body, &j->tags))) {
		(void)judgement_verdict(j, PERMERROR, "the field is not a tag list");
		return;
	}
	j->result->domain = judgement_tag(j, STR("d"));
	j->result->selector = judgement_tag(j, STR("s"));
	j->result->algorithm = judgement_tag(j, STR("a"));
	if (judge_field(j) && judge_key(j) && check_body(j) && check_signature(j) && check_limit(j))
		(void)judgement_verdict(j, PASS, j->key.testing ? "the key is marked as a test (t=y)" : "");
}

err sign_verify(struct arena *a, str message, const struct txt_lookup *dns, moment now, struct dkim_result **out,
		struct fault *fault)
{
	struct dkim_result *all = NULL, **end = &all;
	struct header header;
	struct judgement j = { .arena = a, .header = &header, .dns = dns, .now = now };
	size_t count = 0;

	TRY(header_split(a, message, &header, &j.body, fault));
	for (size_t i = 0; i < header.count; i++) {
		if (!str_same_nocase(header.fields[i].name, STR("DKIM-Signature")))
			continue;
		TRY(NEW(a, *end));
		j.field = &header.fields[i];
		j.result = *end;
		end = &(*end)->next;
		if (++count > SIGNATURES_MAX)
			(void)judgement_verdict(&j, POLICY, "too many signatures: this one was not looked at");
		else
			judge(&j);
	}
	*out = all;
	return OK;
}
