/* A detached signature beside a stored object (seal.sign_documents), made while its bytes go into the store. Who puts
 * documents away signs, and who seals a container anew: both are commands that read smime.key themselves. */
#ifndef LETTERLOCK_FLOW_OBJECTS_SIGN_H
#define LETTERLOCK_FLOW_OBJECTS_SIGN_H

#include "flow/line.h"

/* In `keep`, before the object is created: its signature lives as long as it. */
err objects_signature_room(const struct line *line, struct arena *keep, struct object *o);
/* A sink that signs what goes by and takes `stored`; o->signature is there when it is finished. */
err objects_signed(const struct line *line, struct arena *a, struct object *o, struct sink *stored, struct sink *out);

#endif
