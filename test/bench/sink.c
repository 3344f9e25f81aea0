/* sink: an SMTP server that takes everything and remembers what it took; for benchmarks and for the soak.
 *
 *     sink --port P [--log FILE] [--keep DIR] [--tls CERT KEY] [--starttls CERT KEY] [--delay MS]
 *          [--cut-before PERMILLE] [--cut-after PERMILLE] [--reply-later PERMILLE] [--seed N]
 *
 * It listens on 127.0.0.1 (port 0: any) and prints "ready PORT". One thread a connection; PIPELINING, 8BITMIME,
 * SMTPUTF8, SIZE. The log has one line for each thing, appended by one write before the reply goes out:
 *
 *     accept      CONNECTION NUMBER MESSAGE-ID SHA256 TO BYTES FAULT   taken; FAULT is none, cut-before, cut-after
 *     later       CONNECTION NUMBER MESSAGE-ID SHA256 TO BYTES none    refused with 451
 *     unconfirmed CONNECTION NUMBER MESSAGE-ID                          at the end of a connection: after the reply to
 *                                                                      this message no further command came, so that
 *                                                                      the client may not have had the reply
 *     bad         CONNECTION NUMBER WHAT                               a bare CR or LF, NUL, or a command out of order
 *
 * cut-before hangs up instead of replying 250, cut-after right after it: both took the message. SHA256 is of the
 * message as the client meant it, without doubled dots and the final one. --delay is waited before each final reply. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MESSAGE_MAX = 64 << 20, WINDOW = 64 << 10, ID_MAX = 512, PATH_MAX_LEN = 512 };

static struct {
	int port, log;
	const char *keep;
	unsigned cut_before, cut_after, reply_later, delay_ms;
	uint64_t seed;
	SSL_CTX *tls;
	bool implicit;
} set = { .log = -1, .seed = 1 };

static atomic_uint_fast64_t connections;

struct peer {
	int fd;
	SSL *tls;
	uint64_t number, chance;
	char *in; /* bytes heard and not used: in[from..upto) */
	size_t from, upto, room;
	char out[4096];
	size_t out_len;
	unsigned messages;
	bool has_mail, has_rcpt, waiting; /* waiting: a final reply went out and nothing came after it */
	char to[PATH_MAX_LEN], id[ID_MAX];
	EVP_MD_CTX *hash;
};

static void write_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void write_log(const char *format, ...)
{
	char line[2048];
	va_list args;

	if (set.log < 0)
		return;
	va_start(args, format);
	int len = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	/* One write, appended: lines of different threads never mix. */
	if (len <= 0 || (size_t)len >= sizeof line || write(set.log, line, (size_t)len) != len) {
		fprintf(stderr, "sink: the log cannot be written\n");
		_exit(1);
	}
}

/* ── The wire ── */

static bool send_all(struct peer *p, const char *at, size_t len)
{
	while (len) {
		ssize_t n = p->tls ? SSL_write(p->tls, at, (int)len) : send(p->fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool flush(struct peer *p)
{
	size_t len = p->out_len;

	p->out_len = 0;
	return send_all(p, p->out, len);
}

static bool say(struct peer *p, const char *line)
{
	size_t len = strlen(line);

	if (p->out_len + len + 2 > sizeof p->out && !flush(p))
		return false;
	memcpy(p->out + p->out_len, line, len);
	memcpy(p->out + p->out_len + len, "\r\n", 2);
	p->out_len += len + 2;
	return true;
}

static bool grow(struct peer *p)
{
	if (p->from) {
		memmove(p->in, p->in + p->from, p->upto - p->from);
		p->upto -= p->from;
		p->from = 0;
	}
	if (p->room - p->upto >= WINDOW)
		return true;
	size_t room = p->room ? 2 * p->room : 2 * WINDOW;
	char *in = room > MESSAGE_MAX ? NULL : realloc(p->in, room);
	if (!in)
		return false;
	p->in = in;
	p->room = room;
	return true;
}

static bool hear(struct peer *p)
{
	if (!flush(p) || !grow(p))
		return false;
	ssize_t n = p->tls ? SSL_read(p->tls, p->in + p->upto, (int)(p->room - p->upto))
			   : recv(p->fd, p->in + p->upto, p->room - p->upto, 0);
	if (n <= 0)
		return false;
	p->upto += (size_t)n;
	return true;
}

/* ── Messages ── */

static bool happens(struct peer *p, unsigned permille)
{
	p->chance ^= p->chance << 13;
	p->chance ^= p->chance >> 7;
	p->chance ^= p->chance << 17;
	return p->chance % 1000 < permille;
}

/* The length up to and with the final dot line; 0 if it has not come yet. `looked` bytes are known to be without it. */
static size_t end_of_message(const struct peer *p, size_t looked)
{
	const char *at = p->in + p->from;
	size_t len = p->upto - p->from;

	if (len >= 3 && memcmp(at, ".\r\n", 3) == 0)
		return 3;
	looked = looked > 4 ? looked - 4 : 0;
	const char *hit = len > looked ? memmem(at + looked, len - looked, "\r\n.\r\n", 5) : NULL;
	return hit ? (size_t)(hit - at) + 5 : 0;
}

/* Takes the doubled dots out, in place, and looks for what must not be there; gives the length. */
static size_t unstuff(struct peer *p, char *at, size_t len)
{
	size_t to = 0;
	bool begins = true;

	for (size_t i = 0; i < len; i++) {
		if (at[i] == 0 || (at[i] == '\n' && (i == 0 || at[i - 1] != '\r')) ||
		    (at[i] == '\r' && (i + 1 == len || at[i + 1] != '\n')))
			write_log("bad %" PRIu64 " %u stray-byte-%02x\n", p->number, p->messages, (unsigned char)at[i]);
		if (begins && at[i] == '.') {
			begins = false;
			continue;
		}
		begins = at[i] == '\n';
		at[to++] = at[i];
	}
	return to;
}

static void find_id(struct peer *p, const char *at, size_t len)
{
	const char *end = memmem(at, len, "\r\n\r\n", 4);
	size_t header = end ? (size_t)(end - at) + 2 : len;

	snprintf(p->id, sizeof p->id, "none");
	for (size_t i = 0; i + 11 < header;) {
		const char *line_end = memmem(at + i, header - i, "\r\n", 2);
		size_t line = line_end ? (size_t)(line_end - at) - i : header - i;
		if (line > 11 && strncasecmp(at + i, "Message-ID:", 11) == 0) {
			size_t skip = 11 + strspn(at + i + 11, " \t");
			snprintf(p->id, sizeof p->id, "%.*s", (int)(line - skip), at + i + skip);
			return;
		}
		i += line + 2;
	}
}

static void keep(const struct peer *p, const char *at, size_t len)
{
	char path[1024];

	snprintf(path, sizeof path, "%s/%" PRIu64 "-%u.eml", set.keep, p->number, p->messages);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(at, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		_exit(1);
	}
}

static void hash_text(struct peer *p, const char *at, size_t len, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_DigestInit_ex(p->hash, EVP_sha256(), NULL);
	EVP_DigestUpdate(p->hash, at, len);
	EVP_DigestFinal_ex(p->hash, digest, NULL);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* False: hang up. */
static bool take_message(struct peer *p, char *at, size_t len)
{
	char hex[65];

	p->messages++;
	len = unstuff(p, at, len);
	find_id(p, at, len);
	hash_text(p, at, len, hex);
	if (set.keep)
		keep(p, at, len);
	if (set.delay_ms)
		usleep(set.delay_ms * 1000);
	bool later = happens(p, set.reply_later);
	bool before = !later && happens(p, set.cut_before), after = !later && !before && happens(p, set.cut_after);
	write_log("%s %" PRIu64 " %u %s %s %s %zu %s\n", later ? "later" : "accept", p->number, p->messages, p->id, hex,
		  p->to, len,
		  before  ? "cut-before"
		  : after ? "cut-after"
			  : "none");
	p->waiting = !later;
	if (before)
		return false;
	if (!say(p, later ? "451 4.3.0 later, as asked" : "250 2.0.0 taken") || !flush(p))
		return false;
	return !after;
}

static bool hear_message(struct peer *p)
{
	size_t len, looked = 0;

	while ((len = end_of_message(p, looked)) == 0) {
		looked = p->upto - p->from;
		if (!hear(p))
			return false;
	}
	char *at = p->in + p->from;
	p->from += len;
	return take_message(p, at, len - 3);
}

/* ── Commands ── */

static bool begin_tls(struct peer *p)
{
	p->tls = SSL_new(set.tls);
	return p->tls && SSL_set_fd(p->tls, p->fd) && SSL_accept(p->tls) == 1;
}

static bool is(const char *line, const char *verb)
{
	return strncasecmp(line, verb, strlen(verb)) == 0;
}

static bool out_of_order(struct peer *p, const char *line)
{
	write_log("bad %" PRIu64 " %u out-of-order-%.8s\n", p->number, p->messages, line);
	return say(p, "503 5.5.1 out of order");
}

static bool hello(struct peer *p)
{
	p->has_mail = p->has_rcpt = false;
	return say(p, "250-sink") && (!set.tls || p->tls || say(p, "250-STARTTLS")) && say(p, "250-PIPELINING") &&
	       say(p, "250-SIZE 33554432") && say(p, "250-8BITMIME") && say(p, "250-SMTPUTF8") &&
	       say(p, "250 ENHANCEDSTATUSCODES");
}

static bool recipient(struct peer *p, const char *line)
{
	const char *open = strchr(line, '<'), *close = strrchr(line, '>');

	if (!p->has_mail)
		return out_of_order(p, "RCPT");
	p->has_rcpt = true;
	if (open && close && close > open)
		snprintf(p->to, sizeof p->to, "%.*s", (int)(close - open - 1), open + 1);
	return say(p, "250 2.1.5 ok");
}

static bool data(struct peer *p)
{
	if (!p->has_rcpt)
		return out_of_order(p, "DATA");
	p->has_mail = p->has_rcpt = false;
	return say(p, "354 go") && flush(p) && hear_message(p);
}

static bool start_tls(struct peer *p)
{
	if (!set.tls || p->tls)
		return out_of_order(p, "STARTTLS");
	p->from = p->upto = 0;
	return say(p, "220 go") && flush(p) && begin_tls(p);
}

/* False: the connection ends. */
static bool obey(struct peer *p, const char *line)
{
	p->waiting = false;
	if (is(line, "EHLO ") || is(line, "HELO "))
		return hello(p);
	if (is(line, "MAIL FROM:")) {
		if (p->has_mail)
			return out_of_order(p, "MAIL");
		p->has_mail = true;
		return say(p, "250 2.1.0 ok");
	}
	if (is(line, "RCPT TO:"))
		return recipient(p, line);
	if (is(line, "DATA"))
		return data(p);
	if (is(line, "STARTTLS"))
		return start_tls(p);
	if (is(line, "RSET") || is(line, "NOOP")) {
		p->has_mail = p->has_rcpt = p->has_mail && !is(line, "RSET");
		return say(p, "250 2.0.0 ok");
	}
	if (is(line, "QUIT"))
		return say(p, "221 2.0.0 bye") && flush(p) && false;
	return out_of_order(p, "unknown");
}

static void converse(struct peer *p)
{
	if ((set.implicit && !begin_tls(p)) || !say(p, "220 sink ESMTP"))
		return;
	for (;;) {
		char *at = p->in ? p->in + p->from : NULL;
		char *end = at ? memchr(at, '\n', p->upto - p->from) : NULL;
		if (!end) {
			if (p->upto - p->from > 4096 || !hear(p))
				return;
			continue;
		}
		p->from += (size_t)(end - at) + 1;
		end[end > at && end[-1] == '\r' ? -1 : 0] = 0;
		if (!obey(p, at))
			return;
	}
}

static void *serve(void *state)
{
	struct peer *p = state;

	p->number = atomic_fetch_add(&connections, 1) + 1;
	p->chance = (set.seed + p->number) * 0x9E3779B97F4A7C15u | 1;
	p->hash = EVP_MD_CTX_new();
	converse(p);
	if (p->waiting)
		write_log("unconfirmed %" PRIu64 " %u %s\n", p->number, p->messages, p->id);
	if (p->tls)
		SSL_shutdown(p->tls);
	SSL_free(p->tls);
	close(p->fd);
	EVP_MD_CTX_free(p->hash);
	free(p->in);
	free(p);
	return NULL;
}

/* ── The program ── */

static _Noreturn void usage(const char *why)
{
	fprintf(stderr, "sink: %s; see the beginning of test/bench/sink.c\n", why);
	exit(2);
}

static unsigned number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || n > max)
		usage("not a number, or too large");
	return (unsigned)n;
}

static void load(const char *certificate, const char *key)
{
	set.tls = SSL_CTX_new(TLS_server_method());
	if (!key || !set.tls || SSL_CTX_use_certificate_chain_file(set.tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(set.tls, key, SSL_FILETYPE_PEM) != 1)
		usage("the certificate or its key cannot be read");
}

static void read_options(int argc, char **argv)
{
	enum { PORT = 1, LOG, KEEP, TLS, STARTTLS, DELAY, BEFORE, AFTER, REPLY, SEED };
	static const struct option options[] = {
		{ "port", 1, 0, PORT },
		{ "log", 1, 0, LOG },
		{ "keep", 1, 0, KEEP },
		{ "tls", 1, 0, TLS },
		{ "starttls", 1, 0, STARTTLS },
		{ "delay", 1, 0, DELAY },
		{ "cut-before", 1, 0, BEFORE },
		{ "cut-after", 1, 0, AFTER },
		{ "reply-later", 1, 0, REPLY },
		{ "seed", 1, 0, SEED },
		{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
		if (c == PORT)
			set.port = (int)number(optarg, 65535);
		else if (c == LOG)
			set.log = open(optarg, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		else if (c == KEEP)
			set.keep = optarg;
		else if (c == DELAY)
			set.delay_ms = number(optarg, 600000);
		else if (c == BEFORE)
			set.cut_before = number(optarg, 1000);
		else if (c == AFTER)
			set.cut_after = number(optarg, 1000);
		else if (c == REPLY)
			set.reply_later = number(optarg, 1000);
		else if (c == SEED)
			set.seed = number(optarg, UINT32_MAX);
		else if (c == TLS || c == STARTTLS) {
			set.implicit = c == TLS;
			load(optarg, optind < argc ? argv[optind++] : NULL);
		} else
			usage("an unknown option");
		if (c == LOG && set.log < 0)
			usage("the log cannot be opened");
	}
	if (optind < argc)
		usage("an argument too many");
}

static int listen_on(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		usage("the port cannot be had");
	printf("ready %u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	pthread_attr_t attributes;
	int yes = 1;

	read_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	int listening = listen_on(set.port);
	for (;;) {
		struct peer *p = calloc(1, sizeof *p);
		pthread_t thread;
		if (!p)
			return perror("sink"), 1;
		p->fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (p->fd < 0) {
			free(p);
			usleep(errno == EMFILE ? 10000 : 0);
			continue;
		}
		setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		if (pthread_create(&thread, &attributes, serve, p) != 0) {
			close(p->fd);
			free(p);
		}
	}
}
