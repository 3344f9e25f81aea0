/* Fetching and judging the signer's key (RFC 6376 6.1.2). */
#include "sign/judgement.h"

static bool fetch_record(struct judgement *j, str *record)
{
	struct txt_record *found = NULL;
	str name;
	err e = str_format(j->arena, &name, "%.*s._domainkey.%.*s", STR_ARG(judgement_tag(j, STR("s"))),
			   STR_ARG(judgement_tag(j, STR("d"))));

	if (!failed(e))
		e = j->dns->find(j->dns->state, j->arena, name, &found);
	if (failed(e))
		return judgement_failed(
			j, e, e.fate == FATE_NEVER ? "there is no key in the DNS" : "the key could not be fetched");
	if (found->next) /* 3.6.2.2: must be unique */
		return judgement_verdict(j, PERMERROR, "there are several key records");
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
	str of = judgement_after_last(judgement_tag(j, STR("i")), '@');

	if (!str_same(j->key.type, types[j->algorithm]))
		return judgement_verdict(j, PERMERROR, "the key is for another algorithm");
	if (j->key.hashes.len && !listed(j->key.hashes, STR("sha256")))
		return judgement_verdict(j, PERMERROR, "the key forbids SHA-256");
	if (!listed(j->key.services, STR("email")))
		return judgement_verdict(j, PERMERROR, "the key is not for mail");
	if (j->key.strict && judgement_has(j, STR("i")) && !str_same_nocase(of, judgement_tag(j, STR("d"))))
		return judgement_verdict(j, PERMERROR, "the key forbids i= in a subdomain");
	return j->key.public_key.len > 0 || judgement_verdict(j, PERMERROR, "the key is revoked");
}

bool judge_key(struct judgement *j)
{
	str record = STR_NONE;

	if (!fetch_record(j, &record))
		return false;
	err e = dkim_key_parse(j->arena, record, &j->key);
	if (failed(e))
		return judgement_failed(j, e, "the key record is malformed");
	return check_key(j);
}
