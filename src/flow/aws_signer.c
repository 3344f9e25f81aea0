#include "flow/aws_signer.h"

/* The sections have the same settings, each in a type of its own. */
struct named_key {
	str id, created;
	const char *secret_file;
};

static void key_of_s3(const struct config *c, size_t i, struct named_key *out)
{
	*out = (struct named_key){ c->s3_keys[i].id, c->s3_keys[i].created, c->s3_keys[i].secret_file };
}

static void key_of_ses(const struct config *c, size_t i, struct named_key *out)
{
	*out = (struct named_key){ c->ses_keys[i].id, c->ses_keys[i].created, c->ses_keys[i].secret_file };
}

static err open_login(struct arena *a, const struct config *c, struct aws_login_options *o,
		      void (*key_of)(const struct config *c, size_t i, struct named_key *out), str key_created,
		      struct aws_login **out)
{
	struct aws_key *keys;
	struct named_key k;

	TRY(NEW_ARRAY(a, o->key_count + 1, keys));
	for (size_t i = 0; i < o->key_count; i++) {
		key_of(c, i, &k);
		keys[i] = (struct aws_key){ .id = k.id, .secret_file = k.secret_file };
		TRY(config_day(k.created, &keys[i].created));
	}
	o->keys = keys;
	if (key_created.len)
		TRY(config_day(key_created, &o->created));
	return aws_login_open(o, out);
}

err aws_signer_for_s3(struct arena *a, const struct config *c, struct clock clock, struct aws_login **out)
{
	struct aws_login_options o = { .source = (enum aws_source)c->s3.login, /* the same order */
				       .key_count = c->s3_keys_count,
				       .profile = c->s3.profile,
				       .region = c->s3.region,
				       .refuse_after = c->s3.refuse_after,
				       .clock = clock };

	return open_login(a, c, &o, key_of_s3, c->s3.key_created, out);
}

err aws_signer_for_ses(struct arena *a, const struct config *c, struct clock clock, struct aws_login **out)
{
	struct aws_login_options o = { .source = (enum aws_source)c->ses.login, /* the same order */
				       .key_count = c->ses_keys_count,
				       .profile = c->ses.profile,
				       .region = c->ses.region,
				       .refuse_after = c->ses.refuse_after,
				       .clock = clock };

	return open_login(a, c, &o, key_of_ses, c->ses.key_created, out);
}
