/* How old the key is that signs for the bucket, as far as the configuration tells. Nothing is opened or asked for it:
 * monitoring looks often, and a secret is read by who signs. */
#include "flow/objects.h"

/* Of named keys the newest signs. Credentials of a session have no age of interest. */
static bool find_named(const struct config *c, moment now, struct objects_key *out)
{
	bool found = false;

	for (size_t i = 0; i < c->s3_keys_count; i++) {
		const struct config_s3_keys *k = &c->s3_keys[i];
		moment created;
		if (failed(config_day(k->created, &created)) || created > now + DAY ||
		    (found && created <= out->created_at))
			continue;
		out->id = k->id;
		out->created_at = created;
		found = true;
	}
	return found;
}

static bool find_key(const struct config *c, moment now, struct objects_key *out)
{
	enum config_aws_login login = c->s3.login;

	if (!objects_in_bucket(c))
		return false;
	if (login == AWS_LOGIN_KEYS || (login == AWS_LOGIN_AUTO && c->s3_keys_count))
		return find_named(c, now, out);
	return (login == AWS_LOGIN_AUTO || login == AWS_LOGIN_ENVIRONMENT || login == AWS_LOGIN_PROFILE) &&
	       c->s3.key_created.len && !failed(config_day(c->s3.key_created, &out->created_at));
}

bool objects_key_look(const struct config *c, moment now, struct objects_key *out)
{
	struct objects_key k = { 0 };

	if (!find_key(c, now, &k))
		return false;
	k.age = now > k.created_at ? now - k.created_at : 0;
	k.left = c->s3.refuse_after - k.age;
	k.refused = k.left <= 0;
	k.alarm = k.refused || k.age >= c->s3.warn_after;
	*out = k;
	return true;
}
