/* What the files of aws_login share. Not for others. */
#ifndef LETTERLOCK_NET_AWS_LOGIN_INSIDE_H
#define LETTERLOCK_NET_AWS_LOGIN_INSIDE_H

#include "net/aws_login.h"
#include "net/http_client.h"

#include <pthread.h>

enum { AWS_KEY_ID_MAX = 128, AWS_SECRET_ROOM = 512 * 1024, AWS_ANSWER_MAX = 32 * 1024, AWS_FILE_MAX = 64 * 1024 };

struct aws_found {
	enum aws_source source;
	struct aws_credentials who;
	moment expires_at, created_at;
};

struct aws_login {
	struct aws_login_options options;
	pthread_mutex_t lock; /* over all that follows */
	struct arena *secret; /* of `now`; null: none were found yet */
	struct aws_found now;
	err failed;       /* the latest failure to find any */
	int64_t next_try; /* ticks; not before */
	char refused[AWS_KEY_ID_MAX + 1];
	int64_t refused_until, looked_again;
};

/* One source each: NEVER NOT_FOUND if it is not there. Everything they read lies in the arena. */
err aws_from_keys(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);
err aws_from_environment(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);
err aws_from_profile(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);
err aws_from_web_identity(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);
err aws_from_container(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);
err aws_from_instance(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault);

struct aws_web_identity {
	str role, session, token_file;
};
err aws_assume(struct aws_login *l, struct arena *secret, const struct aws_web_identity *who, struct aws_found *out,
	       struct fault *fault);

str aws_variable(const char *name); /* empty if it is not set */

#endif
