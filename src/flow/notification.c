/* The front's half: a message is judged, and what it tells is written down. */
#include "flow/notification.h"

#include "crypt/service_certificate.h"
#include "flow/db_pool.h"
#include "flow/feedback.h"
#include "wire/ses_event.h"
#include "wire/sns.h"

#include <pthread.h>
#include <stdlib.h>

enum { WANTED_MAX = 16, KNOWN = 8, PEM_MAX = 64 * 1024 };
#define CLOCKS_DIFFER (5 * MINUTE)
#define NOTED_WITHIN (20 * SECOND)

/* A certificate that was judged, read once. */
struct known {
	char region[40], file[SNS_FILE_MAX + 1];
	struct mail_certificate *certificate;
	moment ends_at;
};

struct notification_door {
	struct line *line;
	struct db_pool *pool;
	struct sns_topic topics[SNS_TOPICS_MAX];
	size_t topic_count;
	pthread_mutex_t lock; /* over what follows */
	struct known known[KNOWN];
	size_t next; /* to be replaced */
};

static const struct {
	str label, words;
} table[NOTIFICATIONS] = {
#define NOTIFICATION(name, label, words)                                                                               \
	[NOTIFICATION_##name] = { { label, sizeof label - 1 }, { words, sizeof words - 1 } },
#include "flow/notification.def"
#undef NOTIFICATION
};

str notification_label(enum notification n)
{
	return table[n].label;
}

str notification_words(enum notification n)
{
	return table[n].words;
}

/* One message on its way through the door. */
struct coming {
	struct notification_door *door;
	struct arena *arena;
	struct db *db;
	struct sns_message message;
	const struct sns_topic *topic;
	str file; /* of its certificate */
	moment now;
	enum notification what;
	struct fault *fault;
};

static err refuse(struct coming *c, enum notification what, err why)
{
	c->what = what;
	return why;
}

/* ── Before its signature is looked at ── */

static err find_topic(struct coming *c)
{
	const struct notification_door *d = c->door;

	for (size_t i = 0; i < d->topic_count; i++)
		if (str_same(d->topics[i].arn, c->message.topic)) {
			c->topic = &d->topics[i];
			return OK;
		}
	fault_set(c->fault, "a message of the topic %.*s, which sns.topics does not name",
		  STR_ARG(str_upto(c->message.topic, 200)));
	return refuse(c, NOTIFICATION_OTHER_TOPIC, NEVER(DENIED, "not a topic of ours"));
}

static err check_age(struct coming *c)
{
	moment at = c->message.at;

	if (at >= c->now - c->door->line->config->sns.max_age && at <= c->now + CLOCKS_DIFFER)
		return OK;
	fault_set(c->fault, "a message of %.*s; sns.max_age and this machine's clock decide how old one may be",
		  STR_ARG(c->message.timestamp));
	return refuse(c, NOTIFICATION_TOO_OLD, NEVER(EXPIRED, "too old, or of the future"));
}

static err check_version(struct coming *c)
{
	if (c->message.version == 2 || c->door->line->config->sns.allow_version_1_reason.len)
		return OK;
	fault_set(c->fault,
		  "%.*s signs with SHA-1. Tell it to sign with SHA-256: aws sns set-topic-attributes --topic-arn %.*s "
		  "--attribute-name SignatureVersion --attribute-value 2; or write a reason into "
		  "sns.allow_version_1_reason",
		  STR_ARG(c->topic->arn), STR_ARG(c->topic->arn));
	return refuse(c, NOTIFICATION_WEAK, NEVER(DENIED, "signed with SHA-1"));
}

static err check_certificate_place(struct coming *c)
{
	err e = sns_certificate_file(c->topic, c->message.signing_cert_url, &c->file);

	if (!failed(e))
		return OK;
	fault_set(c->fault, "a message of %.*s says that its certificate lies elsewhere than at SNS in that region",
		  STR_ARG(c->topic->arn));
	return refuse(c, NOTIFICATION_BAD_CERTIFICATE, e);
}

/* ── Its signature ── */

static struct known *find_known(struct coming *c)
{
	struct notification_door *d = c->door;

	for (size_t i = 0; i < KNOWN; i++)
		if (d->known[i].certificate && d->known[i].ends_at > c->now &&
		    str_same(str_of(d->known[i].region), c->topic->region) &&
		    str_same(str_of(d->known[i].file), c->file))
			return &d->known[i];
	return NULL;
}

/* The row is asked for before it is written: a flood of one name writes once, a flood of many sixteen times. */
static err want_certificate(struct coming *c)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(c->db, QUERY_SNS_CERTIFICATES_WANTED_COUNT, DB_NOTHING, &rows));
	bool full = db_row_number(&rows, 0) >= WANTED_MAX;
	db_rows_done(&rows);
	if (!full)
		TRY(db_run(c->db, QUERY_SNS_CERTIFICATE_WANT,
			   DB(db_text(c->topic->region), db_text(c->file), db_text(c->topic->arn), db_number(c->now),
			      db_number(WANTED_MAX))));
	return refuse(c, NOTIFICATION_WAITING, LATER(BUSY, "its certificate is not here yet"));
}

static err load_certificate(struct coming *c, struct mail_certificate **out, moment *ends_at)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	err e = db_one(c->db, QUERY_SNS_CERTIFICATE_GET, DB(db_text(c->topic->region), db_text(c->file)), &rows);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return want_certificate(c);
	TRY(e);
	*ends_at = db_row_number(&rows, 1);
	if (db_row_none(&rows, 0))
		return refuse(c, NOTIFICATION_WAITING, LATER(BUSY, "its certificate is not here yet"));
	if (*ends_at <= c->now)
		return refuse(c, NOTIFICATION_BAD_CERTIFICATE, NEVER(DENIED, "its certificate has expired"));
	return mail_certificate_read(str_upto(db_row_peek(&rows, 0), PEM_MAX), out, c->fault);
}

static void remember(struct coming *c, struct mail_certificate **certificate, moment ends_at)
{
	struct notification_door *d = c->door;
	struct known *k = &d->known[d->next++ % KNOWN];

	mail_certificate_done(&k->certificate);
	*k = (struct known){ .certificate = *certificate, .ends_at = ends_at };
	*certificate = NULL;
	memcpy(k->region, c->topic->region.at, c->topic->region.len); /* both were bounded by sns_topic_read() */
	memcpy(k->file, c->file.at, c->file.len);
}

static err verify_known(struct coming *c, const struct known *k, str text)
{
	enum service_hash hash = c->message.version == 2 ? SERVICE_SHA256 : SERVICE_SHA1;

	err e = service_certificate_verify(k->certificate, hash, text, c->message.signature);
	if (e.why != WHY_SIGNATURE)
		return e;
	fault_set(c->fault, "a message that says it is of %.*s is not signed by its certificate",
		  STR_ARG(c->topic->arn));
	return refuse(c, NOTIFICATION_UNSIGNED, NEVER(DENIED, "the signature does not match"));
}

/* One at a time: a signature costs some forty microseconds, and asking the database is not done here. */
static err verify_locked(struct coming *c, struct mail_certificate **fetched, moment ends_at, str text, bool *known)
{
	const struct known *k;

	if (*fetched)
		remember(c, fetched, ends_at);
	k = find_known(c);
	*known = k != NULL;
	return k ? verify_known(c, k, text) : OK;
}

static err verify_with(struct coming *c, struct mail_certificate **fetched, moment ends_at, str text, bool *known)
{
	pthread_mutex_lock(&c->door->lock);
	err e = verify_locked(c, fetched, ends_at, text, known);
	pthread_mutex_unlock(&c->door->lock);
	return e;
}

static err verify(struct coming *c)
{
	OWNED(mail_certificate_done) struct mail_certificate *fetched = NULL;
	moment ends_at = 0;
	bool known;
	str text;

	TRY(sns_signed_string(c->arena, &c->message, &text));
	TRY(verify_with(c, &fetched, 0, text, &known));
	if (known)
		return OK;
	TRY(load_certificate(c, &fetched, &ends_at));
	TRY(verify_with(c, &fetched, ends_at, text, &known));
	must(known);
	return OK;
}

/* ── What it tells ── */

static bool feedback_of(const struct ses_event *e, enum feedback_kind *out)
{
	switch (e->kind) {
	case SES_BOUNCE:
		*out = e->permanent ? FEEDBACK_BOUNCED : FEEDBACK_RETURNED;
		return true;
	case SES_COMPLAINT:
		*out = str_same(e->what, STR("not-spam")) ? FEEDBACK_FORGIVEN : FEEDBACK_COMPLAINED;
		return true;
	case SES_DELIVERY:
		*out = FEEDBACK_ARRIVED;
		return true;
	case SES_DELIVERY_DELAY:
		*out = FEEDBACK_DELAYED;
		return true;
	case SES_REJECT:
	case SES_RENDERING_FAILURE:
		*out = FEEDBACK_REJECTED;
		return true;
	default:
		return false;
	}
}

static err apply_event(struct coming *c, const struct ses_event *e, enum feedback_kind kind, bool *ours)
{
	char room[SNS_ID_LEN + 8];
	struct buf origin = BUF_ON(room);
	struct feedback f = { .kind = kind, .provider_id = e->message_id, .tag = e->tag, .at = e->at, .what = e->what };

	buf_add_format(&origin, "sns %.*s", STR_ARG(c->message.id));
	f.origin = buf_str(&origin);
	for (const struct ses_recipient *to = e->recipients; to; to = to->next) {
		bool of_this = false;
		f.address = to->address;
		f.status = to->status;
		f.said = to->said;
		TRY(flow_feedback(c->door->line, c->db, c->arena, &f, &of_this));
		*ours |= of_this;
	}
	return OK;
}

static err take_notification(struct coming *c)
{
	struct ses_event event;
	enum feedback_kind kind;
	bool ours = false;

	/* What is signed and is no event of SES will be none tomorrow either. */
	c->what = NOTIFICATION_PASSED_OVER;
	err e = ses_event_read(c->arena, c->message.message, &event, c->fault);
	if (e.fate == FATE_NEVER)
		return OK;
	TRY(e);
	if (!feedback_of(&event, &kind))
		return OK;
	TRY(apply_event(c, &event, kind, &ours));
	c->what = ours ? NOTIFICATION_TAKEN : NOTIFICATION_FOREIGN;
	if (!ours && c->now - event.sent_at < NOTED_WITHIN)
		return refuse(c, NOTIFICATION_WAITING, LATER(BUSY, "the message it is about may be noted in a moment"));
	return OK;
}

static err act(struct coming *c)
{
	switch (c->message.type) {
	case SNS_NOTIFICATION:
		return take_notification(c);
	case SNS_SUBSCRIPTION_CONFIRMATION:
		c->what = NOTIFICATION_CONFIRMING;
		return db_run(c->db, QUERY_SNS_SUBSCRIPTION_WANT,
			      DB(db_text(c->topic->arn), db_text(c->message.token), db_number(c->now)));
	case SNS_UNSUBSCRIBE_CONFIRMATION:
		break;
	}
	c->what = NOTIFICATION_UNSUBSCRIBED;
	fault_set(c->fault, "%.*s does not tell us anything any more: somebody ended the subscription",
		  STR_ARG(c->topic->arn));
	return db_run(c->db, QUERY_SNS_SUBSCRIPTION_ENDED, DB(db_text(c->topic->arn), db_number(c->now)));
}

/* What was remembered is remembered with what it changed, or not at all. */
static err take_once(struct coming *c)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	moment until = c->message.at + c->door->line->config->sns.max_age + DAY;

	TRY(db_begin(c->db, &change));
	TRY(db_run(c->db, QUERY_SNS_MESSAGE_ADD, DB(db_text(c->message.id), db_number(until))));
	if (db_changed(c->db) == 0) {
		c->what = NOTIFICATION_REPEATED;
		return OK;
	}
	TRY(act(c));
	return db_commit(&change);
}

static err take(struct coming *c)
{
	TRY(verify(c));
	err e = take_once(c);
	/* A key that is not loaded yet, say. What is signed is refused by nobody: it has to come again. */
	if (e.fate == FATE_NEVER)
		e.fate = FATE_LATER;
	return e;
}

static err judge_and_take(struct coming *c, str body)
{
	c->what = NOTIFICATION_MALFORMED;
	TRY(sns_read(c->arena, body, &c->message, c->fault));
	TRY(find_topic(c));
	TRY(check_age(c));
	TRY(check_version(c));
	TRY(check_certificate_place(c));
	c->what = NOTIFICATION_TROUBLE;
	TRY(db_pool_borrow(c->door->pool, &c->db));
	return db_pool_return(c->door->pool, &c->db, take(c));
}

err flow_notification(struct notification_door *door, struct arena *a, str body, enum notification *what,
		      struct fault *fault)
{
	struct coming c = { .door = door, .arena = a, .now = clock_now(&door->line->clock), .fault = fault };

	err e = judge_and_take(&c, body);
	/* A failure in the middle of what would have been an outcome. */
	if (failed(e) && c.what < NOTIFICATION_WAITING)
		c.what = NOTIFICATION_TROUBLE;
	*what = c.what;
	return e;
}

/* ── Opening ── */

err notification_door_open(struct line *line, struct notification_door **out)
{
	OWNED(notification_door_done) struct notification_door *d = NULL;

	if (line->config->sns.topics.len == 0)
		return OK;
	d = calloc(1, sizeof *d);
	if (!d)
		return LATER(MEMORY, "no memory for messages of SNS");
	d->line = line;
	pthread_mutex_init(&d->lock, NULL);
	TRY(sns_topics_read(line->config->sns.topics, d->topics, &d->topic_count));
	TRY(db_pool_open(line->config->database, &d->pool));
	*out = d;
	d = NULL;
	return OK;
}

void notification_door_done(struct notification_door **door)
{
	struct notification_door *d = *door;

	*door = NULL;
	if (!d)
		return;
	for (size_t i = 0; i < KNOWN; i++)
		mail_certificate_done(&d->known[i].certificate);
	db_pool_done(&d->pool);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
