/* The loop of a function without a server: an event, a process that handles it, an answer. */
#include "door/cli/cli.h"

#include "config/config.h"
#include "door/lambda/lambda.h"
#include "flow/line.h"
#include "sys/fork.h"
#include "sys/listen.h"
#include "sys/packet.h"
#include "sys/sys.h"
#include "wire/order_event.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAID_MAX = 128 * 1024, TYPE_MAX = 64 };
#define MARGIN_MOST (25 * SECOND) /* transports finish what is in flight within 20 */
#define MARGIN_LEAST (4 * SECOND)
#define LAST_MOMENT (SECOND / 2)
#define LOOK_EVERY (SECOND / 2)

static const struct cli_option options[] = {
	{ "--event", "FILE", "handle this one event and print the answer; - for standard input" },
	{ "--room", "DIR", "where runs have their files, and are removed again (default: /tmp)" },
	{ 0 },
};

struct lambda {
	struct cli *cli;
	const struct config *config;
	const char *room;
	struct runtime *runtime;
	bool is_child;
};

/* ── Beginning ───────────────────────────────────────────────────────────────────────────────────── */

static err variable(struct arena *a, const char *name, const char *fallback, const char *below, const char **out)
{
	const char *value = getenv(name);
	str text;

	TRY(str_format(a, &text, "%s%s", value && value[0] ? value : fallback, below));
	*out = text.at;
	return OK;
}

/* The house lies in the package, or in a layer; it is used from where only we may read it. */
static err find_house(struct lambda *l, const char **config_path)
{
	struct arena *a = l->cli->arena;
	const char *place, *layer = "/opt/house";
	str text;

	*config_path = l->cli->config_path;
	if (*config_path)
		return OK;
	TRY(variable(a, "LAMBDA_TASK_ROOT", "/var/task", "/house", &place));
	if (!file_exists(place))
		place = layer;
	if (!file_exists(place))
		return OK; /* as every other command finds it */
	TRY(str_format(a, &text, "%s/letterlock-house", l->room));
	TRY(dir_remove_all(text.at)); /* of an earlier process of the same machine */
	TRY(lambda_unpack(a, place, text.at, &l->cli->fault));
	TRY(str_format(a, &text, "%s/letterlock.yaml", text.at));
	*config_path = text.at;
	return OK;
}

/* What is wrong with the house is said before the first event comes. */
static err try_house(struct lambda *l)
{
	OWNED(line_done) struct line *line = NULL;

	return line_open(l->cli->arena, l->config, l->cli->clock, l->cli->entropy, &line, &l->cli->fault);
}

static err begin(struct lambda *l)
{
	const char *path;

	TRY(find_house(l, &path));
	TRY(config_open(l->cli->arena, path, &l->config, &l->cli->fault));
	return try_house(l);
}

static err make_room(struct lambda *l, struct arena *a, const char **out)
{
	char name[ID_TEXT + 16] = "letterlock-";
	struct buf b = { .at = name, .len = strlen(name), .max = sizeof name };
	id unique;

	TRY(id_new(&l->cli->entropy, &unique));
	buf_add_id(&b, unique);
	TRY(path_join(a, l->room, buf_str(&b), out));
	return dir_make(*out, 0700);
}

/* ── One event, in a process of its own ──────────────────────────────────────────────────────────── */

/* The type's bytes and a NUL, then the text. */
static err say(int fd, const struct handled *what)
{
	char type[TYPE_MAX] = "";

	if (what->type)
		snprintf(type, sizeof type, "%s", what->type);
	return packet_send(fd, str_bytes(type, strlen(type) + 1), what->text);
}

static err be_child(struct lambda *l, struct arena *a, const struct invocation *what, const char *dir, int fd)
{
	struct handled handled;

	l->is_child = true;
	lambda_handle(a, l->config, l->cli->clock, l->cli->entropy, dir, what, &handled);
	return say(fd, &handled);
}

struct child {
	pid_t pid;
	bool told_to_stop, killed;
};

static void remind(struct lambda *l, const struct invocation *what, moment stop_at, struct child *c)
{
	moment now = clock_now(&l->cli->clock);

	if (!c->told_to_stop && (now >= stop_at || stop_wanted())) {
		fork_tell(c->pid, FORK_STOP);
		c->told_to_stop = true;
	}
	if (!c->killed && now >= what->deadline - LAST_MOMENT) {
		fork_tell(c->pid, FORK_KILL);
		c->killed = true;
	}
}

static moment stop_time(const struct lambda *l, const struct invocation *what)
{
	span left = what->deadline - clock_now(&l->cli->clock), margin = left / 4;

	margin = margin < MARGIN_LEAST ? MARGIN_LEAST : margin > MARGIN_MOST ? MARGIN_MOST : margin;
	return what->deadline - (margin < left / 2 ? margin : left / 2);
}

/* Until it has said something, or is gone. */
static err listen(struct lambda *l, const struct invocation *what, struct child *c, int fd, char *said, size_t *len)
{
	moment stop_at = stop_time(l, what);
	bool ready = false;

	while (!ready) {
		moment next = c->told_to_stop ? what->deadline - LAST_MOMENT : stop_at;
		span wait = next - clock_now(&l->cli->clock);
		TRY(packet_wait(&fd, 1, wait < 0 ? 0 : wait < LOOK_EVERY ? wait : LOOK_EVERY, &ready));
		if (!ready)
			remind(l, what, stop_at, c);
	}
	return packet_receive(fd, said, SAID_MAX, len);
}

static void bury(struct child *c)
{
	struct fork_end end;

	fork_tell(c->pid, FORK_KILL); /* what said its last word has nothing more to do */
	while (!fork_ended(&end) || end.pid != c->pid)
		(void)sys_sleep(SECOND / 1000);
}

static void understand(char *said, size_t len, err e, const struct child *c, struct handled *out)
{
	const char *end = failed(e) ? NULL : memchr(said, 0, len < TYPE_MAX ? len : TYPE_MAX);

	if (!end) {
		out->type = "Letterlock.Failed";
		out->text = c->killed ? STR("it did not stop in time and was ended; what was mailed is known, and the "
					    "next try goes on")
				      : STR("it broke down; what was mailed is known, and the next try goes on");
		return;
	}
	out->type = said[0] ? said : NULL;
	out->text = str_from(str_bytes(said, len), (size_t)(end - said) + 1);
}

static err in_a_process(struct lambda *l, struct arena *a, const struct invocation *what, const char *dir,
			struct handled *out)
{
	struct child c = { 0 };
	int ends[2];
	size_t len = 0;
	void *said;

	TRY(arena_room(a, SAID_MAX, &said));
	TRY(packet_pair(ends));
	OWNED(fd_done) int ours = ends[0];
	OWNED(fd_done) int theirs = ends[1];
	TRY(fork_child("ll-order", &theirs, 1, &c.pid));
	if (c.pid == 0) {
		ours = -1; /* closed by the fork */
		return be_child(l, a, what, dir, theirs);
	}
	fd_done(&theirs);
	err e = listen(l, what, &c, ours, said, &len);
	bury(&c);
	understand(said, len, e, &c, out);
	return OK;
}

/* ── The loop ────────────────────────────────────────────────────────────────────────────────────── */

static err answer(struct lambda *l, struct arena *a, const struct invocation *what, const struct handled *h)
{
	const struct complaint complaint = { h->type, h->text };

	if (!h->type) {
		cli_say(l->cli, "%s: %.*s", what->id, STR_ARG(h->text));
		return runtime_answer(l->runtime, a, what, h->text, &l->cli->fault);
	}
	cli_warn(l->cli, "%s: %s: %.*s", what->id, h->type, STR_ARG(h->text));
	return runtime_complain(l->runtime, a, what, &complaint, &l->cli->fault);
}

static err serve_one(struct lambda *l)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct invocation what;
	struct handled handled = { 0 };
	const char *dir;

	TRY(arena_open((size_t)1 << 30, &a));
	TRY(runtime_next(l->runtime, a, &what, &l->cli->fault));
	TRY(make_room(l, a, &dir));
	err e = in_a_process(l, a, &what, dir, &handled);
	if (l->is_child)
		return e;
	if (failed(e))
		handled = (struct handled){ "Letterlock.Failed", str_of(e.note) };
	(void)failed(dir_remove_all(dir));
	return answer(l, a, &what, &handled);
}

static err serve(struct lambda *l)
{
	OWNED(runtime_done) struct runtime *runtime = NULL;
	struct cli *cli = l->cli;
	char room[1024];
	struct buf words = BUF_ON(room);

	const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
	TRY(runtime_open(cli->arena, str_of(api), &runtime, &cli->fault));
	l->runtime = runtime;
	err e = begin(l);
	if (failed(e)) {
		buf_add_fault(&words, &cli->fault, e);
		const struct complaint complaint = { "Letterlock.Init", buf_str(&words) };
		(void)failed(runtime_complain(runtime, cli->arena, NULL, &complaint, NULL));
		return e;
	}
	while (!l->is_child && !stop_wanted()) {
		e = serve_one(l);
		if (failed(e) && !stop_wanted())
			return e;
	}
	return OK;
}

/* ── Once ────────────────────────────────────────────────────────────────────────────────────────── */

static err read_event(struct cli *cli, const char *path, str *out)
{
	if (strcmp(path, "-") == 0)
		return cli_stdin(cli, cli->arena, ORDER_EVENT_MAX, out);
	fault_where(&cli->fault, str_of(path), 0, 0);
	return file_read_all(cli->arena, path, ORDER_EVENT_MAX, out);
}

static err once(struct lambda *l, const char *path)
{
	struct invocation what = { .id = "event", .deadline = MOMENT_NEVER };
	struct handled handled;
	const char *dir;

	TRY(begin(l));
	TRY(read_event(l->cli, path, &what.event));
	TRY(make_room(l, l->cli->arena, &dir));
	lambda_handle(l->cli->arena, l->config, l->cli->clock, l->cli->entropy, dir, &what, &handled);
	(void)failed(dir_remove_all(dir));
	l->cli->fault = (struct fault){ 0 };
	if (!handled.type) {
		cli_out_format(l->cli, "%.*s\n", STR_ARG(handled.text));
		return OK;
	}
	fault_set(&l->cli->fault, "%s: %.*s", handled.type, STR_ARG(handled.text));
	if (strcmp(handled.type, "Letterlock.Refused") == 0)
		return NEVER(LIST, "what the event asks for is refused");
	return LATER(BUSY, "what the event asks for is not done yet");
}

static err run(struct cli *cli)
{
	struct lambda l = { .cli = cli, .room = cli_value(cli, "--room") };

	if (!l.room)
		l.room = "/tmp";
	stop_watch();
	descriptors_raise();
	if (cli_value(cli, "--event"))
		return once(&l, cli_value(cli, "--event"));
	return serve(&l);
}

const struct cli_command command_lambda = {
	.name = "lambda",
	.usage = "[--event FILE] [--room DIR]",
	.summary = "send lists that lie in a bucket, as a function of AWS Lambda",
	.details =
		"Asks the runtime API at $AWS_LAMBDA_RUNTIME_API for events and answers them; it is what `bootstrap` "
		"is in "
		"the package that `make lambda` builds. An event is what S3 tells when a list was put (NAME.csv), the "
		"same in a message of SQS, or JSON of our own: {\"list\": \"s3://BUCKET/NAME.csv\"} and, if they are "
		"not "
		"to be as the configuration says, \"documents\": \"s3://BUCKET/PREFIX/\", \"template\", \"as\", "
		"\"proof\", "
		"\"link\", \"expires\", \"hide_names\" as the options of `send`. Several lists are sent one after the "
		"other.\n\n"
		"It keeps nothing on its machine: what is known of a run lies in the bucket of `store`, below runs/, "
		"and "
		"is there before anything is mailed. An event that comes twice, an invocation that is retried, two at "
		"once, and one that is killed mail nobody twice; what was not done goes on with the next try. A list "
		"of the same name, content and options is one run for ever: to send it once more, change it, or give "
		"the "
		"event a \"label\". The store must honour If-None-Match (S3 does, and Ceph).\n\n"
		"The results, with the passwords, are an object below lambda.results in the list's bucket. Shortly "
		"before "
		"its deadline an invocation stops by itself and answers with an error, so that it is tried again and "
		"goes "
		"on.\n\n"
		"The house (letterlock.yaml, keys, templates) is taken from $LAMBDA_TASK_ROOT/house or /opt/house, and "
		"copied to where nobody else may read it. doc/aws.md shows the whole set-up.",
	.examples = "# what Lambda would do with this event, here\n"
		    "$ echo '{\"list\": \"s3://letters/lists/people.csv\"}' | letterlock lambda --event -\n",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
