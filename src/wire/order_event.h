/* An event that asks for lists to be sent, as a function without a server is given it: what S3 tells when an object was
 * put (event version 2.x), the same in messages of SQS, or our own JSON:
 *
 *     {"list": "s3://BUCKET/lists/people.csv",          the only one that must be there
 *      "documents": "s3://BUCKET/letters/",             where its documents are; else beside the list
 *      "template": "document", "as": "zip", "proof": "password", "link": "presigned", "expires": "7d",
 *      "hide_names": false,                             as the options of `send`
 *      "label": "November"}                             to send the same list once more
 *
 * Ours is read strictly: an unknown or repeated member, another type, a control byte is refused. Of S3's the members
 * that count must be there and be what they should; what AWS adds besides is passed over. What S3 says when a trigger
 * is set up ("s3:TestEvent") asks for nothing.
 *
 * Pure: what the words mean, and whether the lists are there, others find out. */
#ifndef LETTERLOCK_WIRE_ORDER_EVENT_H
#define LETTERLOCK_WIRE_ORDER_EVENT_H

#include "base/base.h"

enum { ORDER_EVENT_MAX = 1024 * 1024, ORDER_WISHES_MAX = 100, ORDER_NAME_MAX = 500, ORDER_TEXT_MAX = 512 };

/* What is not said is empty, or 0. */
struct order_wish {
	str bucket, list;
	str etag; /* as S3 said it, without quotes */
	bool has_documents;
	str documents_bucket, documents; /* the prefix ends in '/', or is empty for the whole bucket */
	str template_name, as, proof, link, label;
	span expires;
	bool hide_names;
};

/* NEVER SYNTAX, NEVER LIMIT, with the member at fault. */
err order_event_read(struct arena *a, str event, struct order_wish **wishes, size_t *count, struct fault *fault);

#endif
