/* flow/recipient_keys: putting a recipient's key on file and taking it off, each with its event. A key decides who can
 * read what is sent to an address; so one key never takes another's place unasked. */
#ifndef LETTERLOCK_FLOW_RECIPIENT_KEYS_H
#define LETTERLOCK_FLOW_RECIPIENT_KEYS_H

#include "flow/line.h"
#include "model/recipient_key.h"

enum recipient_key_change {
	RECIPIENT_KEY_IS_NEW,
	RECIPIENT_KEY_IS_RENEWED, /* the same fingerprint: perhaps with another end */
	RECIPIENT_KEY_IS_ANOTHER, /* and takes the place of the one that was in use */
};

/* `key` as check_key() left it, with its origin; added_at and id are set. Where another key of its kind is in use and
 * `replace` is not set: NEVER EXISTS, naming both fingerprints. */
err flow_recipient_key_add(struct line *line, struct db *db, struct arena *a, struct recipient_key *key, bool replace,
			   enum recipient_key_change *out, struct fault *fault);
/* By its fingerprint: hex in upper or lower case, blanks and colons between are passed over, never a part of it. NEVER
 * NOT_FOUND. */
err flow_recipient_key_remove(struct line *line, struct db *db, struct arena *a, str address, str fingerprint,
			      struct recipient_key *out, struct fault *fault);

#endif
