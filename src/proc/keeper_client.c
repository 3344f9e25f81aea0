/* The keyring of a process that holds no keys: it asks the keeper. */
#include "proc/keeper.h"

#include "sys/packet.h"
#include "sys/sys.h"

#include <pthread.h>

enum { PATIENCE = 10 * SECOND, HEAD_MAX = KEEPER_HEAD + 1024 };

struct keeper_client {
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t given_back;
	int idle[KEEPER_SOCKETS];
	unsigned idle_count, alive;
};

static err take_socket(struct keeper_client *c, int *fd)
{
	err e = OK;

	pthread_mutex_lock(&c->lock);
	while (c->alive && !c->idle_count)
		pthread_cond_wait(&c->given_back, &c->lock);
	if (c->alive)
		*fd = c->idle[--c->idle_count];
	else
		e = LATER(CLOSED, "the keeper of the keys is gone");
	pthread_mutex_unlock(&c->lock);
	return e;
}

static void give_back(struct keeper_client *c, int fd)
{
	pthread_mutex_lock(&c->lock);
	c->idle[c->idle_count++] = fd;
	pthread_cond_signal(&c->given_back);
	pthread_mutex_unlock(&c->lock);
}

/* A late answer must never be taken for that of the next question. */
static void drop(struct keeper_client *c, int fd)
{
	fd_done(&fd);
	pthread_mutex_lock(&c->lock);
	c->alive--;
	pthread_cond_broadcast(&c->given_back);
	pthread_mutex_unlock(&c->lock);
}

static err converse(int fd, str head, str bytes, void *room, size_t max, size_t *got)
{
	TRY(packet_send(fd, head, bytes));
	return packet_receive(fd, room, max, got);
}

/* The content of the answer lies in `room`. */
static err ask(struct keeper_client *c, const struct keeper_question *q, void *room, size_t max, str *content)
{
	char head_room[HEAD_MAX];
	struct buf head = BUF_ON(head_room);
	size_t got = 0;
	int fd;

	TRY(keeper_question_print(q, &head));
	TRY(take_socket(c, &fd));
	err e = converse(fd, buf_str(&head), q->bytes, room, max, &got);
	if (failed(e)) {
		drop(c, fd);
		return LATER(CLOSED, "the keeper of the keys does not answer");
	}
	give_back(c, fd);
	return keeper_answer_read(str_bytes(room, got), content);
}

/* An answer of a known length, its room wiped. */
static err ask_fixed(struct keeper_client *c, const struct keeper_question *q, uint8_t *to, size_t len)
{
	uint8_t room[128];
	str content;

	err e = ask(c, q, room, sizeof room, &content);
	if (!failed(e) && content.len != len)
		e = LATER(PROTOCOL, "the keeper's answer has the wrong length");
	if (!failed(e))
		memcpy(to, content.at, len);
	crypt_wipe(room, sizeof room);
	return e;
}

/* ── struct keyring_ops ──────────────────────────────────────────────────────────────────────────── */

static err client_wrap(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	const struct keeper_question q = { KEEPER_WRAP, .name = context, .bytes = str_bytes(key, AEAD_KEY) };

	return ask_fixed(state, &q, wrapped, WRAPPED_KEY);
}

static err client_unwrap(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	const struct keeper_question q = { KEEPER_UNWRAP, .name = context, .bytes = str_bytes(wrapped, WRAPPED_KEY) };

	return ask_fixed(state, &q, key, AEAD_KEY);
}

static err client_mac(void *state, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN])
{
	const struct keeper_question q = { KEEPER_MAC, .purpose = purpose, .age = age, .bytes = bytes };

	return ask_fixed(state, &q, mac, MAC_LEN);
}

static err client_sign(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	const struct keeper_question q = { KEEPER_SIGN, .name = domain, .selector = selector,
					   .bytes = str_bytes(digest, SHA256_LEN) };
	char room[SIGNATURE_MAX + 8];
	str content;

	TRY(ask(state, &q, room, sizeof room, &content));
	buf_add(signature, content);
	return buf_check(signature);
}

static err client_list(void *state, struct arena *a, struct key_info **out)
{
	const struct keeper_question q = { KEEPER_LIST };
	struct buf room;
	str content;

	TRY(buf_open(a, KEEPER_PACKET_MAX, &room));
	TRY(ask(state, &q, room.at, room.max, &content));
	return keeper_list_read(a, content, out);
}

static void client_close(void *state)
{
	struct keeper_client *c = state;

	while (c->idle_count)
		fd_done(&c->idle[--c->idle_count]);
	pthread_cond_destroy(&c->given_back);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static const struct keyring_ops client_ops = { client_wrap, client_unwrap, client_mac, client_sign,
					       client_list, client_close,  NULL };

err keeper_client_open(const int sockets[KEEPER_SOCKETS], struct keyring **out, struct keeper_client **client)
{
	struct keeper_client *c = calloc(1, sizeof *c);
	err e = c ? OK : LATER(MEMORY, "no memory for a keyring");

	TRY(e);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->given_back, NULL);
	for (; c->idle_count < KEEPER_SOCKETS; c->idle_count++) {
		c->idle[c->idle_count] = sockets[c->idle_count];
		e = err_first(e, packet_patience(sockets[c->idle_count], PATIENCE));
	}
	c->alive = KEEPER_SOCKETS;
	if (!failed(e))
		e = keyring_with(&client_ops, c, out);
	if (failed(e)) {
		client_close(c);
		return e;
	}
	*client = c;
	return OK;
}

/* Lost as soon as one socket is: something went wrong that only a new process mends. Nobody speaks unasked, so a socket
 * that is idle and has something to say was closed. */
bool keeper_client_lost(struct keeper_client *c)
{
	bool ready[KEEPER_SOCKETS] = { false };

	pthread_mutex_lock(&c->lock);
	bool lost = c->alive < KEEPER_SOCKETS || failed(packet_wait(c->idle, c->idle_count, 0, ready));
	for (unsigned i = 0; i < c->idle_count; i++)
		lost = lost || ready[i];
	pthread_mutex_unlock(&c->lock);
	return lost;
}
