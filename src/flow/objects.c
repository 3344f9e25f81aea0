#include "flow/objects.h"

#include "flow/aws_signer.h"
#include "sys/sys.h"

#include <stdlib.h>

bool objects_in_bucket(const struct config *config)
{
	return str_starts(config->store, STR("s3://"));
}

/* ── Who signs ───────────────────────────────────────────────────────────────────────────────────── */

/* The store's, with the list that it chooses from. */
struct signer {
	struct aws_login *login;
	struct arena *keys;
};

static err sign_get(void *state, struct arena *secret, struct aws_credentials *out)
{
	struct signer *s = state;

	return aws_login_get(s->login, secret, out);
}

static bool sign_refused(void *state, str access_key_id)
{
	struct signer *s = state;

	return aws_login_refused(s->login, access_key_id);
}

static err sign_lasts(void *state, moment until, struct fault *fault)
{
	struct signer *s = state;

	return aws_login_lasts(s->login, until, fault);
}

static void sign_done(void *state)
{
	struct signer *s = state;

	aws_login_done(&s->login);
	arena_done(&s->keys);
	free(s);
}

static err open_signer(const struct config *config, struct clock clock, struct store_login *out)
{
	struct signer *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory for credentials");
	err e = arena_open(1024 * 1024, &s->keys);
	if (!failed(e))
		e = aws_signer_for_s3(s->keys, config, clock, &s->login);
	if (failed(e)) {
		sign_done(s);
		return e;
	}
	*out = (struct store_login){
		.get = sign_get, .refused = sign_refused, .lasts = sign_lasts, .done = sign_done, .state = s
	};
	return OK;
}

/* ── Opening ─────────────────────────────────────────────────────────────────────────────────────── */

/* The store believes the clock of the wall, whatever moment `--now` takes for the work. */
static err s3_options(const struct config *config, struct store_s3_options *out)
{
	*out = (struct store_s3_options){ .region = config->s3.region,
					  .endpoint = config->s3.endpoint,
					  .bucket_in_path = config->s3.path_style,
					  .ca_file = config->s3.ca_file,
					  .kms_key = config->s3.kms_key,
					  .patience = config->s3.patience,
					  .clock = sys_clock() };
	return open_signer(config, out->clock, &out->login);
}

err objects_place(const struct config *config, struct arena *a, str *bucket, str *prefix)
{
	str below;

	if (!objects_in_bucket(config))
		return NEVER(CONFIG, "the store is no bucket");
	(void)str_cut(str_from(config->store, 5), '/', bucket, &below);
	return str_format(a, prefix, "%.*s%s", STR_ARG(below), below.len && !str_ends(below, STR("/")) ? "/" : "");
}

static err open_bucket(const struct config *config, struct store **out, struct fault *fault)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct store_s3_options options;
	str bucket, prefix;

	TRY(arena_open(64 * 1024, &a));
	TRY(objects_place(config, a, &bucket, &prefix));
	TRY(s3_options(config, &options));
	options.bucket = bucket;
	options.prefix = prefix;
	return store_open_s3(&options, out, fault);
}

err objects_bucket(const struct config *config, str bucket, struct bucket **out, struct fault *fault)
{
	struct store_s3_options options;

	TRY(s3_options(config, &options));
	options.bucket = bucket;
	return bucket_open(&options, out, fault);
}

err objects_open(const struct config *config, struct store **out, struct fault *fault)
{
	if (objects_in_bucket(config))
		return open_bucket(config, out, fault);
	return store_open(config->store, out, fault);
}

/* ── Direct objects ──────────────────────────────────────────────────────────────────────────────── */

bool objects_direct(const struct config *config, enum link_mode mode, enum seal_kind seal)
{
	bool stands_alone = seal == SEAL_ZIP || seal == SEAL_PDF;

	return stands_alone && objects_in_bucket(config) && (mode == LINK_PRESIGNED || config->s3.direct);
}

/* Whole seconds: that is how the store reads the date. */
err objects_promise(struct store *store, moment now, span good_for, struct fault *fault)
{
	err e = store_share_ready(store, now + good_for, fault);

	if (failed(e) && fault_empty(fault))
		fault_set(fault, "no presigned links: %s", e.note);
	return e;
}

err objects_share(struct store *store, struct arena *a, moment now, span good_for, struct link *out)
{
	now -= now % SECOND;
	out->expires_at = now + good_for - good_for % SECOND;
	return store_share(store, a, out->object, now, out->expires_at - now, &out->url);
}

err objects_share_try(struct store *store, const struct link *link, struct fault *fault)
{
	err e = store_share_try(store, link->object, link->url);

	if (failed(e))
		fault_set(
			fault,
			"the URL that was to be mailed does not open (%s), so nothing of this was mailed: look at the "
			"policies of the bucket and of the key's user",
			e.note);
	return e;
}

err objects_remove(struct store *store, const struct object *o)
{
	return (o->direct ? store_destroy_direct : store_destroy)(store, &o->id, 1);
}

/* ── Judging a bucket ────────────────────────────────────────────────────────────────────────────── */

struct bucket_verdict bucket_judge(const struct store_bucket *b)
{
	if (b->listed_by_anyone == STORE_YES)
		return (struct bucket_verdict){ "anyone may list the bucket, without a signature",
						"take the rights of everyone out of its policy and its ACL", false };
	if (b->public_policy == STORE_YES)
		return (struct bucket_verdict){ "the bucket's policy is public",
						"take the rights of everyone out of it", false };
	if (b->public_acl == STORE_YES)
		return (struct bucket_verdict){ "the bucket's ACL gives rights to everyone",
						"set it to private: put-bucket-acl --acl private", false };
	if (b->public_ignored == STORE_NO)
		return (struct bucket_verdict){ "Block Public Access is not on for the bucket",
						"put-public-access-block with all four of its settings true", false };
	if (b->plain_denied == STORE_NO)
		return (struct bucket_verdict){
			"the bucket answers without TLS those who ask it so",
			"deny s3:* to everyone where aws:SecureTransport is false, in its policy; "
			"or say why not in s3.allow_plain_reason",
			true
		};
	return (struct bucket_verdict){ 0 };
}

err objects_check(struct arena *a, const struct config *config, struct store *store, struct fault *fault)
{
	struct store_bucket bucket;

	if (!objects_in_bucket(config))
		return OK;
	err e = store_look_bucket(store, a, &bucket);
	if (failed(e)) {
		fault_set(fault, "%.*s: %s", STR_ARG(config->store), e.note);
		return e;
	}
	struct bucket_verdict v = bucket_judge(&bucket);
	if (!v.refused || (v.plain_only && config->s3.allow_plain_reason.len))
		return OK;
	fault_set(fault, "%s; %s", v.refused, v.todo);
	return NEVER(DENIED, "the bucket is open to others");
}
