/* Judging the DKIM-Signature field by itself (RFC 6376 6.1.1): what must be there is, and we know what it says. */
#include "sign/judgement.h"

#define CLOCK_SKEW (15 * MINUTE)

static bool check_required(struct judgement *j)
{
	static const str required[] = {
		STR("v"), STR("a"), STR("b"), STR("bh"), STR("d"), STR("h"), STR("s"),
	};

	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		if (judgement_tag(j, required[i]).len == 0)
			return judgement_verdict(j, PERMERROR, "a required tag is missing or empty");
	return str_same(judgement_tag(j, STR("v")), STR("1")) ||
	       judgement_verdict(j, PERMERROR, "the version is not 1");
}

static bool read_algorithm(struct judgement *j)
{
	str a = judgement_tag(j, STR("a"));

	if (str_same(a, STR("rsa-sha1"))) /* RFC 8301 3.1 */
		return judgement_verdict(j, PERMERROR, "rsa-sha1 is no longer accepted");
	if (str_same(a, STR("ed25519-sha256")))
		j->algorithm = SIGNATURE_ED25519_SHA256;
	else if (str_same(a, STR("rsa-sha256")))
		j->algorithm = SIGNATURE_RSA_SHA256;
	else
		return judgement_verdict(j, PERMERROR, "the algorithm is not known");
	return true;
}

/* c=header/body; the body's is simple if only one is named. */
static bool read_canon(struct judgement *j)
{
	str header, body, c = dkim_tags_value(&j->tags, STR("c"), STR("simple/simple"));

	if (!str_cut(c, '/', &header, &body))
		body = STR("simple");
	if (!canon_parse(header, &j->canon_header) || !canon_parse(body, &j->canon_body))
		return judgement_verdict(j, PERMERROR, "the canonicalization is not known");
	return true;
}

static bool name_fit(struct arena *a, str name)
{
	str lower;
	return !failed(str_lower(a, name, &lower)) && key_name_fit(lower);
}

static bool check_names(struct judgement *j)
{
	if (!name_fit(j->arena, judgement_tag(j, STR("d"))) || !name_fit(j->arena, judgement_tag(j, STR("s"))))
		return judgement_verdict(j, PERMERROR, "d= or s= is not a name");
	if (judgement_has(j, STR("i")) &&
	    !sign_aligned(judgement_tag(j, STR("d")), judgement_after_last(judgement_tag(j, STR("i")), '@')))
		return judgement_verdict(j, PERMERROR, "i= is not within d=");
	str queries = dkim_tags_value(&j->tags, STR("q"), STR("dns/txt")), one;
	while (dkim_list_next(&queries, ':', &one))
		if (str_same(one, STR("dns/txt")))
			return true;
	return judgement_verdict(j, PERMERROR, "q= names no query that is known");
}

/* Seconds since 1970; 12 digits at most (3.5). */
static bool read_time(const struct judgement *j, str name, moment *out)
{
	uint64_t seconds;
	str text = judgement_tag(j, name);

	if (text.len > 12 || !str_number(text, &seconds))
		return false;
	*out = (moment)seconds * SECOND;
	return true;
}

static bool check_times(struct judgement *j)
{
	moment made_at = 0, expires_at = MOMENT_NEVER;

	if ((judgement_has(j, STR("t")) && !read_time(j, STR("t"), &made_at)) ||
	    (judgement_has(j, STR("x")) && !read_time(j, STR("x"), &expires_at)))
		return judgement_verdict(j, PERMERROR, "t= or x= is not a time");
	if (expires_at <= made_at)
		return judgement_verdict(j, PERMERROR, "the signature expires before it was made");
	if (made_at > j->now + CLOCK_SKEW)
		return judgement_verdict(j, POLICY, "the signature was made in the future");
	return expires_at > j->now || judgement_verdict(j, POLICY, "the signature has expired");
}

bool judge_field(struct judgement *j)
{
	return check_required(j) && read_algorithm(j) && read_canon(j) && check_names(j) && check_times(j);
}
