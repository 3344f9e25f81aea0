/* flow/key_directory: asking the Web Key Directory of an address's domain for its OpenPGP key (wire/wkd.h says where it
 * stands). The address comes from a list, so its domain is a stranger's: only HTTPS and only the public Internet is
 * asked, no redirect is followed, and answer and time are bounded (THREATS B-70). recipients.wkd_server, which the
 * operator wrote, is asked instead where it is set, wherever it stands. */
#ifndef LETTERLOCK_FLOW_KEY_DIRECTORY_H
#define LETTERLOCK_FLOW_KEY_DIRECTORY_H

#include "config/config.h"

enum { KEY_DIRECTORY_ANSWER_MAX = 64 * 1024 };

/* What the directory gave, not judged but for its being no certificate: check_key() is next. NEVER NOT_FOUND if the
 * domain publishes no key for it, NEVER PROTOCOL for a redirect or a refusal, NEVER LIMIT for too much, NEVER DENIED
 * for a place that may not be asked; LATER if the directory could not be reached. */
err flow_key_directory(const struct config *c, struct arena *a, str address, str *key, struct fault *fault);

#endif
