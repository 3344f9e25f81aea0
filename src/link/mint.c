#include "link/link.h"
#include "link/token.h"

#include "wire/rune.h"

err link_mint(const struct entropy *e, struct arena *a, struct recipient *to)
{
	uint8_t token[LINK_TOKEN];
	struct buf text;

	TRY(id_new(e, &to->link.id));
	TRY(entropy_fill(e, token, sizeof token));
	TRY(buf_open(a, LINK_TOKEN_TEXT, &text));
	buf_add_base32(&text, str_bytes(token, sizeof token));
	crypt_wipe(token, sizeof token);
	to->link.token = buf_str(&text);
	return buf_check(&text);
}

err link_url(struct arena *a, str base_url, str token, str *out)
{
	while (str_ends(base_url, STR("/")))
		base_url.len--;
	return str_format(a, out, "%.*s/d/%.*s", STR_ARG(base_url), STR_ARG(token));
}

err token_mac(struct keyring *k, unsigned age, str token, uint8_t mac[MAC_LEN])
{
	char bytes[LINK_TOKEN];
	struct buf raw = BUF_ON(bytes);

	if (token.len != LINK_TOKEN_TEXT || failed(base32_decode(token, &raw)) || raw.len != LINK_TOKEN)
		return NEVER(NOT_FOUND, "no such link");
	err e = keyring_mac(k, MAC_TOKEN, age, buf_str(&raw), mac);
	crypt_wipe(bytes, sizeof bytes);
	return e;
}

/* The salt goes with the proof from link to link when it is renewed; so it, not the link, tells two recipients with one
 * birth date apart. */
err proof_mac(struct keyring *k, unsigned age, const uint8_t salt[PROOF_SALT], str proof, uint8_t mac[MAC_LEN])
{
	char bytes[PROOF_SALT + LINK_PROOF_MAX];
	struct buf salted = BUF_ON(bytes);

	buf_add(&salted, str_bytes(salt, PROOF_SALT));
	buf_add(&salted, proof);
	err e = buf_check(&salted);
	if (!failed(e))
		e = keyring_mac(k, MAC_PROOF, age, buf_str(&salted), mac);
	crypt_wipe(bytes, sizeof bytes);
	return e;
}

err seal_prompt(struct arena *scratch, const struct entropy *e, const struct submission *sub, const struct link *link,
		struct db_value *out)
{
	struct buf sealed;

	TRY(buf_open(scratch, link->prompt.len + COLUMN_OVERHEAD, &sealed));
	TRY(column_seal(sub->key, e, LINK_PROMPT_PLACE, link->id, link->prompt, &sealed));
	*out = db_bytes(buf_str(&sealed));
	return OK;
}

err record_at(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
	      const struct submission *sub, const struct recipient *to, moment now)
{
	SCRATCH(scratch);
	const struct link *l = &to->link;
	uint8_t token[MAC_LEN], proof[MAC_LEN], salt[PROOF_SALT];
	bool by_code = l->proof == PROOF_CODE; /* its secret is minted when it is asked for */
	struct db_value prompt;

	if ((l->secret.len == 0) != by_code)
		return NEVER(PROOF, "a link without a proof, or one that comes too early");
	TRY(token_mac(k, 0, l->token, token));
	TRY(entropy_fill(e, salt, sizeof salt));
	if (!by_code)
		TRY(proof_mac(k, 0, salt, l->secret, proof));
	TRY(seal_prompt(scratch, e, sub, l, &prompt));
	return db_run(db, QUERY_LINK_ADD,
		      DB(db_id(l->id), db_id(to->id), db_id(sub->id), db_bytes(str_bytes(token, sizeof token)),
			 db_number(LINK_LIVE), db_number(now), db_number(l->expires_at), db_number((int64_t)l->proof),
			 prompt, by_code ? db_none() : db_bytes(str_bytes(proof, sizeof proof)),
			 by_code ? db_none() : db_bytes(str_bytes(salt, sizeof salt)), db_number(l->tries_max),
			 db_number(l->opens_max)));
}

err link_record(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		const struct submission *sub, const struct recipient *to)
{
	return record_at(db, scratch, k, e, sub, to, sub->created_at);
}
