/* The keeper's process: the keys are read, the door to the world is shut, then questions are answered. One thread a
 * socket, so that a conversation reads from top to bottom. The threads are there before the door is shut, since
 * afterwards none can be made. Sockets come from the parent, each with what its owner may ask. */
#include "proc/keeper.h"

#include "proc/role.h"
#include "proc/word.h"
#include "sys/packet.h"
#include "sys/sandbox.h"

#include <pthread.h>
#include <unistd.h>

/* Each role's sockets, and those of processes that are still leaving. */
enum { GUESTS = 2 * ROLES * KEEPER_SOCKETS, STACK = 256 * 1024 };

struct guest {
	int fd;
	unsigned may;
};

struct keeper {
	struct keyring *keys;
	int parent;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t came, left;
	struct guest waiting[GUESTS];
	unsigned waiting_count, talking, attending;
};

/* ── Conversations ───────────────────────────────────────────────────────────────────────────────── */

static err answer_one(struct keeper *k, const struct guest *g)
{
	char packet[KEEPER_PACKET_MAX], room[KEEPER_PACKET_MAX];
	struct buf answer = BUF_ON(room);
	size_t got;

	TRY(packet_receive(g->fd, packet, sizeof packet, &got));
	err e = keeper_answer(k->keys, g->may, str_bytes(packet, got), &answer);
	if (!failed(e))
		e = packet_send_now(g->fd, buf_str(&answer)); /* who does not listen is cut off */
	crypt_wipe(packet, got);
	crypt_wipe(room, answer.len);
	return e;
}

static void converse(struct keeper *k, const struct guest *g)
{
	err e;

	do
		e = answer_one(k, g);
	while (!failed(e));
	if (e.why != WHY_CLOSED)
		(void)failed(word_tell(k->parent, WORD_WRONG, e, &(struct fault){ 0 }));
}

static struct guest next_guest(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	while (!k->waiting_count)
		pthread_cond_wait(&k->came, &k->lock);
	struct guest g = k->waiting[--k->waiting_count];
	k->talking++;
	pthread_mutex_unlock(&k->lock);
	return g;
}

static void *attend(void *state)
{
	struct keeper *k = state;

	pthread_mutex_lock(&k->lock);
	k->attending++;
	pthread_cond_signal(&k->left);
	pthread_mutex_unlock(&k->lock);
	for (;;) {
		struct guest g = next_guest(k);
		converse(k, &g);
		pthread_mutex_lock(&k->lock);
		(void)close(g.fd);
		k->talking--;
		pthread_cond_signal(&k->left);
		pthread_mutex_unlock(&k->lock);
	}
	return NULL;
}

/* ── The door ────────────────────────────────────────────────────────────────────────────────────── */

static void let_in(struct keeper *k, struct guest g)
{
	pthread_mutex_lock(&k->lock);
	if (k->waiting_count < GUESTS)
		k->waiting[k->waiting_count++] = g;
	else
		(void)close(g.fd);
	pthread_cond_signal(&k->came);
	pthread_mutex_unlock(&k->lock);
}

/* Until the parent closes its end, and then until the last client is gone. */
static void receive_guests(struct keeper *k)
{
	struct guest g;
	uint8_t may;

	while (!failed(packet_receive_fd(k->parent, &may, &g.fd))) {
		g.may = may;
		let_in(k, g);
	}
	pthread_mutex_lock(&k->lock);
	while (k->waiting_count || k->talking)
		pthread_cond_wait(&k->left, &k->lock);
	pthread_mutex_unlock(&k->lock);
}

/* A thread that begins asks the kernel for things that nobody gets once the door is shut. */
static void wait_until_all_attend(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	while (k->attending < GUESTS)
		pthread_cond_wait(&k->left, &k->lock);
	pthread_mutex_unlock(&k->lock);
}

static err start_threads(struct keeper *k)
{
	pthread_attr_t how;
	pthread_t thread;
	int bad = 0;

	must(pthread_attr_init(&how) == 0);
	must(pthread_attr_setstacksize(&how, STACK) == 0);
	for (int i = 0; !bad && i < GUESTS; i++)
		bad = pthread_create(&thread, &how, attend, k);
	pthread_attr_destroy(&how);
	if (!bad)
		wait_until_all_attend(k);
	return bad ? LATER(MEMORY, "no thread could be started") : OK;
}

static err shut_the_door(const struct duty *d, struct fault *fault)
{
	err e = sandbox_shut(GUESTS);

	if (!failed(e))
		return OK;
	fault_set(fault, "the kernel does not let the keeper of the keys give up its rights (%s)", e.note);
	return d->config->serve.sandbox == SANDBOX_REQUIRED ? e : OK;
}

err keeper_run(struct duty *d, struct fault *fault)
{
	static struct keeper k = { .lock = PTHREAD_MUTEX_INITIALIZER,
				   .came = PTHREAD_COND_INITIALIZER,
				   .left = PTHREAD_COND_INITIALIZER };

	k.parent = d->parent;
	TRY(keyring_open(d->config->keys, &d->entropy, &k.keys, fault));
	TRY(start_threads(&k));
	TRY(shut_the_door(d, fault));
	TRY(word_tell(d->parent, WORD_READY, OK, fault));
	receive_guests(&k);
	keyring_done(&k.keys);
	_exit(0); /* nothing behind the door can run what exit() runs */
}
