#include "door/hook/hook.h"

#include <pthread.h>
#include <stdlib.h>

struct hook {
	struct hook_options options;
	struct notification_door *door;
	pthread_mutex_t lock; /* over what follows */
	uint64_t counts[NOTIFICATIONS];
	int64_t quiet_until[NOTIFICATIONS]; /* ticks */
};

static bool worth_words(enum notification what)
{
	return what >= NOTIFICATION_MALFORMED || what == NOTIFICATION_UNSUBSCRIBED;
}

/* Counts it; true if it is to be said. */
static bool count(struct hook *h, enum notification what)
{
	int64_t now = clock_ticks(&h->options.line->clock);

	pthread_mutex_lock(&h->lock);
	h->counts[what]++;
	bool say = worth_words(what) && now >= h->quiet_until[what];
	if (say)
		h->quiet_until[what] = now + MINUTE;
	pthread_mutex_unlock(&h->lock);
	return say;
}

static unsigned status_of(err e)
{
	if (!failed(e))
		return 200;
	if (e.fate == FATE_NEVER)
		return e.why == WHY_SYNTAX || e.why == WHY_LIMIT ? 400 : 403;
	return 503;
}

err hook_sns(struct hook *h, const struct http_request *request, struct http_answer *answer)
{
	struct fault fault = { 0 };
	enum notification what;

	if (!h)
		return NEVER(NOT_FOUND, "the door is shut");
	if (request->head->method != HTTP_POST) {
		answer->status = 405;
		return http_answer_field(answer, STR("Allow"), STR("POST"));
	}
	err e = flow_notification(h->door, request->arena, request->body, &what, &fault);
	if (count(h, what) && h->options.said)
		h->options.said(h->options.state, what, e, &fault);
	answer->status = status_of(e);
	return OK;
}

void hook_counts(struct hook *h, uint64_t counts[NOTIFICATIONS])
{
	memset(counts, 0, NOTIFICATIONS * sizeof *counts);
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	memcpy(counts, h->counts, sizeof h->counts);
	pthread_mutex_unlock(&h->lock);
}

err hook_open(const struct hook_options *options, struct hook **out)
{
	OWNED(hook_done) struct hook *h = NULL;

	if (options->line->config->sns.topics.len == 0)
		return OK;
	h = calloc(1, sizeof *h);
	if (!h)
		return LATER(MEMORY, "no memory for a door");
	h->options = *options;
	pthread_mutex_init(&h->lock, NULL);
	TRY(notification_door_open(options->line, &h->door));
	*out = h;
	h = NULL;
	return OK;
}

void hook_done(struct hook **hook)
{
	struct hook *h = *hook;

	*hook = NULL;
	if (!h)
		return;
	notification_door_done(&h->door);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
