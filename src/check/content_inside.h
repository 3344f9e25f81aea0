/* What content.c and content_known.c share, inside check. */
#ifndef LETTERLOCK_CHECK_CONTENT_INSIDE_H
#define LETTERLOCK_CHECK_CONTENT_INSIDE_H

#include "check/content.h"

#include <pthread.h>

enum { KNOWN = 1024 }; /* a power of two: documents that are remembered at the same time */

/* Only of what was let through: it is the common case, and what is refused may be allowed tomorrow. */
struct known_content {
	uint8_t key[SHA256_LEN]; /* of the file's identity and path */
	uint8_t sha256[SHA256_LEN];
	uint64_t size; /* 0: nothing is known here */
	bool scanned, looked;
	enum file_type type;
	uint32_t active;
};

struct content_check {
	struct content_options options;
	pthread_mutex_t lock; /* over what is known */
	struct known_content known[KNOWN];
};

err content_key(int fd, const struct document *doc, uint8_t key[SHA256_LEN]);
bool content_known(struct content_check *c, const uint8_t key[SHA256_LEN], struct content *out);
void content_remember(struct content_check *c, const uint8_t key[SHA256_LEN], const struct content *content);

#endif
