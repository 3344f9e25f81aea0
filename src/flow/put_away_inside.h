/* Between the files of put_away. */
#ifndef LETTERLOCK_FLOW_PUT_AWAY_INSIDE_H
#define LETTERLOCK_FLOW_PUT_AWAY_INSIDE_H

#include "flow/put_away.h"

/* A new object at the end of the recipient's. */
err put_away_object(const struct put_away *p, struct intake *in, str name, str type, struct object **out);
err put_away_create(const struct put_away *p, struct arena *a, struct object *o, struct sink *out);
err put_away_open(const struct put_away *p, struct arena *a, const struct document *doc, struct source *out);
/* The bytes that were judged are the bytes that were sealed, or nobody gets them. */
err put_away_same(const struct document *doc, const uint8_t sealed[SHA256_LEN], struct fault *fault);
err put_away_changed(const struct document *doc, struct fault *fault); /* while it was read */

err put_away_pdf(const struct put_away *p, struct intake *in, struct document *doc);

#endif
