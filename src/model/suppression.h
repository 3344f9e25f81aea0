/* Suppressions: addresses that must not be mailed, why, since when, and who says so. The operator puts them there, or
 * what comes back about a mail of ours does (flow/feedback.h). Nothing new is queued for who has one, whatever list
 * names them, until the operator removes it; what is queued already goes out.
 *
 * Rows are found by address_mac(), as recipients are. The address itself is sealed, for `suppression list`; the key is
 * one for all of them, because a suppression outlives the submission that it came from. */
#ifndef LETTERLOCK_MODEL_SUPPRESSION_H
#define LETTERLOCK_MODEL_SUPPRESSION_H

#include "model/model.h"

#define SUPPRESSION_BOUNCE STR("bounce")
#define SUPPRESSION_COMPLAINT STR("complaint")
#define SUPPRESSION_EVERYWHERE STR("all") /* the one scope there is: all mail of this installation */

enum { SUPPRESSION_REASON_MAX = 200 };

struct suppression {
	struct suppression *next;
	uint8_t mac[MAC_LEN];
	str address; /* of the first time; upper and lower case are one */
	str scope, reason, origin;
	moment at;
};

/* "mail to it came back for good", or the operator's own words. */
str suppression_words(const struct suppression *s);
/* NEVER NOT_FOUND: it may be mailed. */
err suppression_find(struct db *db, struct arena *a, struct keyring *k, str address, struct suppression *out);
/* Scope, reason, origin, at and address as given; mac is set. *fresh: nothing was there, or something weaker. In the
 * caller's transaction, if there is one. */
err suppression_add(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		    struct suppression *s, bool *fresh);
err suppression_remove(struct db *db, struct keyring *k, str address); /* NEVER NOT_FOUND */
/* At most `most`, in the order they came: the first ones, or those after `last`. */
err suppressions_load(struct db *db, struct arena *a, struct keyring *k, const struct suppression *last, size_t most,
		      struct suppression **out);

#endif
