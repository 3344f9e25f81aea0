/* What a bucket lets others do: asked of the store, and tried out without a signature. */
#include "store/s3.h"
#include "wire/aws_policy.h"

enum { ROOM = 512 * 1024, ANSWER = 64 * 1024 };

static err ask(struct s3 *s, struct arena *a, str query, struct s3_answer *out)
{
	const struct s3_call call = {
		.method = STR("GET"), .key = "", .query = query, .answer_max = ANSWER, .once = true
	};

	return s3_call(s, a, &call, out);
}

err s3_ready(void *state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;

	TRY(arena_open(ROOM, &a));
	return ask(state, a, STR("list-type=2&max-keys=1"), &answer);
}

/* The one question whose answer needs no trust in the store. */
static enum store_tells look_as_anyone(struct s3 *s, struct arena *a)
{
	const struct s3_call call = { .method = STR("GET"),
				      .key = "",
				      .query = STR("list-type=2&max-keys=1"),
				      .answer_max = ANSWER,
				      .once = true,
				      .anonymous = true };
	struct s3_answer answer;

	err e = s3_call(s, a, &call, &answer);
	if (!failed(e))
		return STORE_YES;
	return e.fate == FATE_NEVER ? STORE_NO : STORE_UNKNOWN;
}

static enum store_tells look_at_policy_status(struct s3 *s, struct arena *a)
{
	struct s3_answer answer;
	err e = ask(s, a, STR("policyStatus="), &answer);

	if (failed(e))
		return e.why == WHY_NOT_FOUND ? STORE_NO : STORE_UNKNOWN; /* there is no policy */
	str public = s3_element(a, answer.body, "PolicyStatus/IsPublic");
	return str_same_nocase(public, STR("true")) ? STORE_YES : STORE_NO;
}

static enum store_tells look_at_acl(struct s3 *s, struct arena *a)
{
	struct s3_answer answer;

	if (failed(ask(s, a, STR("acl="), &answer)))
		return STORE_UNKNOWN;
	return str_find(answer.body, STR("/groups/global/AllUsers")) >= 0 ||
			       str_find(answer.body, STR("/groups/global/AuthenticatedUsers")) >= 0
		       ? STORE_YES
		       : STORE_NO;
}

static enum store_tells is_on(struct arena *a, str body, const char *one, const char *two)
{
	return str_same_nocase(s3_element(a, body, one), STR("true")) &&
			       str_same_nocase(s3_element(a, body, two), STR("true"))
		       ? STORE_YES
		       : STORE_NO;
}

/* Two of the four hold against whatever rules there are; the other two forbid to make such rules. Ceph 16 calls the
 * root by another name. */
static void look_at_block(struct s3 *s, struct arena *a, struct store_bucket *out)
{
	struct s3_answer answer;
	err e = ask(s, a, STR("publicAccessBlock="), &answer);

	if (failed(e)) {
		out->public_ignored = out->public_forbidden = e.why == WHY_NOT_FOUND ? STORE_NO : STORE_UNKNOWN;
		return;
	}
	out->public_ignored = is_on(a, answer.body, "*/IgnorePublicAcls", "*/RestrictPublicBuckets");
	out->public_forbidden = is_on(a, answer.body, "*/BlockPublicAcls", "*/BlockPublicPolicy");
}

static enum store_tells look_at_policy(struct s3 *s, struct arena *a)
{
	struct s3_answer answer;
	err e = ask(s, a, STR("policy="), &answer);

	if (failed(e))
		return e.why == WHY_NOT_FOUND ? STORE_NO : STORE_UNKNOWN;
	return aws_policy_denies_plain(answer.body, s->options.bucket) ? STORE_YES : STORE_NO;
}

/* ── All of it ───────────────────────────────────────────────────────────────────────────────────── */

static void ask_as_anyone(struct s3 *s, struct arena *a, struct store_bucket *out)
{
	out->listed_by_anyone = look_as_anyone(s, a);
}

static void ask_policy_status(struct s3 *s, struct arena *a, struct store_bucket *out)
{
	out->public_policy = look_at_policy_status(s, a);
}

static void ask_acl(struct s3 *s, struct arena *a, struct store_bucket *out)
{
	out->public_acl = look_at_acl(s, a);
}

static void ask_policy(struct s3 *s, struct arena *a, struct store_bucket *out)
{
	out->plain_denied = look_at_policy(s, a);
}

struct question {
	struct s3_job job;
	void (*ask)(struct s3 *s, struct arena *a, struct store_bucket *out);
	struct store_bucket *out; /* of all questions: each fills members of its own */
};

static err run_question(struct s3 *s, struct s3_job *job)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct question *q = job->state;

	TRY(arena_open(ROOM, &a));
	q->ask(s, a, q->out);
	return OK;
}

/* Side by side, since whoever sends waits for the answers. */
static err ask_all(struct s3 *s, struct store_bucket *out)
{
	struct question questions[] = {
		{ .ask = ask_as_anyone }, { .ask = ask_policy_status }, { .ask = ask_acl },
		{ .ask = look_at_block }, { .ask = ask_policy },
	};
	err e = OK;

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		questions[i].job.run = run_question;
		questions[i].job.state = &questions[i];
		questions[i].out = out;
		s3_give(s, &questions[i].job);
	}
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		s3_wait(s, &questions[i].job);
		e = err_first(e, questions[i].job.result);
	}
	return e;
}

err store_look_bucket(struct store *store, struct arena *a, struct store_bucket *out)
{
	struct store_bucket b = { 0 };
	struct s3 *s = store->state;

	(void)a;
	if (store->engine->ready != s3_ready)
		return NEVER(UNSUPPORTED, "the store is no bucket");
	TRY(s3_ready(s)); /* and learns whether the clocks agree */
	TRY(ask_all(s, &b));
	b.skew = s3_skew(s);
	*out = b;
	return OK;
}
