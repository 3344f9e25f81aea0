/* Numbers as Prometheus reads them (exposition format 0.0.4): HELP, TYPE, then the samples. Names are in base units and
 * counters end in _total, as promtool wants them. No label holds anything but words of our own tables. */
#include "door/ops/inside.h"
#include "flow/objects.h"

static void begin(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_add_format(b, "# HELP letterlock_%s %s\n# TYPE letterlock_%s %s\n", name, help, name, type);
}

static void sample(struct buf *b, const char *name, uint64_t value)
{
	buf_add_format(b, "letterlock_%s %llu\n", name, (unsigned long long)value);
}

static void labelled(struct buf *b, const char *name, const char *label, str is, uint64_t value)
{
	buf_add_format(b, "letterlock_%s{%s=\"%.*s\"} %llu\n", name, label, STR_ARG(is), (unsigned long long)value);
}

static void one(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	begin(b, name, type, help);
	sample(b, name, value);
}

/* ── This process ────────────────────────────────────────────────────────────────────────────────── */

static void add_http(struct buf *b, const struct http_counts *c, unsigned open)
{
	char text[8];

	begin(b, "http_requests_total", "counter", "Requests of the recipients' page, by status.");
	for (size_t status = 100; status < HTTP_STATUS_END; status++) {
		struct buf number = BUF_ON(text);
		buf_add_number(&number, status);
		/* A line that is not there until it first happens would hide that first time from rate(). */
		if (c->answers[status] || status == 200 || status == 500 || status == 503)
			labelled(b, "http_requests_total", "status", buf_str(&number), c->answers[status]);
	}
	one(b, "http_response_bytes_total", "counter", "Bytes of documents sent, as the recipient's machine sees them.",
	    c->bytes);
	one(b, "http_connections", "gauge", "Connections that are open.", open);
	one(b, "http_connections_total", "counter", "Connections accepted.", c->connections);
	one(b, "http_connections_turned_away_total", "counter", "Connections closed at once, for there were too many.",
	    c->turned_away);
	one(b, "http_handshakes_failed_total", "counter", "Connections that ended before a request could be read.",
	    c->handshakes_failed);
}

static void add_hook(struct buf *b, const struct ops *o)
{
	uint64_t counts[NOTIFICATIONS];

	if (!o->options.hook)
		return;
	hook_counts(o->options.hook, counts);
	begin(b, "sns_messages_total", "counter", "Messages posted to /hooks/sns, by what became of them.");
	for (size_t n = 0; n < NOTIFICATIONS; n++)
		labelled(b, "sns_messages_total", "outcome", notification_label((enum notification)n), counts[n]);
}

static void add_certificate(struct buf *b, const struct ops *o)
{
	struct tls_dates dates = page_server_certificate(o->options.page);
	moment now = clock_now(&o->options.line->clock);

	begin(b, "certificate_seconds_left", "gauge",
	      "Until the certificate that is served ends; negative afterwards.");
	buf_add_format(b, "letterlock_certificate_seconds_left %lld\n", (long long)((dates.ends_at - now) / SECOND));
}

/* Not there where nobody knows how old it is. */
static void add_store_key(struct buf *b, const struct ops *o)
{
	struct objects_key k;

	if (!objects_key_look(o->options.line->config, clock_now(&o->options.line->clock), &k))
		return;
	one(b, "store_key_age_seconds", "gauge", "Age of the access key that signs for the bucket.",
	    (uint64_t)(k.age / SECOND));
	begin(b, "store_key_seconds_left", "gauge", "Until nothing is signed with it any more; negative afterwards.");
	buf_add_format(b, "letterlock_store_key_seconds_left %lld\n", (long long)(k.left / SECOND));
}

/* ── The database ────────────────────────────────────────────────────────────────────────────────── */

static void add_states(struct buf *b, const struct ops *o, const struct overview *v)
{
	moment now = clock_now(&o->options.line->clock);

	begin(b, "deliveries", "gauge", "Deliveries in each state.");
	for (enum delivery_state s = DELIVERY_QUEUED; s <= DELIVERY_CANCELLED; s++)
		labelled(b, "deliveries", "state", delivery_state_name(s), v->queue.by_state[s]);
	begin(b, "links", "gauge", "Links in each state.");
	for (enum link_state s = LINK_LIVE; s <= LINK_RENEWED; s++)
		labelled(b, "links", "state", link_state_name(s), v->links[s]);
	begin(b, "submissions", "gauge", "Submissions in each state.");
	for (enum submission_state s = SUBMISSION_ARRIVING; s <= SUBMISSION_ERASED; s++)
		labelled(b, "submissions", "state", submission_state_name(s), v->submissions[s]);
	one(b, "oldest_open_delivery_seconds", "gauge",
	    "Age of the oldest delivery without an outcome; 0 if there is none.",
	    v->oldest_open && now > v->oldest_open ? (uint64_t)((now - v->oldest_open) / SECOND) : 0);
}

/* What was written since the last time is added; if that cannot be read now, it is next time. */
static void add_events(struct buf *b, struct ops *o)
{
	if (o->db)
		(void)!failed(track_count(o->db, &o->event_seen, o->events));
	begin(b, "events_total", "counter", "Events of deliveries and links since this process began.");
	for (size_t kind = 0; kind < EVENT_COUNT; kind++)
		labelled(b, "events_total", "event", event_name((enum event_kind)kind), o->events[kind]);
}

/* ── All ─────────────────────────────────────────────────────────────────────────────────────────── */

void ops_metrics(struct ops *o, const struct readiness *r, struct buf *b)
{
	struct http_counts counts;
	unsigned open = page_server_counts(o->options.page, &counts);

	begin(b, "build_info", "gauge", "The version that runs.");
	labelled(b, "build_info", "version", STR(LETTERLOCK_VERSION), 1);
	begin(b, "ready", "gauge", "Whether what recipients need is there.");
	for (size_t i = 0; i < READY_COUNT; i++)
		labelled(b, "ready", "part", readiness_name(i), r->ready[i]);
	add_http(b, &counts, open);
	add_hook(b, o);
	add_certificate(b, o);
	add_store_key(b, o);
	if (r->known)
		add_states(b, o, &r->overview);
	add_events(b, o);
}
