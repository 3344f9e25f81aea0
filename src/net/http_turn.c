/* Taking turns: whoever asks faster than is fair waits for the next answer, so that a flood from one address leaves the
 * processor to the others. An address has a place in a table of fixed size; two that share one go slower, never faster,
 * and which they are cannot be known from outside. The place holds when the next request would be due if all came
 * evenly (the generic cell rate algorithm of ATM's traffic management); a second's worth may come at once. */
#include "net/http_inside.h"

#include <stdlib.h>

enum { PLACES = 4096 };

struct http_turns {
	pthread_mutex_t lock;
	uint8_t key[16];
	span each;
	int64_t due[PLACES]; /* ticks */
};

err http_turns_open(unsigned a_second, const struct entropy *chance, struct http_turns **out)
{
	struct http_turns *t = calloc(1, sizeof *t);

	if (!t)
		return LATER(MEMORY, "no memory for taking turns");
	err e = entropy_fill(chance, t->key, sizeof t->key);
	if (failed(e)) {
		free(t);
		return e;
	}
	must(pthread_mutex_init(&t->lock, NULL) == 0);
	t->each = SECOND / a_second;
	*out = t;
	return OK;
}

void http_turns_done(struct http_turns **turns)
{
	if (*turns)
		(void)pthread_mutex_destroy(&(*turns)->lock);
	free(*turns);
	*turns = NULL;
}

/* FNV-1a over the key and the address: not for secrets, and spread well enough. */
static size_t place_of(const struct http_turns *t, const struct peer *group)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < sizeof t->key; i++)
		h = (h ^ t->key[i]) * 1099511628211u;
	for (size_t i = 0; i < sizeof group->address; i++)
		h = (h ^ group->address[i]) * 1099511628211u;
	return (size_t)((h >> 32) % PLACES);
}

span http_turn(struct http_turns *t, const struct peer *group, int64_t now)
{
	int64_t *due = &t->due[place_of(t, group)];

	must(pthread_mutex_lock(&t->lock) == 0);
	if (*due < now - SECOND)
		*due = now - SECOND;
	*due += t->each;
	span wait = *due - now;
	must(pthread_mutex_unlock(&t->lock) == 0);
	return wait > 0 ? wait : 0;
}
