#include "flow/codes.h"

#include "flow/codes_request.h"
#include "net/http_client.h"
#include "wire/json.h"

#include <pthread.h>
#include <stdatomic.h>

#define LOOK_EVERY (SECOND / 3)
#define ASK_AGAIN_AFTER (3 * SECOND)
#define ASK_AGAIN_FOR MINUTE
enum { AT_ONCE = 16, SECRET_MAX = 256 * 1024, ANSWER_MAX = 64 * 1024 };

struct codes {
	struct line *line;
	struct codes_options options;
	struct db *db;
	struct http_client *client;
	pthread_t thread;
	atomic_bool ending;
	int64_t paused_until; /* ticks: the gateway did not work */
};

/* ── One message ── */

struct sending {
	struct codes *c;
	struct arena *secret;
	const struct link_view *link;
	struct submission *sub;
	struct recipient *to;
	struct fault fault;
};

static err read_secret(const struct config *c, struct arena *secret, str *out)
{
	if (!config_secret_given(&c->sms.secret))
		return OK;
	TRY(config_secret(c, &c->sms.secret, secret, out, NULL));
	*out = str_trim(*out);
	return OK;
}

/* What a gateway says of a failure may repeat number and text: only its status is told. */
static err judge(const struct config *c, unsigned status, struct fault *fault)
{
	if (c->sms.status ? status == c->sms.status : status >= 200 && status < 300)
		return OK;
	fault_set(fault, "the gateway for text messages answered with status %u", status);
	return status == 429 || status >= 500 ? LATER(REPLY_LATER, "the gateway said: later")
					      : NEVER(REPLY_NEVER, "the gateway said: never");
}

static err ask_gateway(struct sending *s, str number, str text)
{
	const struct config *c = s->c->line->config;
	struct http_field fields[2] = { { STR("Content-Type"), c->sms.type == SMS_FORM
								       ? STR("application/x-www-form-urlencoded")
								       : STR("application/json") } };
	struct http_call call = { .method = c->sms.method == SMS_PUT ? STR("PUT") : STR("POST"),
				  .url = c->sms.url,
				  .fields = fields,
				  .field_count = 1,
				  .answer_max = ANSWER_MAX,
				  .patience = c->sms.timeout };
	struct http_result result;
	str secret = STR_NONE;

	TRY(codes_body(c, number, text, s->secret, &call.body));
	TRY(read_secret(c, s->secret, &secret));
	if (secret.len)
		fields[call.field_count++] = (struct http_field){ c->sms.header, secret };
	TRY(http_call(s->c->client, s->secret, &call, &result, &s->fault));
	return judge(c, result.status, &s->fault);
}

static err send_code(struct sending *s)
{
	struct line *line = s->c->line;
	const str *number;
	char code[LINK_CODE_DIGITS];
	str text;

	TRY(submission_load(s->c->db, s->secret, line->keys, s->link->submission, &s->sub));
	TRY(recipient_load(s->c->db, s->secret, s->sub, s->link->recipient, &s->to));
	s->to->link.proof = PROOF_CODE;
	TRY(link_prompt(s->c->db, s->secret, s->sub->key, s->link->id, &s->to->link.prompt));
	number = value_find(s->to->values, s->to->link.prompt);
	if (!number)
		return NEVER(PROOF, "there is no telephone number");
	TRY(link_code_new(s->c->db, line->keys, &line->entropy, s->link->id, clock_now(&line->clock), code));
	err e = compose_code(line->compose, s->sub, s->to, str_bytes(code, sizeof code), s->secret, &text, &s->fault);
	crypt_wipe(code, sizeof code);
	TRY(e);
	return ask_gateway(s, *number, text);
}

/* ── Wishes ── */

static bool may_have_been_sent(err e)
{
	return !failed(e) || e.why == WHY_TIMEOUT || e.why == WHY_CLOSED || e.why == WHY_PROTOCOL;
}

static err write_down(struct sending *s, err outcome)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct codes *c = s->c;
	struct event event = {
		.kind = failed(outcome) ? EVENT_LINK_CODE_FAILED : EVENT_LINK_CODE_SENT,
		.at = clock_now(&c->line->clock),
		.submission = s->link->submission,
	};
	char room[256];
	struct buf detail = BUF_ON(room), spelt;
	char text[ID_TEXT];

	spelt = (struct buf)BUF_ON(text);
	buf_add_id(&spelt, s->link->id);
	buf_add_char(&detail, '{');
	buf_add_json_field(&detail, "link", buf_str(&spelt));
	if (failed(outcome))
		buf_add_json_field(&detail, "why", str_of(err_verdict(outcome)->name));
	buf_add_char(&detail, '}');
	event.detail = s->sub ? buf_str(&detail) : STR_NONE;
	TRY(db_begin(c->db, &change));
	TRY(link_code_done(c->db, s->link->id, may_have_been_sent(outcome)));
	TRY(track_add(c->db, &c->line->entropy, s->sub ? s->sub->key : NULL, &event));
	return db_commit(&change);
}

static err serve_wish(struct codes *c, const struct link_code_wish *wish)
{
	OWNED(arena_done) struct arena *secret = NULL;
	OWNED(submission_done) struct submission *sub = NULL;
	moment now = clock_now(&c->line->clock);
	struct link_view link;

	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(link_by_id(c->db, wish->link, now, &link));
	struct sending s = { .c = c, .secret = secret, .link = &link };
	err e = send_code(&s);
	sub = s.sub;
	if (e.fate == FATE_BROKEN)
		return e;
	if (failed(e) && c->options.failed)
		c->options.failed(c->options.state, e, &s.fault);
	if (e.fate == FATE_LATER && !may_have_been_sent(e) && now - wish->at < ASK_AGAIN_FOR)
		return e;
	return write_down(&s, e);
}

static err look(struct codes *c)
{
	struct link_code_wish wishes[AT_ONCE];
	size_t count;

	TRY(link_codes_wanted(c->db, wishes, AT_ONCE, &count));
	for (size_t i = 0; i < count && !atomic_load(&c->ending); i++)
		TRY(serve_wish(c, &wishes[i]));
	return OK;
}

/* ── The thread ── */

static void rest(span how_long)
{
	const struct timespec t = { .tv_sec = how_long / SECOND, .tv_nsec = how_long % SECOND * 1000 };

	(void)nanosleep(&t, NULL);
}

static void *run(void *state)
{
	struct codes *c = state;

	while (!atomic_load(&c->ending)) {
		int64_t now = clock_ticks(&c->line->clock);
		if (now >= c->paused_until && failed(look(c)))
			c->paused_until = now + ASK_AGAIN_AFTER;
		rest(LOOK_EVERY);
	}
	return NULL;
}

err codes_begin(struct line *line, const struct codes_options *options, struct codes **out, struct fault *fault)
{
	struct codes *c;

	if (line->config->sms.url.len == 0)
		return OK;
	const struct http_client_options client = { .ca_file = line->config->sms.ca_file, .stop_fd = -1 };
	TRY(NEW(line->arena, c));
	c->line = line;
	c->options = *options;
	TRY(line_db(line, &c->db, fault));
	err e = http_client_open(&client, &c->client, fault);
	if (!failed(e) && pthread_create(&c->thread, NULL, run, c) != 0)
		e = LATER(MEMORY, "no thread for codes");
	if (failed(e)) {
		http_client_done(&c->client);
		db_done(&c->db);
		return e;
	}
	*out = c;
	return OK;
}

void codes_end(struct codes **codes)
{
	struct codes *c = *codes;

	*codes = NULL;
	if (!c)
		return;
	atomic_store(&c->ending, true);
	pthread_join(c->thread, NULL);
	http_client_done(&c->client);
	db_done(&c->db);
}
