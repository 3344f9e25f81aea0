/* Which files were judged already, by what the file system says of them. A newer one takes the place of an older. */
#include "check/content_inside.h"

#include "sys/sys.h"

#include <string.h>

/* The name belongs to it, as the list gives it: a type is judged by the name too. */
err content_key(int fd, const struct document *doc, uint8_t key[SHA256_LEN])
{
	struct file_identity identity;
	char room[sizeof identity + 1024]; /* as long as a path may be */
	struct buf b = BUF_ON(room);

	TRY(file_identify(fd, &identity));
	buf_add(&b, str_bytes(&identity, sizeof identity));
	buf_add(&b, str_of(doc->path));
	TRY(buf_check(&b));
	return sha256(buf_str(&b), key);
}

static struct known_content *place(struct content_check *c, const uint8_t key[SHA256_LEN])
{
	return &c->known[(key[0] | (unsigned)key[1] << 8) & (KNOWN - 1)];
}

bool content_known(struct content_check *c, const uint8_t key[SHA256_LEN], struct content *out)
{
	pthread_mutex_lock(&c->lock);
	const struct known_content k = *place(c, key);
	pthread_mutex_unlock(&c->lock);
	if (k.size == 0 || memcmp(k.key, key, SHA256_LEN) != 0)
		return false;
	*out = (struct content){
		.size = k.size, .scanned = k.scanned, .looked = k.looked, .type = k.type, .active = k.active
	};
	memcpy(out->sha256, k.sha256, SHA256_LEN);
	return true;
}

void content_remember(struct content_check *c, const uint8_t key[SHA256_LEN], const struct content *content)
{
	struct known_content k = {
		.size = content->size,
		.scanned = content->scanned,
		.looked = content->looked,
		.type = content->type,
		.active = content->active,
	};

	memcpy(k.key, key, SHA256_LEN);
	memcpy(k.sha256, content->sha256, SHA256_LEN);
	pthread_mutex_lock(&c->lock);
	*place(c, key) = k;
	pthread_mutex_unlock(&c->lock);
}
