/* flow/enclose: the step between compose and sign for recipients whose key is on file. Their documents are not stored
 * and get no link: the mail itself carries them, encrypted as a whole.
 *
 *     compose_enclosed   the fields that stand outside, and a MIME entity with texts and documents
 *     seal_<kind>_mail   turns the entity into an encrypted one; by enclose.c; enclose_key.c finds the key
 *     sign_message       DKIM over both, as for every mail
 *
 * What was checked is what is enclosed: each document's digest is taken again while it is read. */
#ifndef LETTERLOCK_FLOW_ENCLOSE_H
#define LETTERLOCK_FLOW_ENCLOSE_H

#include "flow/submit.h"
#include "model/recipient_key.h"

bool enclose_is(enum seal_kind kind); /* does a mail of this kind carry its documents? smime and pgp do */
/* What is on file for the address, how it stands, and whether its documents fit into a mail; into the intake. */
err enclose_weigh(struct line *line, struct db *db, struct arena *a, struct intake *in);
/* The key for the recipient's seal, into in->key; its link is none from now on. NEVER KEY, in words, if there is none,
 * it has expired, or it is doubted. */
err enclose_find_key(struct line *line, struct intake *in);
void enclose_no_more(struct intake *in); /* the same undone: it gets a link after all */
/* The finished mail, not signed yet, with out->from as compose says. In c->sub->arena. NEVER LIMIT beyond
 * limits.message_bytes. */
err enclose(struct line *line, const struct chunk *c, struct intake *in, moment now, struct message *out);

#endif
