/* Codes: six digits, good for ten minutes and once. They are drawn by whoever sends them and kept as a MAC, as other
 * proofs are, under the link key: six digits in a copied database cannot be searched without it. */
#include "link/token.h"

/* Evenly drawn: what would favour low numbers is thrown away. */
static err draw(const struct entropy *e, char out[LINK_CODE_DIGITS])
{
	const uint32_t all = 1000000, fair = UINT32_MAX - UINT32_MAX % all;
	uint32_t n;

	do
		TRY(entropy_fill(e, &n, sizeof n));
	while (n >= fair);
	n %= all;
	for (size_t i = LINK_CODE_DIGITS; i-- > 0; n /= 10)
		out[i] = (char)('0' + n % 10);
	return OK;
}

err link_code_want(struct db *db, id link, uint32_t most, moment now)
{
	return db_run_one(
		db, QUERY_LINK_CODE_WANT,
		DB(db_id(link), db_number(now), db_number(LINK_LIVE), db_number(PROOF_CODE), db_number(most)));
}

err link_codes_wanted(struct db *db, struct link_code_wish *out, size_t max, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t have = 0;
	err e = OK;

	TRY(db_ask(db, QUERY_LINKS_CODE_WANTED, DB(db_number((int64_t)max)), &rows));
	while (have < max && db_next(&rows, &e))
		out[have++] = (struct link_code_wish){ db_row_id(&rows, 0), db_row_number(&rows, 1) };
	*count = have;
	return e;
}

err link_code_new(struct db *db, struct keyring *k, const struct entropy *e, id link, moment now,
		  char out[LINK_CODE_DIGITS])
{
	uint8_t mac[MAC_LEN], salt[PROOF_SALT];

	TRY(draw(e, out));
	TRY(entropy_fill(e, salt, sizeof salt));
	TRY(proof_mac(k, 0, salt, str_bytes(out, LINK_CODE_DIGITS), mac));
	return db_run_one(db, QUERY_LINK_CODE_MINT,
			  DB(db_id(link), db_bytes(str_bytes(mac, sizeof mac)), db_bytes(str_bytes(salt, sizeof salt)),
			     db_number(now + LINK_CODE_GOOD), db_number(LINK_LIVE), db_number(PROOF_CODE)));
}

err link_code_done(struct db *db, id link, bool sent)
{
	return db_run_one(db, QUERY_LINK_CODE_DONE, DB(db_id(link), db_number(!sent)));
}
