/* Verifying, in the order of RFC 6376 6.1: the field, then the key, then the hashes. The first thing wrong ends
 * the judgement of one signature; the others are judged on their own. */
#include "sign/signed_part.h"

#include "wire/dkim_tags.h"

#include <string.h>

enum { SIGNATURES_MAX = 16 };
#define CLOCK_SKEW (15 * MINUTE)

static const char PASS[] = "pass", FAIL[] = "fail", POLICY[] = "policy", TEMPERROR[] = "temperror",
		  PERMERROR[] = "permerror";

struct judgement {
	struct arena *arena;
	const struct header *header;
	str body;
	const struct txt_lookup *dns;
	moment now;
	const struct header_field *field;
	struct dkim_tags tags;
	enum signature_algorithm algorithm;
	enum canon canon_header, canon_body;
	struct dkim_key key;
	struct dkim_result *result;
};

/* Each step says true to go on, or gives its verdict. */
static bool verdict(struct judgement *j, const char *result, const char *reason)
{
	j->result->result = result;
	j->result->reason = reason;
	return false;
}

/* For what failed beneath: ours to try again, or theirs for good. */
static bool verdict_of(struct judgement *j, err e, const char *reason)
{
	return verdict(j, e.fate == FATE_NEVER ? PERMERROR : TEMPERROR, reason);
}

static str tag(const struct judgement *j, str name)
{
	return dkim_tags_value(&j->tags, name, STR_NONE);
}

static bool has(const struct judgement *j, str name)
{
	return dkim_tags_find(&j->tags, name) != NULL;
}

/* ── The field (6.1.1) ───────────────────────────────────────────────────────────────────────────── */

static bool check_required(struct judgement *j)
{
	static const str required[] = {
		STR("v"), STR("a"), STR("b"), STR("bh"), STR("d"), STR("h"), STR("s"),
	};

	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		if (tag(j, required[i]).len == 0)
			return verdict(j, PERMERROR, "a required tag is missing or empty");
	return str_same(tag(j, STR("v")), STR("1")) || verdict(j, PERMERROR, "the version is not 1");
}

static bool read_algorithm(struct judgement *j)
{
	str a = tag(j, STR("a"));

	if (str_same(a, STR("rsa-sha1"))) /* RFC 8301 3.1 */
		return verdict(j, PERMERROR, "rsa-sha1 is no longer accepted");
	if (str_same(a, STR("ed25519-sha256")))
		j->algorithm = SIGNATURE_ED25519_SHA256;
	else if (str_same(a, STR("rsa-sha256")))
		j->algorithm = SIGNATURE_RSA_SHA256;
	else
		return verdict(j, PERMERROR, "the algorithm is not known");
	return true;
}

/* c=header/body; the body's is simple if only one is named. */
static bool read_canon(struct judgement *j)
{
	str header, body, c = dkim_tags_value(&j->tags, STR("c"), STR("simple/simple"));

	if (!str_cut(c, '/', &header, &body))
		body = STR("simple");
	if (!canon_parse(header, &j->canon_header) || !canon_parse(body, &j->canon_body))
		return verdict(j, PERMERROR, "the canonicalization is not known");
	return true;
}

static bool name_fit(struct arena *a, str name)
{
	str lower;
	return !failed(str_lower(a, name, &lower)) && key_name_fit(lower);
}

static str after_last(str s, char c)
{
	size_t at = s.len;

	while (at > 0 && s.at[at - 1] != c)
		at--;
	return at ? str_from(s, at) : STR_NONE;
}

static bool check_names(struct judgement *j)
{
	if (!name_fit(j->arena, tag(j, STR("d"))) || !name_fit(j->arena, tag(j, STR("s"))))
		return verdict(j, PERMERROR, "d= or s= is not a name");
	if (has(j, STR("i")) && !sign_aligned(tag(j, STR("d")), after_last(tag(j, STR("i")), '@')))
		return verdict(j, PERMERROR, "i= is not within d=");
	str queries = dkim_tags_value(&j->tags, STR("q"), STR("dns/txt")), one;
	while (dkim_list_next(&queries, ':', &one))
		if (str_same(one, STR("dns/txt")))
			return true;
	return verdict(j, PERMERROR, "q= names no query that is known");
}

/* Seconds since 1970; 12 digits at most (3.5). */
static bool read_time(const struct judgement *j, str name, moment *out)
{
	uint64_t seconds;
	str text = tag(j, name);

	if (text.len > 12 || !str_number(text, &seconds))
		return false;
	*out = (moment)seconds * SECOND;
	return true;
}

static bool check_times(struct judgement *j)
{
	moment made_at = 0, expires_at = MOMENT_NEVER;

	if ((has(j, STR("t")) && !read_time(j, STR("t"), &made_at)) ||
	    (has(j, STR("x")) && !read_time(j, STR("x"), &expires_at)))
		return verdict(j, PERMERROR, "t= or x= is not a time");
	if (expires_at <= made_at)
		return verdict(j, PERMERROR, "the signature expires before it was made");
	if (made_at > j->now + CLOCK_SKEW)
		return verdict(j, POLICY, "the signature was made in the future");
	return expires_at > j->now || verdict(j, POLICY, "the signature has expired");
}

/* ── The key (6.1.2) ─────────────────────────────────────────────────────────────────────────────── */

static bool fetch_record(struct judgement *j, str *record)
{
	struct txt_record *found = NULL;
	str name;
	err e = str_format(j->arena, &name, "%.*s._domainkey.%.*s", STR_ARG(tag(j, STR("s"))),
			   STR_ARG(tag(j, STR("d"))));

	if (!failed(e))
		e = j->dns->find(j->dns->state, j->arena, name, &found);
	if (failed(e))
		return verdict_of(j, e,
				  e.fate == FATE_NEVER ? "there is no key in the DNS" : "the key could not be fetched");
	if (found->next) /* 3.6.2.2: must be unique */
		return verdict(j, PERMERROR, "there are several key records");
	*record = found->text;
	return true;
}

static bool listed(str list, str what)
{
	str part;

	while (dkim_list_next(&list, ':', &part))
		if (str_same(part, what) || str_same(part, STR("*")))
			return true;
	return false;
}

static bool check_key(struct judgement *j)
{
	static const str types[] = { STR("rsa"), STR("ed25519") };
	str of = after_last(tag(j, STR("i")), '@');

	if (!str_same(j->key.type, types[j->algorithm]))
		return verdict(j, PERMERROR, "the key is for another algorithm");
	if (j->key.hashes.len && !listed(j->key.hashes, STR("sha256")))
		return verdict(j, PERMERROR, "the key forbids SHA-256");
	if (!listed(j->key.services, STR("email")))
		return verdict(j, PERMERROR, "the key is not for mail");
	if (j->key.strict && has(j, STR("i")) && !str_same_nocase(of, tag(j, STR("d"))))
		return verdict(j, PERMERROR, "the key forbids i= in a subdomain");
	return j->key.public_key.len > 0 || verdict(j, PERMERROR, "the key is revoked");
}

static bool read_key(struct judgement *j)
{
	str record;

	if (!fetch_record(j, &record))
		return false;
	err e = dkim_key_parse(j->arena, record, &j->key);
	if (failed(e))
		return verdict_of(j, e, "the key record is malformed");
	return check_key(j);
}

/* ── The hashes (6.1.3) ──────────────────────────────────────────────────────────────────────────── */

static bool check_body(struct judgement *j)
{
	uint8_t digest[SHA256_LEN];
	uint64_t limit = UINT64_MAX, size;
	str claimed;

	if (has(j, STR("l")) && !str_number(tag(j, STR("l")), &limit))
		return verdict(j, PERMERROR, "l= is not a number");
	err e = dkim_base64(j->arena, tag(j, STR("bh")), &claimed);
	if (failed(e))
		return verdict_of(j, e, "bh= is not base64");
	e = body_digest(j->body, j->canon_body, limit, digest, &size);
	if (failed(e))
		return verdict_of(j, e, "the body holds a bare CR or LF");
	if (has(j, STR("l")) && limit > size)
		return verdict(j, PERMERROR, "l= is larger than the body");
	return str_same(claimed, str_bytes(digest, SHA256_LEN)) ||
	       verdict(j, FAIL, "the body was changed: its hash is another");
}

static bool read_names(struct judgement *j, str *names, size_t *count)
{
	str rest = tag(j, STR("h")), name;
	bool from = false;

	for (*count = 0; dkim_list_next(&rest, ':', &name); names[(*count)++] = name) {
		if (*count == SIGNED_NAMES_MAX || name.len == 0)
			return verdict(j, PERMERROR, "h= is malformed or too long");
		from = from || str_same_nocase(name, STR("From"));
	}
	return from || verdict(j, PERMERROR, "the From field is not signed");
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
	err e = dkim_base64(j->arena, tag(j, STR("b")), &signature);
	if (failed(e))
		return verdict_of(j, e, "b= is not base64");
	e = signed_digest(j, names, count, digest);
	if (failed(e))
		return verdict_of(j, e, "the header could not be hashed");
	e = signature_verify(j->algorithm, j->key.public_key, digest, signature, NULL);
	if (failed(e) && e.why == WHY_KEY) /* RFC 8301 3.2 */
		return verdict(j, POLICY, "the key is not fit: malformed, shorter than 1024 bits or larger than 4096");
	if (failed(e) && e.why != WHY_SIGNATURE)
		return verdict_of(j, e, "the signature could not be checked");
	return !failed(e) || verdict(j, FAIL, "the signature does not match: a signed field was changed or added");
}

/* ── All of it ───────────────────────────────────────────────────────────────────────────────────── */

/* l= lets anyone append to the body, so what passes with it is not taken for the sender's (THREATS B-52). */
static bool check_limit(struct judgement *j)
{
	return !has(j, STR("l")) || verdict(j, POLICY, "l= leaves room to append to the body");
}

static void judge(struct judgement *j)
{
	if (failed(dkim_tags_parse(j->field->body, &j->tags))) {
		(void)verdict(j, PERMERROR, "the field is not a tag list");
		return;
	}
	j->result->domain = tag(j, STR("d"));
	j->result->selector = tag(j, STR("s"));
	j->result->algorithm = tag(j, STR("a"));
	if (check_required(j) && read_algorithm(j) && read_canon(j) && check_names(j) && check_times(j) &&
	    read_key(j) && check_body(j) && check_signature(j) && check_limit(j))
		(void)verdict(j, PASS, j->key.testing ? "the key is marked as a test (t=y)" : "");
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
			(void)verdict(&j, POLICY, "too many signatures: this one was not looked at");
		else
			judge(&j);
	}
	*out = all;
	return OK;
}
