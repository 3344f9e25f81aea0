/* A message as it lies in the queue: two sealed columns, the envelope and the content. */
#ifndef LETTERLOCK_QUEUE_ENVELOPE_H
#define LETTERLOCK_QUEUE_ENVELOPE_H

#include "model/model.h"

/* Most mails have a few KiB; those that carry their documents have up to limits.message_bytes. */
#define QUEUE_MESSAGE_MAX ((size_t)1024 * 1024 * 1024)

err message_seal(struct arena *a, struct column_key *key, const struct entropy *e, id delivery,
		 const struct message *message, str *envelope, str *content);
err message_unseal(struct arena *a, struct column_key *key, id delivery, str envelope, str content,
		   struct message *out);

#endif
