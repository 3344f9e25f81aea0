#include "net/http_inside.h"

#include "sys/sys.h"

#include <pthread.h>
#include <sys/socket.h>

enum {
	BEYOND = 64,        /* places more, for telling people 503 */
	STACK = 512 * 1024, /* address space; only what is touched costs memory */
	PAUSE = 50 * 1000,  /* after accept() failed for want of descriptors (B-91) */
	DRAIN_STEP = 10 * 1000,
};

/* One thread a listener. */
struct http_acceptor {
	struct http_server *server;
	struct http_listener at;
	pthread_t thread;
};

struct http_server {
	struct http_options options;
	struct proxies proxies;
	struct http_tally tally;
	struct http_turns *turns;
	struct http_acceptor acceptor[LISTENERS_MAX];
	size_t acceptor_count; /* that run */
	pthread_mutex_t lock;  /* over what follows */
	pthread_cond_t left;   /* someone left */
	unsigned count, place_count;
	struct http_place *places;
	int wake;
	bool stopping;
};

static void set_default(void *field, size_t size, const void *value)
{
	static const uint8_t zero[16];

	if (memcmp(field, zero, size) == 0)
		memcpy(field, value, size);
}
#define DEFAULT(field, type, value) set_default(&(field), sizeof(field), &(type){ value })

static void set_defaults(struct http_options *o)
{
	DEFAULT(o->connections_max, unsigned, 2000);
	DEFAULT(o->connections_of_one_max, unsigned, 256);
	DEFAULT(o->requests_of_one_max, unsigned, 100);
	DEFAULT(o->body_max, size_t, 64 * 1024);
	DEFAULT(o->arena_max, size_t, 1024 * 1024);
	DEFAULT(o->handshake_max, span, 10 * SECOND);
	DEFAULT(o->head_max, span, 10 * SECOND);
	DEFAULT(o->body_max_t, span, 20 * SECOND);
	DEFAULT(o->idle_max, span, 30 * SECOND);
	DEFAULT(o->window_max, span, 30 * SECOND);
}

/* ── Places ──────────────────────────────────────────────────────────────────────────────────────── */

static unsigned count_of_one(const struct http_server *s, const struct peer *peer)
{
	struct peer group = peer_group(peer);
	unsigned count = 0;

	for (unsigned i = 0; i < s->place_count; i++)
		if (s->places[i].fd >= 0 && s->places[i].counted && peer_same(&s->places[i].group, &group))
			count++;
	return count;
}

static struct http_place *free_place(struct http_server *s)
{
	for (unsigned i = 0; i < s->place_count; i++)
		if (s->places[i].fd < 0)
			return &s->places[i];
	return NULL;
}

static bool has_room_for(struct http_server *s, const struct peer *peer)
{
	return count_of_one(s, peer) < s->options.connections_of_one_max;
}

/* Whose connections are counted: not a proxy's own, nor those of nobody. */
static void settle_in(struct http_place *place, const struct peer *peer, bool counted)
{
	place->peer = *peer;
	place->group = peer_group(peer);
	place->counted = counted && !peer->unknown;
}

/* Null: the connection is to be closed at once, for it costs least. */
static struct http_place *take_place(struct http_server *s, int fd, const struct peer *peer, bool plain)
{
	struct http_place *place = NULL;
	bool proxied = proxies_have(&s->proxies, peer);

	pthread_mutex_lock(&s->lock);
	if (proxied || peer->unknown || has_room_for(s, peer))
		place = free_place(s);
	if (place) {
		place->fd = fd;
		place->plain = plain;
		place->proxied = proxied;
		place->beyond = s->count >= s->options.connections_max;
		settle_in(place, peer, !proxied);
		s->count++;
	}
	pthread_mutex_unlock(&s->lock);
	return place;
}

bool http_place_is_of(struct http_place *place, const struct peer *peer)
{
	struct http_server *s = place->server;

	pthread_mutex_lock(&s->lock);
	bool room = has_room_for(s, peer);
	if (room)
		settle_in(place, peer, true);
	pthread_mutex_unlock(&s->lock);
	return room;
}

static void give_back(struct http_place *place)
{
	struct http_server *s = place->server;

	pthread_mutex_lock(&s->lock);
	fd_done(&place->fd);
	s->count--;
	pthread_cond_broadcast(&s->left);
	pthread_mutex_unlock(&s->lock);
}

bool http_server_crowded(struct http_server *s)
{
	return http_server_connections(s) > s->options.connections_max / 4 * 3;
}

unsigned http_server_connections(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	unsigned count = s->count;
	pthread_mutex_unlock(&s->lock);
	return count;
}

/* ── Threads ─────────────────────────────────────────────────────────────────────────────────────── */

static void *serve_place(void *state)
{
	struct http_place *place = state;

	http_converse(place, place->server->wake);
	tls_thread_rest();
	give_back(place);
	return NULL;
}

static void start_thread(struct http_place *place)
{
	pthread_attr_t how;
	pthread_t thread;

	must(pthread_attr_init(&how) == 0);
	must(pthread_attr_setstacksize(&how, STACK) == 0);
	must(pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED) == 0);
	if (pthread_create(&thread, &how, serve_place, place) != 0)
		give_back(place);
	pthread_attr_destroy(&how);
}

static bool is_stopping(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	bool stopping = s->stopping;
	pthread_mutex_unlock(&s->lock);
	return stopping;
}

static void accept_one(struct http_acceptor *a)
{
	struct http_server *s = a->server;
	struct http_place *place;
	struct peer peer;
	int fd;

	err e = listen_accept(a->at.fd, &fd, &peer);
	if (failed(e)) {
		if (e.why != WHY_BUSY)
			(void)!failed(fd_wait(-1, WAIT_READ, s->wake, PAUSE));
		return;
	}
	s->tally.connections++;
	if ((place = take_place(s, fd, &peer, a->at.plain))) {
		start_thread(place);
		return;
	}
	s->tally.turned_away++;
	fd_done(&fd);
}

static void *accept_all(void *state)
{
	struct http_acceptor *a = state;

	while (!is_stopping(a->server))
		if (!failed(fd_wait(a->at.fd, WAIT_READ, a->server->wake, HOUR)))
			accept_one(a);
	return NULL;
}

/* ── Counting ────────────────────────────────────────────────────────────────────────────────────── */

struct http_turns *http_server_turns(struct http_server *s)
{
	return s->turns;
}

struct http_tally *http_server_tally(struct http_server *s)
{
	return &s->tally;
}

void http_server_counts(struct http_server *s, struct http_counts *out)
{
	out->connections = s->tally.connections;
	out->turned_away = s->tally.turned_away;
	out->handshakes_failed = s->tally.handshakes_failed;
	out->bytes = s->tally.bytes;
	for (size_t i = 0; i < HTTP_STATUS_END; i++)
		out->answers[i] = s->tally.answers[i];
}

/* ── Beginning and end ───────────────────────────────────────────────────────────────────────────── */

static err make_places(struct http_server *s)
{
	s->place_count = s->options.connections_max + BEYOND;
	s->places = calloc(s->place_count, sizeof *s->places);
	if (!s->places)
		return LATER(MEMORY, "no memory for connections");
	for (unsigned i = 0; i < s->place_count; i++)
		s->places[i] = (struct http_place){ .server = s, .options = &s->options, .fd = -1 };
	return OK;
}

static err start_accepting(struct http_server *s, const struct http_listener *at)
{
	struct http_acceptor *a = &s->acceptor[s->acceptor_count];

	must(s->acceptor_count < LISTENERS_MAX && (at->plain || s->options.identity));
	*a = (struct http_acceptor){ .server = s, .at = *at };
	if (pthread_create(&a->thread, NULL, accept_all, a) != 0)
		return LATER(MEMORY, "no thread for accepting");
	s->acceptor_count++;
	return OK;
}

err http_server_open(const struct http_options *options, struct http_server **out)
{
	OWNED(http_server_done) struct http_server *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory for a server");
	s->options = *options;
	s->wake = -1;
	s->proxies = options->proxies ? *options->proxies : (struct proxies){ 0 };
	set_defaults(&s->options);
	descriptors_raise();
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->left, NULL);
	TRY(make_places(s));
	struct entropy chance = sys_entropy();
	TRY(http_turns_open(s->options.requests_of_one_max, &chance, &s->turns));
	TRY(wake_open(&s->wake));
	for (size_t i = 0; i < options->listener_count; i++)
		TRY(start_accepting(s, &options->listeners[i]));
	*out = s;
	s = NULL;
	return OK;
}

static void begin_stopping(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_mutex_unlock(&s->lock);
	wake_raise(s->wake);
	while (s->acceptor_count)
		pthread_join(s->acceptor[--s->acceptor_count].thread, NULL);
}

static void cut_all(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->place_count; i++)
		if (s->places[i].fd >= 0)
			(void)shutdown(s->places[i].fd, SHUT_RDWR);
	while (s->count > 0)
		pthread_cond_wait(&s->left, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s, span drain)
{
	int64_t until = clock_ticks(&s->options.clock) + drain;

	if (!s->acceptor_count)
		return;
	begin_stopping(s);
	while (http_server_connections(s) > 0 && clock_ticks(&s->options.clock) < until)
		(void)!failed(fd_wait(-1, WAIT_READ, -1, DRAIN_STEP));
	cut_all(s);
}

void http_server_done(struct http_server **server)
{
	struct http_server *s = *server;

	*server = NULL;
	if (!s)
		return;
	http_server_stop(s, 0);
	fd_done(&s->wake);
	pthread_cond_destroy(&s->left);
	pthread_mutex_destroy(&s->lock);
	http_turns_done(&s->turns);
	free(s->places);
	free(s);
}
