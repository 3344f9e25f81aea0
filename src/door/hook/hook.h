/* door/hook: what other services tell us, on the listener of the recipients' page:
 *
 *     POST /hooks/sns    one message of Amazon SNS: 200 if it needs not come again, 503 if it should, 4xx if it is
 * refused
 *
 * The door is shut, and answers 404, unless sns.topics names a topic. Nothing in a request but its body is looked at:
 * the x-amz-sns-… fields are not signed. What is refused is counted; the operator is told of it in words once a minute
 * at most for each kind, because a flood shall not fill the log. Answers tell nothing: no words, no difference between
 * a topic that is not ours and a signature that does not match. */
#ifndef LETTERLOCK_DOOR_HOOK_H
#define LETTERLOCK_DOOR_HOOK_H

#include "flow/notification.h"
#include "net/http.h"

#define HOOK_SNS_PATH STR("/hooks/sns")
enum { HOOK_BODY_MAX = 256 * 1024 };

struct hook_options {
	struct line *line;
	/* What became of a message that the operator should know of. May be null. */
	void (*said)(void *state, enum notification what, err e, const struct fault *fault);
	void *state;
};
struct hook; /* null where the door is shut; every function takes that */
err hook_open(const struct hook_options *options, struct hook **out);
void hook_done(struct hook **hook);
err hook_sns(struct hook *hook, const struct http_request *request, struct http_answer *answer);
void hook_counts(struct hook *hook, uint64_t counts[NOTIFICATIONS]); /* since it was opened */

#endif
