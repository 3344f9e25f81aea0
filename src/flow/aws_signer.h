/* Who signs what is asked of AWS: the bucket's login and that of SES, each as its section of the configuration says.
 * The keys lie in the arena, which outlives the login. Nothing is looked at yet. */
#ifndef LETTERLOCK_FLOW_AWS_SIGNER_H
#define LETTERLOCK_FLOW_AWS_SIGNER_H

#include "config/config.h"
#include "net/aws_login.h"

err aws_signer_for_s3(struct arena *a, const struct config *config, struct clock clock, struct aws_login **out);
err aws_signer_for_ses(struct arena *a, const struct config *config, struct clock clock, struct aws_login **out);

#endif
