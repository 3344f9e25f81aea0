#include "seal/seal.h"

#include <string.h>

err seal_zip_password(str password)
{
	if (password.len == 0)
		return NEVER(WEAK_PASSWORD, "a zip needs a password");
	if (password.len > AE2_PASSWORD_MAX)
		return NEVER(LIMIT,
			     "a zip password has at most 64 bytes: longer ones have a second password that opens");
	return OK;
}

enum { AT_ONCE = 16 * AE2_LANES };

static err make_keys(const struct entropy *e, const str *passwords, size_t count, struct zip_key *out)
{
	uint8_t salts[AT_ONCE][AE2_SALT];
	struct ae2_keys keys[AT_ONCE];

	TRY(entropy_fill(e, salts, count * AE2_SALT));
	err derived = ae2_derive(passwords, (const uint8_t(*)[AE2_SALT])salts, keys, count);
	for (size_t i = 0; i < count && !failed(derived); i++) {
		memcpy(out[i].salt, salts[i], AE2_SALT);
		out[i].keys = keys[i];
	}
	crypt_wipe(keys, sizeof keys);
	return derived;
}

err seal_zip_keys(const struct entropy *e, const str *passwords, size_t count, struct zip_key *out)
{
	for (size_t i = 0; i < count; i++)
		TRY(seal_zip_password(passwords[i]));
	for (size_t done = 0; done < count; done += AT_ONCE) {
		size_t some = count - done < AT_ONCE ? count - done : AT_ONCE;
		TRY(make_keys(e, passwords + done, some, out + done));
	}
	return OK;
}
