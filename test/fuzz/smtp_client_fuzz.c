/* A whole session with a hostile server: the input is what it says, cut into pieces at "%%"; each piece is said when
 * the client has spoken. Whatever comes, two messages get outcomes that are clean, and none is delivered that was not
 * sent. */
#include "deliver/smtp.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
	int fd;
	str script;
	size_t dots; /* final dots heard */
};

static void listen_a_little(struct server *s)
{
	char bytes[4096];
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	if (poll(&fd, 1, 3) != 1)
		return;
	ssize_t n = recv(s->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n > 0)
		s->dots += str_find(str_bytes(bytes, (size_t)n), STR("\r\n.\r\n")) >= 0;
}

static void *serve(void *state)
{
	struct server *s = state;

	while (s->script.len) {
		ptrdiff_t end = str_find(s->script, STR("%%"));
		str piece = end < 0 ? s->script : str_upto(s->script, (size_t)end);
		s->script = str_from(s->script, end < 0 ? s->script.len : (size_t)end + 2);
		if (send(s->fd, piece.at, piece.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		listen_a_little(s);
	}
	listen_a_little(s);
	shutdown(s->fd, SHUT_WR);
	return NULL;
}

static void check(const struct outcome *o, err e)
{
	must(str_clean(str_of(o->text)) && str_utf8(str_of(o->text)));
	must(!failed(e) || o->result == OUTCOME_LATER);
	must(!o->uncertain || o->result == OUTCOME_LATER);
	must(o->result != OUTCOME_DELIVERED || (o->code >= 200 && o->code < 300));
}

static size_t converse(struct session *s, int fd)
{
	struct message m = { .from = STR("a@b.test"),
			     .to = STR("c@d.test"),
			     .id = STR("<1@b.test>"),
			     .bytes = STR("Subject: x\r\n\r\n.\r\ny\r\n") };
	size_t delivered = 0;

	if (failed(smtp_connect_over(s->state, fd)))
		return 0;
	for (int i = 0; i < 2; i++) {
		struct outcome o;
		err e = session_send(s, &m, &o);
		check(&o, e);
		delivered += o.result == OUTCOME_DELIVERED;
	}
	return delivered;
}

static struct transport *open_transport(void)
{
	struct transport_options o = transport_defaults(TRANSPORT_SMTP);
	struct transport *t = NULL;

	o.host = "127.0.0.1"; /* where nobody listens, in case the client wants to come again */
	o.port = 1;
	o.security = SMTP_CLEAR;
	o.patience = (struct smtp_patience){ 20000, 20000, 20000, 20000, 20000, 20000 };
	must(!failed(transport_open(&o, &t, NULL)));
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server server = { .script = str_bytes(data, size < 16384 ? size : 16384) };
	struct transport *t = open_transport();
	struct session *s = NULL;
	pthread_t thread;
	int pair[2];

	(void)signal(SIGPIPE, SIG_IGN);
	must(!failed(session_open(t, &s)));
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	server.fd = pair[0];
	must(pthread_create(&thread, NULL, serve, &server) == 0);
	size_t delivered = converse(s, pair[1]);
	session_done(&s);
	pthread_join(thread, NULL);
	listen_a_little(&server);
	close(pair[0]);
	/* What was taken was sent: pieces may hide several dots in one, so this bound is one-sided. */
	must(delivered == 0 || server.dots > 0);
	transport_done(&t);
	return 0;
}
