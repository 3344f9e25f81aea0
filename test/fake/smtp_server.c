#include "test/fake/smtp_server.h"

#include "sys/sys.h"
#include "test/fake/certificates.h"
#include "test/support/support.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_MAX = 1 << 20 };

struct fake_smtp {
	pthread_t thread;
	int listening, fd;
	SSL *tls;
	str script;
	unsigned line;
	const char *certificates;
	struct buf say;
	char *heard;
	size_t from, upto;
	bool ended, wrong;
};

static char what[1024];

static void complain(struct fake_smtp *f, const char *text, str expected, str got)
{
	if (f->wrong)
		return;
	f->wrong = true;
	snprintf(what, sizeof what, "line %u: %s; expected <%.*s>, heard <%.*s>", f->line, text,
		 (int)(expected.len < 200 ? expected.len : 200), expected.at, (int)(got.len < 200 ? got.len : 200),
		 got.at ? got.at : "");
}

/* ── The wire ── */

static void put(struct fake_smtp *f, str bytes)
{
	while (bytes.len) {
		ssize_t n = f->tls ? SSL_write(f->tls, bytes.at, (int)bytes.len)
				   : send(f->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
		if (n <= 0)
			return; /* the client may hang up; what it must have heard is seen by what it says */
		bytes = str_from(bytes, (size_t)n);
	}
}

static void flush(struct fake_smtp *f)
{
	put(f, buf_str(&f->say));
	f->say.len = 0;
}

static bool fill(struct fake_smtp *f)
{
	memmove(f->heard, f->heard + f->from, f->upto - f->from);
	f->upto -= f->from;
	f->from = 0;
	if (f->upto == HEARD_MAX || f->fd < 0)
		return false;
	ssize_t n = f->tls ? SSL_read(f->tls, f->heard + f->upto, (int)(HEARD_MAX - f->upto))
			   : recv(f->fd, f->heard + f->upto, HEARD_MAX - f->upto, 0);
	f->upto += n > 0 ? (size_t)n : 0;
	return n > 0;
}

static str unread(const struct fake_smtp *f)
{
	return str_bytes(f->heard + f->from, f->upto - f->from);
}

static bool hear_upto(struct fake_smtp *f, str end, str *got)
{
	ptrdiff_t at;

	while ((at = str_find(unread(f), end)) < 0)
		if (!fill(f))
			return *got = unread(f), false;
	*got = str_upto(unread(f), (size_t)at + end.len);
	f->from += got->len;
	return true;
}

static void hang_up(struct fake_smtp *f, bool rudely)
{
	struct linger now = { .l_onoff = 1 };

	if (f->tls && !rudely)
		SSL_shutdown(f->tls);
	SSL_free(f->tls);
	f->tls = NULL;
	if (rudely)
		setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->from = f->upto = 0;
}

static void next_connection(struct fake_smtp *f)
{
	struct wait w = WAIT_NONE;
	struct timeval patience = { .tv_sec = 20 };

	wait_begin(&w, 20 * SECOND);
	if (f->fd >= 0)
		hang_up(f, false);
	if (failed(socket_accept(f->listening, &w, &f->fd)))
		return complain(f, "nobody connected", STR_NONE, STR_NONE);
	fcntl(f->fd, F_SETFL, 0); /* the server blocks; only the client is under test */
	setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(f->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

static void begin_tls(struct fake_smtp *f, str kind)
{
	char certificate[600], key[600];
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	str name = kind.len ? kind : STR("good");

	snprintf(certificate, sizeof certificate, "%s/%.*s.pem", f->certificates, STR_ARG(name));
	snprintf(key, sizeof key, "%s/%.*s.key", f->certificates, STR_ARG(name));
	SSL_CTX_use_certificate_chain_file(context, certificate);
	SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM);
	f->tls = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_fd(f->tls, f->fd);
	if (f->from != f->upto)
		complain(f, "the client spoke before TLS began", STR_NONE, unread(f));
	/* A client that refuses the certificate hangs up: the dialogue then goes on with C! eof. */
	if (SSL_accept(f->tls) != 1)
		f->upto = f->from = 0;
}

/* ── The script ── */

static void add_unescaped(struct buf *b, str s);

static size_t add_repeated(struct buf *b, str s)
{
	str count, text, rest;
	uint64_t times = 0;

	(void)str_cut(s, '}', &s, &rest);
	if (str_cut(str_from(s, 1), '*', &count, &text) && str_number(count, &times))
		while (times--)
			add_unescaped(b, text);
	return s.len + 1;
}

static void add_unescaped(struct buf *b, str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		if (c != '\\' || i + 1 == s.len) {
			buf_add_char(b, c);
		} else if (s.at[++i] == '{') {
			i += add_repeated(b, str_from(s, i)) - 1;
		} else if (s.at[i] == 'x') {
			assert_ok(hex_decode(str_upto(str_from(s, i + 1), 2), b));
			i += 2;
		} else {
			buf_add_char(b, s.at[i] == 'r' ? '\r' : s.at[i] == 'n' ? '\n' : s.at[i]);
		}
	}
}

static void expect_line(struct fake_smtp *f, str wanted)
{
	str got;

	if (!hear_upto(f, STR("\r\n"), &got))
		return complain(f, "the client hung up or said nothing", wanted, got);
	got = str_upto(got, got.len - 2);
	bool rest = str_ends(wanted, STR("*"));
	str start = rest ? str_upto(wanted, wanted.len - 1) : wanted;
	if (rest ? !str_starts(got, start) : !str_same(got, wanted))
		complain(f, "the client said something else", wanted, got);
}

static void expect_body(struct fake_smtp *f, str wanted)
{
	char *room = malloc(HEARD_MAX);
	struct buf bytes = { .at = room, .max = HEARD_MAX };
	str got;

	add_unescaped(&bytes, wanted);
	if (!hear_upto(f, STR("\r\n.\r\n"), &got))
		complain(f, "the message did not end", wanted, got);
	else if (wanted.len && !str_same(got, buf_str(&bytes)))
		complain(f, "the message is another", wanted, got);
	free(room);
}

static void expect(struct fake_smtp *f, str arg)
{
	str name, rest, got;

	(void)str_cut(arg, ' ', &name, &rest);
	if (str_same(name, STR("eof"))) {
		if (hear_upto(f, STR("\n"), &got) || got.len)
			complain(f, "the client went on", arg, got);
	} else {
		uint64_t ms = 0;
		assert_true(str_same(name, STR("silence")) && str_number(rest, &ms));
		struct timeval t = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
		setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
		if (f->from != f->upto || fill(f))
			complain(f, "the client spoke", arg, unread(f));
		t = (struct timeval){ .tv_sec = 20 };
		setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	}
}

static void act(struct fake_smtp *f, str arg)
{
	str name, rest;
	uint64_t ms;

	(void)str_cut(arg, ' ', &name, &rest);
	if (str_same(name, STR("tls")))
		begin_tls(f, rest);
	else if (str_same(name, STR("close")) || str_same(name, STR("reset")))
		hang_up(f, str_same(name, STR("reset")));
	else if (str_same(name, STR("next")))
		next_connection(f);
	else if (str_same(name, STR("drain")))
		while (fill(f))
			f->upto = 0;
	else if (str_same(name, STR("wait")) && str_number(rest, &ms))
		usleep((useconds_t)ms * 1000);
	else
		complain(f, "the script has an unknown word", arg, STR_NONE);
}

static void play(struct fake_smtp *f, str line)
{
	str sign = str_upto(line, 2), arg = str_from(line, 3);

	if (str_same(sign, STR("S:"))) {
		add_unescaped(&f->say, arg);
		buf_add(&f->say, STR("\r\n"));
		return;
	}
	if (str_same(sign, STR("S+")))
		return add_unescaped(&f->say, arg);
	flush(f);
	if (str_same(sign, STR("C:")))
		expect_line(f, arg);
	else if (str_same(sign, STR("C.")))
		expect_body(f, arg);
	else if (str_same(sign, STR("C!")))
		expect(f, arg);
	else if (str_same(sign, STR("S!")))
		act(f, arg);
}

static void *run(void *state)
{
	struct fake_smtp *f = state;
	str rest = f->script, line;

	next_connection(f);
	while (rest.len && !f->wrong) {
		(void)str_cut(rest, '\n', &line, &rest);
		f->line++;
		if (line.len > 1 && (line.at[0] == 'S' || line.at[0] == 'C'))
			play(f, line);
	}
	flush(f);
	hang_up(f, false);
	return NULL;
}

struct fake_smtp *fake_smtp_start(str dialogue)
{
	struct fake_smtp *f = calloc(1, sizeof *f);

	f->script = dialogue;
	f->fd = -1;
	f->certificates = fake_certificates();
	f->heard = malloc(HEARD_MAX);
	f->say = (struct buf){ .at = malloc(16 << 20), .max = 16 << 20 };
	assert_ok(socket_listen("127.0.0.1", 0, &f->listening));
	assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
	return f;
}

uint16_t fake_smtp_port(const struct fake_smtp *f)
{
	return socket_port(f->listening);
}

const char *fake_smtp_end(struct fake_smtp *f)
{
	pthread_join(f->thread, NULL);
	bool wrong = f->wrong;
	close(f->listening);
	free(f->heard);
	free(f->say.at);
	free(f);
	return wrong ? what : NULL;
}
