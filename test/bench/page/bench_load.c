/* Asks for one path again and again: bench-load PORT CONNECTIONS SECONDS PATH [HOST [COOKIE]]
 * One thread a connection, kept alive; prints answers a second and bytes of one answer's body. With SECONDS 0 it opens
 * the connections, asks once on each, says "idle" and waits for the end of its input. With FROM in the environment, as
 * 127.0.0.9, it comes from there. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *context;
static char request[4096];
static int port, seconds;
static atomic_long answers, body_len;
static atomic_bool over;

static SSL *dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr = { htonl(0x7f000001) } };
	struct sockaddr_in from = { .sin_family = AF_INET };
	const char *address = getenv("FROM");
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	SSL *ssl = SSL_new(context);

	if (address &&
	    (inet_pton(AF_INET, address, &from.sin_addr) != 1 || bind(fd, (struct sockaddr *)&from, sizeof from)))
		return perror("no such address of ours"), _exit(1), NULL;
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) || !SSL_set_fd(ssl, fd) || SSL_connect(ssl) != 1)
		return perror("no connection"), ERR_print_errors_fp(stderr), _exit(1), NULL;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return ssl;
}

/* One answer; false at the end of the connection. */
static bool ask(SSL *ssl, char *room, int size)
{
	long len = 0, want = -1;
	int have = 0, got;

	if (SSL_write(ssl, request, (int)strlen(request)) <= 0)
		return false;
	while (want < 0) {
		if ((got = SSL_read(ssl, room + have, size - 1 - have)) <= 0)
			return false;
		have += got;
		room[have] = 0;
		char *end = strstr(room, "\r\n\r\n"), *field = strcasestr(room, "\r\ncontent-length:");
		if (!end)
			continue;
		if (strncmp(room, "HTTP/1.1 200", 12) != 0 || !field)
			return fprintf(stderr, "%.200s\n", room), _exit(1), false;
		want = strtol(field + 17, NULL, 10);
		len = have - (end + 4 - room);
	}
	for (; len < want; len += got)
		if ((got = SSL_read(ssl, room, size)) <= 0)
			return false;
	body_len = want;
	return true;
}

static void *load(void *state)
{
	SSL *ssl = dial();
	static _Thread_local char room[65536];

	(void)state;
	while (!over) {
		if (!ask(ssl, room, sizeof room)) {
			SSL_free(ssl);
			ssl = dial();
			continue;
		}
		answers++;
	}
	return NULL;
}

static int idle(int count)
{
	static char room[65536];

	for (int i = 0; i < count; i++)
		if (!ask(dial(), room, sizeof room))
			return fprintf(stderr, "connection %d was closed\n", i), 1;
	printf("idle\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	pthread_t thread;

	if (argc < 5)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	port = (int)strtol(argv[1], NULL, 10);
	int count = (int)strtol(argv[2], NULL, 10);
	seconds = (int)strtol(argv[3], NULL, 10);
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", argv[4],
		 argc > 5 ? argv[5] : "localhost", argc > 6 ? "Cookie: " : "", argc > 6 ? argv[6] : "",
		 argc > 6 ? "\r\n" : "");
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	if (seconds == 0)
		return idle(count);
	for (int i = 0; i < count; i++)
		pthread_create(&thread, NULL, load, NULL);
	sleep(1); /* warm */
	long before = answers;
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	sleep((unsigned)seconds);
	long after = answers;
	clock_gettime(CLOCK_MONOTONIC, &to);
	over = true;
	printf("%.1f %ld %ld\n",
	       (double)(after - before) /
		       ((double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec)),
	       (long)body_len, (long)answers);
	fflush(stdout);
	_exit(0); /* the threads are in the midst of it */
}
