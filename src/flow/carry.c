/* A courier: one thread and one connection. It takes what may go now, sends it, and goes on only when what it
 * heard is durable. */
#include "flow/dispatch_inside.h"

#include "sys/sys.h"

#include <stdio.h>

enum {
	WORKS_TICKS = 30 * SECOND, /* so long ago somebody was served: then it is not the transport that fails */
	REST_TICKS = SECOND,
};

struct courier {
	struct dispatch *d;
	struct db *db;
	struct session *session;
	int64_t rest_until, rest_wait; /* ticks: of this one connection */
};

/* ── The transport's health ── */

/* What was said, by whom, and in answer to what. */
static void tell_trouble(struct dispatch *d, const struct outcome *o, err e)
{
	char room[sizeof d->trouble];
	struct buf b = { .at = room, .max = sizeof room };

	buf_add(&b, STR("mail cannot leave now: "));
	if (o->code)
		buf_add_format(&b, "%u ", o->code);
	buf_add(&b, str_upto(str_of(o->text[0] ? o->text : err_verdict(e)->words), sizeof room / 2));
	if (o->host[0])
		buf_add_format(&b, " (%.100s, %s)", o->host, o->stage ? o->stage : "start");
	escaped_copy(d->trouble, sizeof d->trouble, buf_str(&b));
	d->trouble_is_queue = false;
}

static void transport_down(struct dispatch *d, int64_t now, const struct outcome *o, err e)
{
	if (now >= d->down_until) {
		d->down_wait = dispatch_longer(d->down_wait);
		d->down_until = now + d->down_wait;
	}
	if (!d->down_since)
		d->down_since = now;
	dispatch_give_back_held(d);
	tell_trouble(d, o, e);
}

/* A relay may serve only so many connections and turn the others away (421): while some are served, the one that
 * was not rests alone; when none is, all do. */
static void transport_failed(struct courier *c, const struct outcome *o, err e)
{
	struct dispatch *d = c->d;
	int64_t now = clock_ticks(&d->line->clock);
	bool works = d->works_ticks && now - d->works_ticks < WORKS_TICKS;

	pthread_mutex_lock(&d->lock);
	if (o->fast) {
		dispatch_slow_down(d);
		if (!works && !d->down_since) {
			d->down_since = now;
			tell_trouble(d, o, e);
		}
	} else if (o->ask) {
		tell_trouble(d, o, e);
		dispatch_ask_soon(d, d->trouble);
	} else if (works) {
		c->rest_wait = dispatch_longer(c->rest_wait);
		c->rest_until = now + c->rest_wait;
	} else {
		transport_down(d, now, o, e);
	}
	pthread_mutex_unlock(&d->lock);
}

static bool turned_away(const struct courier *c, const struct outcome *o)
{
	return c->rest_wait && o->stage && (strcmp(o->stage, "connect") == 0 || strcmp(o->stage, "greeting") == 0);
}

static void transport_works(struct courier *c)
{
	struct dispatch *d = c->d;

	pthread_mutex_lock(&d->lock);
	d->works_ticks = clock_ticks(&d->line->clock);
	if (d->down_until)
		pthread_cond_broadcast(&d->work); /* the others need not rest to the end */
	d->down_since = d->down_until = d->down_wait = 0;
	d->fast_wait = d->ask_wait = 0;
	d->trouble[0] = 0;
	pthread_mutex_unlock(&d->lock);
	c->rest_wait = 0;
}

/* ── Taking and putting back ── */

/* The first held delivery that may go at `now`; else when the next one may. */
static struct held *first_runnable(struct courier *c, int64_t now, int64_t *next)
{
	struct dispatch *d = c->d;

	*next = d->down_until > c->rest_until ? d->down_until : c->rest_until;
	if (!reserve_whole(&d->reserve) || d->stopped)
		*next = now + REST_TICKS;
	/* At a slow pace those that wait for a slot are few: the others can still be cancelled. */
	if (*next < d->slot_at - EARLY_TICKS)
		*next = d->slot_at - EARLY_TICKS;
	if (now < *next)
		return NULL;
	*next = INT64_MAX;
	for (size_t i = 0; i < d->held_count; i++) {
		struct held *h = d->held[i];
		if (h->not_before <= now) {
			memmove(d->held + i, d->held + i + 1, (--d->held_count - i) * sizeof *d->held);
			return h;
		}
		if (h->not_before < *next)
			*next = h->not_before;
	}
	return NULL;
}

static struct held *take(struct courier *c)
{
	struct dispatch *d = c->d;
	struct held *h = NULL;

	pthread_mutex_lock(&d->lock);
	while (!d->ending) {
		int64_t now = clock_ticks(&d->line->clock), next;
		h = first_runnable(c, now, &next);
		size_t more = dispatch_runnable(d);
		d->starved |= !h && more == 0;
		if (more <= d->group / 2)
			pthread_cond_signal(&d->empty);
		if (h)
			break;
		dispatch_wait(d, &d->work, next == INT64_MAX ? 10 * SECOND : next - now);
	}
	if (h)
		d->in_flight++;
	pthread_mutex_unlock(&d->lock);
	return h;
}

static void put_back(struct dispatch *d, struct held *h, err e)
{
	/* What failed on our side, for want of memory say, is not asked for again at once. */
	if (failed(e))
		h->not_before = clock_ticks(&d->line->clock) + REST_TICKS;
	pthread_mutex_lock(&d->lock);
	must(d->held_count < HELD_MAX);
	d->in_flight--;
	if (h->due || d->stopped || clock_ticks(&d->line->clock) < d->down_until) {
		dispatch_give_back(d, h);
	} else {
		d->held[d->held_count++] = h;
		pthread_cond_signal(&d->work);
	}
	pthread_mutex_unlock(&d->lock);
}

static void over(struct dispatch *d, struct held *h)
{
	held_done(&h);
	pthread_mutex_lock(&d->lock);
	d->in_flight--;
	pthread_cond_signal(&d->empty);
	pthread_mutex_unlock(&d->lock);
}

/* ── One delivery ── */

static err read_lease(struct courier *c, struct held *h)
{
	if (h->lease.arena)
		return OK;
	return queue_take(c->db, c->d->line->keys, h->delivery, &h->lease);
}

/* Its domain's turn is later: held if that is soon, else due again shortly before. */
static void line_up(struct dispatch *d, struct held *h, int64_t now, int64_t slot)
{
	moment wall = clock_now(&d->line->clock);
	span most = d->line->config->retry.most; /* so that queue_unwind() knows what cannot be */

	if (!h->in_line)
		slot = pace_line_up(d->pace, h->lease.message.domain, 1, now, NEAR_TICKS);
	h->in_line = true;
	h->not_before = slot;
	if (slot - now <= NEAR_TICKS)
		return;
	h->due = wall + (slot - now - EARLY_TICKS < most ? slot - now - EARLY_TICKS : most);
	pthread_mutex_lock(&d->lock);
	d->lined_up = slot > d->lined_up ? slot : d->lined_up;
	pthread_mutex_unlock(&d->lock);
}

/* Waits for the slot; false: another delivery may go sooner, or we are ending. */
static bool wait_for_slot(struct courier *c, struct held *h)
{
	struct dispatch *d = c->d;
	int64_t now = clock_ticks(&d->line->clock), at;

	if (!pace_reserve(d->pace, h->lease.message.domain, 1, now, &at)) {
		line_up(d, h, now, at);
		return false;
	}
	pthread_mutex_lock(&d->lock);
	d->slot_at = at;
	while (!d->ending && (now = clock_ticks(&d->line->clock)) < at)
		dispatch_wait(d, &d->work, at - now);
	bool go = !d->ending;
	pthread_mutex_unlock(&d->lock);
	return go;
}

/* True: the delivery is settled. False: it goes back, unsent, to be tried when the transport has rested. */
static err send_one(struct courier *c, struct held *h, bool *settled)
{
	struct outcome o = { 0 };

	*settled = false;
	if (c->d->options.may_mail)
		TRY(c->d->options.may_mail(c->d->options.state));
	if (!c->session)
		TRY(session_open(c->d->transport, &c->session));
	err e = session_send(c->session, &h->lease.message, &o);
	*settled = true;
	if (!failed(e)) {
		transport_works(c);
		return dispatch_settle(c->d, &h->lease, &o);
	}
	transport_failed(c, &o, e);
	/* Who was turned away, or may not send now, has heard nothing about the message in hand. */
	h->failures += !turned_away(c, &o) && !o.fast && !o.ask;
	if (o.uncertain || h->failures >= STUBBORN_MAX)
		return dispatch_settle(c->d, &h->lease, &o);
	*settled = false;
	return OK;
}

/* After a rotation the newest messages are under a key that was not there when this process began. They are not lost:
 * whoever begins later can read them. */
static void leave_to_others(struct courier *c, struct held *h, err e)
{
	struct dispatch *d = c->d;

	pthread_mutex_lock(&d->lock);
	snprintf(d->trouble, sizeof d->trouble, "a message waits for the keys to be loaded again (SIGHUP): %s", e.note);
	pthread_mutex_unlock(&d->lock);
	h->due = clock_now(&d->line->clock) + d->line->config->retry.first;
}

static bool is_late(const struct courier *c, const struct held *h)
{
	return clock_now(&c->d->line->clock) >= h->lease.deadline;
}

static err handle(struct courier *c, struct held *h, bool *settled)
{
	err e = read_lease(c, h);

	*settled = false;
	if (failed(e)) {
		if (e.fate != FATE_NEVER)
			return e;
		if (e.why == WHY_KEY) {
			leave_to_others(c, h, e);
			return OK;
		}
		*settled = true;
		struct lease unreadable = { .delivery = h->delivery, .attempts = 1 };
		return dispatch_settle_ourselves(c->d, &unreadable, e, "the queued message cannot be read");
	}
	if (!is_late(c, h)) {
		if (!wait_for_slot(c, h))
			return OK;
		if (!is_late(c, h)) /* slots may be far apart */
			return send_one(c, h, settled);
	}
	*settled = true;
	return dispatch_settle_ourselves(c->d, &h->lease, NEVER(EXPIRED, "the deadline has passed"),
					 "the link expired before the message could be delivered");
}

void *dispatch_carry(void *dispatch)
{
	struct courier c = { .d = dispatch };
	struct held *h;
	err e = line_db(c.d->line, &c.db, NULL);

	if (failed(e))
		dispatch_break(c.d, e);
	while ((h = take(&c))) {
		bool settled;
		e = handle(&c, h, &settled);
		if (failed(e) && e.fate != FATE_LATER)
			dispatch_break(c.d, e);
		if (settled)
			over(c.d, h);
		else
			put_back(c.d, h, e);
	}
	session_done(&c.session);
	db_done(&c.db);
	return NULL;
}
