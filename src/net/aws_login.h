/* Who signs requests to AWS and its like: keys that the operator named, or whatever the SDKs of AWS would find in the
 * environment, the shared files, a web identity (AssumeRoleWithWebIdentity), the container's endpoint or the
 * instance's metadata (IMDSv2 only: its first version gave the keys to every URL that a program could be made to
 * fetch). The names of variables, files and their order are those of the SDKs.
 *
 * Credentials of a session are renewed five minutes before they end; while that fails, the old ones serve to their
 * end. A long-lived key has an age, if somebody said when it was made: beyond `refuse_after` nothing is signed with it.
 * Of several keys the newest signs; one that the store does not know (yet, or any more) gives way to the next for ten
 * minutes, so that one key takes over from another without a moment in which neither works. Files are read again when
 * the store refuses what they held.
 *
 * Secrets lie in locked memory; what libcurl and jansson see of them passes through ordinary memory, and only of
 * sessions. Safe for many threads at once. */
#ifndef LETTERLOCK_NET_AWS_LOGIN_H
#define LETTERLOCK_NET_AWS_LOGIN_H

#include "base/base.h"
#include "wire/sigv4.h"

enum aws_source {
	AWS_AUTO, /* the first of the following that is there */
	AWS_KEYS,
	AWS_ENVIRONMENT,
	AWS_WEB_IDENTITY,
	AWS_PROFILE,
	AWS_CONTAINER,
	AWS_INSTANCE,
	AWS_SOURCES
};

struct aws_key {
	str id;
	const char *secret_file; /* private to its owner */
	moment created;
};

struct aws_login_options {
	enum aws_source source;
	const struct aws_key *keys;
	size_t key_count;
	str profile;    /* empty: $AWS_PROFILE, or default */
	str region;     /* where web identities are changed into credentials */
	moment created; /* of the key in the environment or the profile; 0: nobody knows */
	span refuse_after;
	struct clock clock;
};

struct aws_login;
/* Looks at nothing yet. Strings and keys outlive it. */
err aws_login_open(const struct aws_login_options *options, struct aws_login **out);
void aws_login_done(struct aws_login **login);

/* Into `secret`. NEVER KEY if there are none or they are too old, NEVER UNSUPPORTED for kinds of profiles that are not
 * read; LATER KEY if none can be had now, or what the conversation failed with. */
err aws_login_get(struct aws_login *login, struct arena *secret, struct aws_credentials *out);
/* Whoever was asked did not accept this key: looks again. False: there is no other. */
bool aws_login_refused(struct aws_login *login, str access_key_id);

/* Will what signs now still be good at `until`? NEVER KEY, in words, for a session's credentials, for a key that is
 * retired before, and for one whose age nobody knows. */
err aws_login_lasts(struct aws_login *login, moment until, struct fault *fault);

struct aws_login_facts {
	enum aws_source source;
	const char *from; /* in words */
	char key_id[128 + 1];
	bool temporary;
	moment expires_at; /* MOMENT_NEVER unless temporary */
	moment created_at; /* 0: nobody knows */
};
/* As aws_login_get, for people. */
err aws_login_look(struct aws_login *login, struct aws_login_facts *out, struct fault *fault);

#endif
