/* URLs that we sign and others fetch: AWS Signature Version 4 in the query. Signing asks nothing of the network. */
#include "store/s3.h"

enum { SECRET_ROOM = 64 * 1024, ROOM = 256 * 1024 };

static err credentials(struct s3 *s, struct arena *secret, moment until, bool lent, struct aws_credentials *out)
{
	const struct store_login *login = &s->options.login;

	if (!lent && !login->lasts)
		return NEVER(KEY, "nobody knows how long the credentials last");
	if (!lent)
		TRY(login->lasts(login->state, until, NULL));
	TRY(login->get(login->state, secret, out));
	return lent || !out->token.len ? OK : NEVER(KEY, "temporary credentials sign nothing that outlives them");
}

/* By the store's clock, where it is known to be another: the URL ends when we said, whatever either of them shows. */
err s3_share(void *state, struct arena *a, id object, moment at, span good_for, str *url)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct s3 *s = state;
	const struct sigv4_field host = { STR("host"), str_of(s->host) };
	struct sigv4_request request = {
		.method = STR("GET"), .fields = &host, .field_count = 1, .payload = STR("UNSIGNED-PAYLOAD")
	};
	struct sigv4_rules rules = sigv4_rules_of(STR("s3"), s->options.region, at + s3_skew(s));
	struct aws_credentials who = { 0 };
	char key[S3_KEY_MAX];
	struct sigv4 signed_;
	str bare;

	rules.expires = (uint32_t)(good_for / SECOND);
	TRY(arena_open_secret(SECRET_ROOM, &secret));
	TRY(credentials(s, secret, at + good_for, good_for <= STORE_LENT, &who));
	TRY(s3_url(s, a, s3_key(s, object, true, key), STR_NONE, &request.path, &bare));
	TRY(sigv4_presign(a, &request, &who, &rules, &signed_));
	return str_format(a, url, "%.*s?%.*s", STR_ARG(bare), STR_ARG(signed_.query));
}

/* A key that the store does not know would sign URLs that open nothing: so it is tried first. */
err s3_share_ready(void *state, moment until, struct fault *fault)
{
	struct s3 *s = state;

	TRY(s3_ready(s));
	span skew = s3_skew(s);
	if (skew) {
		fault_set(fault,
			  "our clock and the store's are %lld minutes apart, so nobody could say when a presigned URL "
			  "ends: set the clock",
			  (long long)(((skew < 0 ? -skew : skew) + MINUTE / 2) / MINUTE));
		return NEVER(CLOCK, "our clock and the store's are too far apart");
	}
	if (!s->options.login.lasts)
		return NEVER(KEY, "nobody knows how long the credentials last");
	return s->options.login.lasts(s->options.login.state, until, fault);
}

err s3_share_try(void *state, id object, str url)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;
	char key[S3_KEY_MAX], byte;
	str bare, query;

	(void)str_cut(url, '?', &bare, &query);
	TRY(arena_open(ROOM, &a));
	const struct s3_call call = { .method = STR("GET"),
				      .key = s3_key(state, object, true, key),
				      .query = query,
				      .anonymous = true,
				      .to = &byte,
				      .room = 1 };
	return s3_call(state, a, &call, &answer);
}
