/* The courier's half: what the front wants is fetched from SNS, and subscriptions are confirmed. The database is looked
 * at twice a second, so that SNS, which comes again after twenty, finds what it needs. */
#include "flow/notification.h"

#include "crypt/service_certificate.h"
#include "net/http_client.h"
#include "sys/sys.h"
#include "wire/sns.h"

#include <pthread.h>
#include <stdatomic.h>

#define LOOK_EVERY (SECOND / 2)
#define ASK_AGAIN_AFTER (3 * SECOND)
#define PATIENCE (10 * SECOND)
#define TOKEN_LIVES (3 * DAY)
enum { AT_ONCE = 2, WANTED_MAX = 16, ANSWER_MAX = 64 * 1024, MEMORY = 4 * 1024 * 1024, CA_MAX = 16 * 1024 * 1024 };

struct notification_asks {
	struct line *line;
	struct notification_asks_options options;
	struct db *db;
	struct http_client *client;
	struct mail_authorities *authorities;
	pthread_t thread;
	atomic_bool ending;
	int64_t paused_until; /* ticks */
	int64_t certificates_quiet, subscriptions_quiet;
	size_t turn; /* of the certificates that are wanted */
};

/* Failures once a minute at most: whoever can reach the door names certificates that are not there. */
static void say(const struct notification_asks *n, int64_t *quiet_until, err e, const struct fault *fault)
{
	int64_t now = clock_ticks(&n->line->clock);

	if (!n->options.said || (failed(e) && now < *quiet_until))
		return;
	if (failed(e))
		*quiet_until = now + MINUTE;
	n->options.said(n->options.state, e, fault);
}

static err ask(struct notification_asks *n, struct arena *a, str url, str *body, struct fault *fault)
{
	const struct http_call call = {
		.method = STR("GET"), .url = url, .answer_max = ANSWER_MAX, .patience = PATIENCE
	};
	struct http_result result;

	TRY(http_call(n->client, a, &call, &result, fault));
	*body = result.body;
	if (result.status == 200)
		return OK;
	fault_set(fault, "SNS answered with status %u", result.status);
	return result.status == 429 || result.status >= 500 ? LATER(REPLY_LATER, "SNS said: later")
							    : NEVER(REPLY_NEVER, "SNS said: never");
}

/* The topic as it was written down, if the configuration still names it. */
static err topic_of(const struct notification_asks *n, str arn, struct sns_topic *out)
{
	struct sns_topic topics[SNS_TOPICS_MAX];
	size_t count;

	TRY(sns_topics_read(n->line->config->sns.topics, topics, &count));
	for (size_t i = 0; i < count; i++)
		if (str_same(topics[i].arn, arn)) {
			*out = topics[i];
			return OK;
		}
	return NEVER(DENIED, "the configuration does not name this topic any more");
}

/* ── Certificates ── */

static err judge(struct notification_asks *n, struct arena *a, const struct sns_topic *topic,
		 const struct mail_certificate *c, struct fault *fault)
{
	str names[SNS_SIGNERS];

	TRY(sns_signers(a, topic, names));
	const struct service_rules rules = { .now = clock_now(&n->line->clock),
					     .names = names,
					     .name_count = SNS_SIGNERS,
					     .authorities = n->authorities };
	return service_certificate_judge(c, &rules, fault);
}

/* Amazon's files hold one certificate, without the one that vouches for it. */
static err add_issuer(struct notification_asks *n, struct arena *a, struct mail_certificate **c, struct fault *fault)
{
	OWNED(mail_certificate_done) struct mail_certificate *issuer = NULL;
	str said, url, bytes, own, above, both;

	TRY(service_certificate_issuer(a, *c, &said));
	TRY(sns_issuer_url(a, n->line->config->sns.endpoint, said, &url));
	TRY(ask(n, a, url, &bytes, fault));
	TRY(mail_certificate_read(bytes, &issuer, fault));
	TRY(mail_certificate_pem(a, *c, &own));
	TRY(mail_certificate_pem(a, issuer, &above));
	TRY(str_format(a, &both, "%.*s%.*s", STR_ARG(own), STR_ARG(above)));
	mail_certificate_done(c);
	return mail_certificate_read(both, c, fault);
}

static err judge_with_issuer(struct notification_asks *n, struct arena *a, const struct sns_topic *topic,
			     struct mail_certificate **c, struct fault *fault)
{
	struct fault alone = { 0 }, with = { 0 };

	err e = judge(n, a, topic, *c, &alone);
	if (e.why != WHY_KEY)
		return e;
	*fault = alone;
	err more = add_issuer(n, a, c, &with);
	if (failed(more))
		return more.fate == FATE_LATER ? more : e;
	return judge(n, a, topic, *c, fault);
}

static err fetch(struct notification_asks *n, struct arena *a, const struct sns_topic *topic, str file,
		 struct fault *fault)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = NULL;
	str url, bytes, pem;

	TRY(sns_certificate_url(a, topic, n->line->config->sns.endpoint, file, &url));
	TRY(ask(n, a, url, &bytes, fault));
	TRY(mail_certificate_read(bytes, &c, fault));
	TRY(judge_with_issuer(n, a, topic, &c, fault));
	TRY(mail_certificate_pem(a, c, &pem));
	return db_run(n->db, QUERY_SNS_CERTIFICATE_KEEP,
		      DB(db_text(topic->region), db_text(file), db_bytes(pem), db_number(service_certificate_ends(c))));
}

/* What is no certificate is wanted no more, until a message names it again. */
static err serve_certificate(struct notification_asks *n, struct arena *a, str region, str file, str arn)
{
	struct fault fault = { 0 }, words = { 0 };
	struct sns_topic topic;

	err e = topic_of(n, arn, &topic);
	if (!failed(e))
		e = fetch(n, a, &topic, file, &fault);
	fault_set(&words,
		  failed(e) ? "%.*s of SNS in %.*s is no certificate that messages may be signed by: %s"
			    : "messages of SNS may be signed by %.*s of %.*s%s",
		  STR_ARG(file), STR_ARG(region), failed(e) ? fault.what[0] ? fault.what : e.note : "");
	say(n, &n->certificates_quiet, e, &words);
	if (e.fate != FATE_NEVER)
		return e;
	return db_run(n->db, QUERY_SNS_CERTIFICATE_DROP, DB(db_text(region), db_text(file)));
}

/* In turn: none that cannot be had now stands before the others. */
static err look_for_certificates(struct notification_asks *n, struct arena *a)
{
	struct {
		str region, file, topic;
	} wanted[WANTED_MAX], *w;
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t count = 0;
	err e = OK, first = OK;

	TRY(db_ask(n->db, QUERY_SNS_CERTIFICATES_WANTED, DB(db_number(WANTED_MAX)), &rows));
	while (count < WANTED_MAX && db_next(&rows, &e)) {
		TRY(db_row_bytes(&rows, 0, a, &wanted[count].region));
		TRY(db_row_bytes(&rows, 1, a, &wanted[count].file));
		TRY(db_row_bytes(&rows, 2, a, &wanted[count].topic));
		count++;
	}
	TRY(e);
	db_rows_done(&rows);
	for (size_t i = 0; i < count && i < AT_ONCE && !atomic_load(&n->ending); i++) {
		w = &wanted[n->turn++ % count];
		first = err_first(first, serve_certificate(n, a, w->region, w->file, w->topic));
	}
	return first;
}

/* ── Subscriptions ── */

static err settle(struct notification_asks *n, str arn, str token, err e)
{
	if (!failed(e))
		return db_run(n->db, QUERY_SNS_SUBSCRIPTION_CONFIRMED,
			      DB(db_text(arn), db_text(token), db_number(clock_now(&n->line->clock))));
	if (e.fate == FATE_NEVER)
		return db_run(n->db, QUERY_SNS_SUBSCRIPTION_REFUSED, DB(db_text(arn), db_text(token)));
	return e;
}

static err serve_subscription(struct notification_asks *n, struct arena *a, str arn, str token, moment wanted_at)
{
	struct fault fault = { 0 }, words = { 0 };
	struct sns_topic topic;
	str url = STR_NONE, answer;

	err e = topic_of(n, arn, &topic);
	if (!failed(e))
		e = sns_confirm_url(a, &topic, n->line->config->sns.endpoint, token, &url);
	if (!failed(e))
		e = ask(n, a, url, &answer, &fault);
	if (e.fate == FATE_LATER && clock_now(&n->line->clock) - wanted_at > TOKEN_LIVES)
		e = NEVER(EXPIRED, "the token lived three days");
	fault_set(&words, failed(e) ? "the subscription to %.*s could not be confirmed: %s" : "subscribed to %.*s%s",
		  STR_ARG(arn), failed(e) ? fault.what[0] ? fault.what : e.note : "");
	say(n, &n->subscriptions_quiet, e, &words);
	return settle(n, arn, token, e);
}

static err look_for_subscriptions(struct notification_asks *n, struct arena *a)
{
	struct {
		str topic, token;
		moment at;
	} wanted[AT_ONCE];
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t count = 0;
	err e = OK, first = OK;

	TRY(db_ask(n->db, QUERY_SNS_SUBSCRIPTIONS_WANTED, DB(db_number(AT_ONCE)), &rows));
	while (count < AT_ONCE && db_next(&rows, &e)) {
		TRY(db_row_bytes(&rows, 0, a, &wanted[count].topic));
		TRY(db_row_bytes(&rows, 1, a, &wanted[count].token));
		wanted[count++].at = db_row_number(&rows, 2);
	}
	TRY(e);
	db_rows_done(&rows);
	for (size_t i = 0; i < count && !atomic_load(&n->ending); i++)
		first = err_first(first, serve_subscription(n, a, wanted[i].topic, wanted[i].token, wanted[i].at));
	return first;
}

/* ── The thread ── */

static err look(struct notification_asks *n)
{
	OWNED(arena_done) struct arena *a = NULL;

	TRY(arena_open(MEMORY, &a));
	err e = look_for_certificates(n, a);
	return err_first(e, look_for_subscriptions(n, a));
}

static void rest(span how_long)
{
	const struct timespec t = { .tv_sec = how_long / SECOND, .tv_nsec = how_long % SECOND * 1000 };

	(void)nanosleep(&t, NULL);
}

static void *run(void *state)
{
	struct notification_asks *n = state;

	while (!atomic_load(&n->ending)) {
		int64_t now = clock_ticks(&n->line->clock);
		if (now >= n->paused_until && failed(look(n)))
			n->paused_until = now + ASK_AGAIN_AFTER;
		rest(LOOK_EVERY);
	}
	return NULL;
}

static err open_authorities(struct notification_asks *n, struct fault *fault)
{
	const struct config *c = n->line->config;
	OWNED(arena_done) struct arena *a = NULL;
	str pem = STR_NONE;

	TRY(arena_open(2 * CA_MAX, &a));
	if (c->sns.ca_file)
		TRY(file_read_all(a, c->sns.ca_file, CA_MAX, &pem));
	return mail_authorities_open(pem, !c->sns.ca_file, &n->authorities, fault);
}

/* Amazon's authorities are asked without TLS; what the operator named instead is not. */
static err open_all(struct notification_asks *n, struct fault *fault)
{
	const struct config *c = n->line->config;
	const struct http_client_options client = { .ca_file = c->sns.ca_file,
						    .plain_public = c->sns.endpoint.len == 0,
						    .stop_fd = -1 };

	TRY(open_authorities(n, fault));
	TRY(http_client_open(&client, &n->client, fault));
	TRY(line_db(n->line, &n->db, fault));
	return pthread_create(&n->thread, NULL, run, n) == 0 ? OK : LATER(MEMORY, "no thread for asking SNS");
}

static void close_all(struct notification_asks *n)
{
	http_client_done(&n->client);
	mail_authorities_done(&n->authorities);
	db_done(&n->db);
}

err notification_asks_begin(struct line *line, const struct notification_asks_options *options,
			    struct notification_asks **out, struct fault *fault)
{
	struct notification_asks *n;

	if (line->config->sns.topics.len == 0)
		return OK;
	TRY(NEW(line->arena, n));
	n->line = line;
	n->options = *options;
	err e = open_all(n, fault);
	if (failed(e)) {
		close_all(n);
		return e;
	}
	*out = n;
	return OK;
}

void notification_asks_end(struct notification_asks **asks)
{
	struct notification_asks *n = *asks;

	*asks = NULL;
	if (!n)
		return;
	atomic_store(&n->ending, true);
	pthread_join(n->thread, NULL);
	close_all(n);
}

err notification_subscription(struct db *db, str topic, moment *confirmed_at, moment *ended_at)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	*confirmed_at = *ended_at = 0;
	err e = db_one(db, QUERY_SNS_SUBSCRIPTION_GET, DB(db_text(topic)), &rows);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	*confirmed_at = db_row_number(&rows, 0); /* 0 for NULL */
	*ended_at = db_row_number(&rows, 1);
	return OK;
}
