#include "net/aws_login_inside.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD (5 * MINUTE)        /* of the end of a session */
#define PAUSE (10 * SECOND)       /* after a failure to renew */
#define GIVES_WAY (10 * MINUTE)   /* a key that was refused */
#define LOOKS_AGAIN (5 * SECOND)  /* at most that often, however many requests are refused at once */
#define CLOCKS_DIFFER (25 * HOUR) /* "made tomorrow" is a time zone, not a mistake */

static const struct {
	const char *words;
	err (*find)(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);
} sources[AWS_SOURCES] = {
	[AWS_KEYS] = { "the keys of the configuration", aws_from_keys },
	[AWS_ENVIRONMENT] = { "the environment", aws_from_environment },
	[AWS_WEB_IDENTITY] = { "a web identity", aws_from_web_identity },
	[AWS_PROFILE] = { "a profile of the shared files", aws_from_profile },
	[AWS_CONTAINER] = { "the container's endpoint", aws_from_container },
	[AWS_INSTANCE] = { "the instance's metadata", aws_from_instance },
};

err aws_login_open(const struct aws_login_options *options, struct aws_login **out)
{
	struct aws_login *l = calloc(1, sizeof *l);

	if (!l)
		return LATER(MEMORY, "no memory for credentials");
	l->options = *options;
	l->failed = LATER(KEY, "no credentials were looked for yet");
	must(pthread_mutex_init(&l->lock, NULL) == 0);
	*out = l;
	return OK;
}

void aws_login_done(struct aws_login **login)
{
	struct aws_login *l = *login;

	*login = NULL;
	if (!l)
		return;
	arena_done(&l->secret);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ── Looking ─────────────────────────────────────────────────────────────────────────────────────── */

static err find_first(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	for (enum aws_source s = AWS_KEYS; s < AWS_SOURCES; s++) {
		*out = (struct aws_found){
			.expires_at = MOMENT_NEVER
		}; /* half a pair from one is none with another's half */
		err e = sources[s].find(l, secret, out, fault);
		if (e.why != WHY_NOT_FOUND || e.fate != FATE_NEVER) {
			out->source = s;
			return e;
		}
	}
	fault_set(fault, "no credentials are in the configuration, the environment, the shared files, a container's "
			 "endpoint or the instance's metadata");
	return NEVER(NOT_FOUND, "no credentials are there");
}

static err find(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	enum aws_source s = l->options.source;

	out->expires_at = MOMENT_NEVER;
	if (s == AWS_AUTO)
		return find_first(l, secret, out, fault);
	out->source = s;
	err e = sources[s].find(l, secret, out, fault);
	if (e.why == WHY_NOT_FOUND && fault_empty(fault))
		fault_set(fault, "no credentials come from %s", sources[s].words);
	return e;
}

static err check(const struct aws_found *found, struct fault *fault)
{
	const struct aws_credentials *w = &found->who;

	if (w->access_key_id.len && w->secret_access_key.len && w->access_key_id.len <= AWS_KEY_ID_MAX &&
	    str_clean(w->access_key_id) && str_clean(w->secret_access_key) && str_clean(w->token) &&
	    !str_has(w->access_key_id, '/'))
		return OK;
	fault_set(fault, "what %s give is no pair of an access key's id and its secret", sources[found->source].words);
	return NEVER(KEY, "these are no credentials");
}

/* Under the lock. What was there stays if nothing new can be had. */
static err renew(struct aws_login *l, struct fault *fault)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct aws_found found = { 0 };

	TRY(arena_open_secret(AWS_SECRET_ROOM, &secret));
	err e = find(l, secret, &found, fault);
	if (!failed(e))
		e = check(&found, fault);
	if (failed(e)) {
		l->failed = e.why == WHY_NOT_FOUND ? NEVER(KEY, "no credentials are there to sign with") : e;
		l->next_try = clock_ticks(&l->options.clock) + PAUSE;
		return l->failed;
	}
	arena_done(&l->secret);
	l->secret = secret;
	secret = NULL;
	l->now = found;
	return OK;
}

static bool is_fresh(const struct aws_login *l, moment now)
{
	return l->secret && (l->now.expires_at == MOMENT_NEVER || now < l->now.expires_at - AHEAD);
}

static err check_age(const struct aws_login *l, moment now, struct fault *fault)
{
	const struct aws_found *n = &l->now;

	if (n->who.token.len || !n->created_at || !l->options.refuse_after)
		return OK;
	if (n->created_at > now + CLOCKS_DIFFER) {
		fault_set(fault, "the access key %.*s is said to be made in the future", STR_ARG(n->who.access_key_id));
		return NEVER(KEY, "an access key of the future");
	}
	if (now - n->created_at < l->options.refuse_after)
		return OK;
	fault_set(fault,
		  "the access key %.*s is %lld days old, and none is used from the age of %lld days on; make a "
		  "new one and name it besides the old",
		  STR_ARG(n->who.access_key_id), (long long)((now - n->created_at) / DAY),
		  (long long)(l->options.refuse_after / DAY));
	return NEVER(KEY, "the access key is too old to sign with");
}

/* Under the lock. */
static err make_ready(struct aws_login *l, struct fault *fault)
{
	moment now = clock_now(&l->options.clock);
	err e = OK;

	if (!is_fresh(l, now))
		e = clock_ticks(&l->options.clock) >= l->next_try ? renew(l, fault) : l->failed;
	if (!l->secret)
		return e;
	if (now >= l->now.expires_at) {
		fault_set(fault, "the credentials of %s are over, and new ones cannot be had: %s",
			  sources[l->now.source].words, l->failed.note);
		return LATER(KEY, "the credentials are over and new ones cannot be had");
	}
	return check_age(l, now, fault);
}

/* ── Asked ───────────────────────────────────────────────────────────────────────────────────────── */

static err copy(const struct aws_credentials *from, struct arena *secret, struct aws_credentials *out)
{
	struct aws_credentials c = { 0 };

	TRY(str_copy(secret, from->access_key_id, &c.access_key_id));
	TRY(str_copy(secret, from->secret_access_key, &c.secret_access_key));
	TRY(str_copy(secret, from->token, &c.token));
	*out = c;
	return OK;
}

err aws_login_get(struct aws_login *l, struct arena *secret, struct aws_credentials *out)
{
	must(pthread_mutex_lock(&l->lock) == 0);
	err e = make_ready(l, NULL);
	if (!failed(e))
		e = copy(&l->now.who, secret, out);
	must(pthread_mutex_unlock(&l->lock) == 0);
	return e;
}

static void add_day(struct buf *b, moment at)
{
	struct civil c = moment_civil(at);

	buf_add_format(b, "%04d-%02d-%02d", c.year, c.month, c.day);
}

/* Under the lock. */
static err check_lasts(const struct aws_login *l, moment until, struct fault *fault)
{
	const struct aws_found *n = &l->now;
	moment retired = n->created_at + l->options.refuse_after;
	char room[16], room2[16];
	struct buf end = BUF_ON(room), promised = BUF_ON(room2);

	if (n->who.token.len) {
		fault_set(fault,
			  "the credentials come from %s and are temporary: a presigned URL ends with them, whatever "
			  "date it bears; name long-lived keys in s3_keys, or use --link page",
			  sources[n->source].words);
		return NEVER(KEY, "temporary credentials sign nothing that outlives them");
	}
	if (!n->created_at) {
		fault_set(fault,
			  "nobody knows how old the access key %.*s is, so nobody knows whether it outlives the links: "
			  "say so in s3.key_created",
			  STR_ARG(n->who.access_key_id));
		return NEVER(KEY, "an access key of unknown age");
	}
	if (!l->options.refuse_after || retired >= until)
		return OK;
	add_day(&end, retired);
	add_day(&promised, until);
	fault_set(fault,
		  "the access key %.*s is retired on %.*s, before the links would end on %.*s, and they would end with "
		  "it; make a new key and name it besides the old, or let the links end earlier",
		  STR_ARG(n->who.access_key_id), STR_ARG(buf_str(&end)), STR_ARG(buf_str(&promised)));
	return NEVER(KEY, "the access key is retired before the links end");
}

err aws_login_lasts(struct aws_login *l, moment until, struct fault *fault)
{
	must(pthread_mutex_lock(&l->lock) == 0);
	err e = make_ready(l, fault);
	if (!failed(e))
		e = check_lasts(l, until, fault);
	must(pthread_mutex_unlock(&l->lock) == 0);
	return e;
}

static bool other_than(const struct aws_login *l, str access_key_id)
{
	return l->secret && !str_same(l->now.who.access_key_id, access_key_id);
}

static bool look_again(struct aws_login *l, str access_key_id)
{
	int64_t ticks = clock_ticks(&l->options.clock);
	struct buf kept = { .at = l->refused, .max = AWS_KEY_ID_MAX };

	if (other_than(l, access_key_id))
		return true; /* somebody was here before */
	if (l->looked_again && ticks < l->looked_again + LOOKS_AGAIN)
		return false;
	l->looked_again = ticks;
	l->refused_until = ticks + GIVES_WAY;
	memset(l->refused, 0, sizeof l->refused);
	buf_add(&kept, access_key_id);
	err e = renew(l, NULL);
	return !failed(e) && (other_than(l, access_key_id) || l->now.who.token.len);
}

bool aws_login_refused(struct aws_login *l, str access_key_id)
{
	must(pthread_mutex_lock(&l->lock) == 0);
	bool other = look_again(l, access_key_id);
	must(pthread_mutex_unlock(&l->lock) == 0);
	return other;
}

static void tell(const struct aws_login *l, struct aws_login_facts *out)
{
	struct aws_login_facts f = { .source = l->now.source,
				     .from = sources[l->now.source].words,
				     .temporary = l->now.who.token.len > 0,
				     .expires_at = l->now.expires_at,
				     .created_at = l->now.created_at };
	struct buf key = { .at = f.key_id, .max = AWS_KEY_ID_MAX };

	buf_add(&key, l->now.who.access_key_id);
	*out = f;
}

err aws_login_look(struct aws_login *l, struct aws_login_facts *out, struct fault *fault)
{
	must(pthread_mutex_lock(&l->lock) == 0);
	err e = make_ready(l, fault);
	if (l->secret)
		tell(l, out);
	must(pthread_mutex_unlock(&l->lock) == 0);
	return e;
}
