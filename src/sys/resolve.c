/* Names to addresses, and addresses to text. getaddrinfo() blocks as long as it likes, so it runs in a thread that
 * nobody has to wait for: question and answer belong to both sides, and who leaves last frees them. */
#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
	atomic_int holders;
	atomic_bool done; /* what follows is written before it is set, and read after */
	int answered;     /* eventfd */
	int error;        /* of getaddrinfo */
	char host[256], port[8];
	struct addrinfo *answer;
};

static void let_go(struct question **held)
{
	struct question *q = *held;

	*held = NULL;
	if (!q || atomic_fetch_sub(&q->holders, 1) > 1)
		return;
	if (q->answer)
		freeaddrinfo(q->answer);
	fd_done(&q->answered);
	free(q);
}

static void ask(struct question *q, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };

	q->error = getaddrinfo(q->host, q->port, &hints, &q->answer);
}

static void *ask_in_thread(void *state)
{
	struct question *q = state;
	uint64_t one = 1;

	ask(q, 0); /* AI_ADDRCONFIG would hide localhost on a machine without a network */
	atomic_store(&q->done, true);
	must(write(q->answered, &one, sizeof one) == sizeof one); /* the counter was zero */
	let_go(&q);
	return NULL;
}

static err start_thread(struct question *q)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (pthread_attr_init(&attributes) != 0)
		return LATER(MEMORY, "no thread to ask for a name");
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	atomic_fetch_add(&q->holders, 1);
	int error = pthread_create(&thread, &attributes, ask_in_thread, q);
	pthread_attr_destroy(&attributes);
	if (error) {
		atomic_fetch_sub(&q->holders, 1);
		return LATER(MEMORY, "no thread to ask for a name");
	}
	return OK;
}

static err new_question(const char *host, uint16_t port, struct question **out)
{
	struct question *q;

	if (strlen(host) >= sizeof q->host)
		return NEVER(RESOLVE, "the name is too long");
	q = calloc(1, sizeof *q);
	if (!q)
		return LATER(MEMORY, "no memory");
	atomic_init(&q->holders, 1);
	q->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	memcpy(q->host, host, strlen(host) + 1);
	snprintf(q->port, sizeof q->port, "%u", port);
	*out = q;
	return q->answered < 0 ? LATER(MEMORY, "no descriptor to ask for a name") : OK;
}

static size_t take_answer(const struct question *q, struct endpoint to[ENDPOINTS_MAX])
{
	size_t count = 0;

	for (const struct addrinfo *i = q->answer; i && count < ENDPOINTS_MAX; i = i->ai_next) {
		if (i->ai_addrlen > sizeof to[0].address)
			continue;
		memcpy(to[count].address, i->ai_addr, i->ai_addrlen);
		to[count++].len = i->ai_addrlen;
	}
	return count;
}

static err ask_and_wait(struct question *q, struct wait *w)
{
	ask(q, AI_NUMERICHOST);
	if (!q->error)
		return OK;
	TRY(start_thread(q));
	TRY(socket_wait(q->answered, SOCKET_READABLE, w));
	must(atomic_load(&q->done));
	return OK;
}

err socket_name_exists(const char *host, struct wait *w, bool *exists)
{
	OWNED(let_go) struct question *q = NULL;

	TRY(new_question(host, 0, &q));
	TRY(ask_and_wait(q, w));
	/* A name with records of other kinds alone exists, too. */
	if (q->error && q->error != EAI_NONAME && q->error != EAI_NODATA)
		return LATER(RESOLVE, "the name did not resolve");
	*exists = q->error != EAI_NONAME;
	return OK;
}

err socket_resolve(const char *host, uint16_t port, struct wait *w, struct endpoint to[ENDPOINTS_MAX], size_t *count)
{
	OWNED(let_go) struct question *q = NULL;

	TRY(new_question(host, port, &q));
	TRY(ask_and_wait(q, w));
	if (q->error == EAI_NONAME)
		return LATER(RESOLVE, "the name does not exist");
	if (q->error)
		return LATER(RESOLVE, "the name did not resolve");
	*count = take_answer(q, to);
	return *count ? OK : LATER(RESOLVE, "the name has no address");
}

uint16_t socket_port(int fd)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof at;

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	if (at.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
	return at.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&at)->sin_port) : 0;
}

static bool local6(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

bool socket_is_local(int fd)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof at;

	if (getpeername(fd, (struct sockaddr *)&at, &len) < 0)
		return false;
	if (at.ss_family == AF_INET6)
		return local6(&((struct sockaddr_in6 *)&at)->sin6_addr);
	if (at.ss_family == AF_INET)
		return ntohl(((struct sockaddr_in *)&at)->sin_addr.s_addr) >> 24 == 127;
	return at.ss_family == AF_UNIX;
}

void endpoint_text(const struct endpoint *e, char to[64])
{
	if (getnameinfo((const struct sockaddr *)e->address, e->len, to, 64, NULL, 0, NI_NUMERICHOST) != 0)
		to[0] = 0;
}

void socket_peer(int fd, char to[64])
{
	struct endpoint at = { .len = sizeof at.address };

	to[0] = 0;
	if (getpeername(fd, (struct sockaddr *)at.address, &at.len) == 0)
		endpoint_text(&at, to);
}
