/* What the policy of a bucket says, as far as we ask: is there a statement that denies everything to everyone who comes
 * without TLS? Whatever narrows it (another condition, an exception, one path) makes it none: in doubt the answer is
 * no. */
#ifndef LETTERLOCK_WIRE_AWS_POLICY_H
#define LETTERLOCK_WIRE_AWS_POLICY_H

#include "base/base.h"

bool aws_policy_denies_plain(str policy, str bucket);

#endif
