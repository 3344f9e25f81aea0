#include "flow/fetch_tell.h"

#include <pthread.h>

#define PAUSE_BETWEEN (50 * 1000) /* microseconds: what a crash may forget */
#define PAUSE_AFTER_FAILURE SECOND
enum { NOTES_MAX = 1024 };

struct teller {
	struct fetch *fetch;
	pthread_t thread;
	pthread_mutex_t lock;      /* over what follows */
	pthread_cond_t work, done; /* a note was added or the end has come; a round was written or failed */
	struct note *pending;
	unsigned count;
	uint64_t round, written;    /* notes added now belong to `round`; all rounds up to `written` are durable */
	unsigned waiting;           /* for their round */
	err failure;                /* of the last attempt; OK after one that succeeded */
	bool running, ending, idle; /* idle: nothing is pending, and it sleeps */
};

/* ── Writing ─────────────────────────────────────────────────────────────────────────────────────── */

static err write_note(struct fetch *f, struct db *db, const struct note *n)
{
	const struct fetch_event event = {
		.kind = n->handed_over ? EVENT_LINK_HANDED_OVER
			: n->whole     ? EVENT_LINK_OPENED
				       : EVENT_LINK_BROKEN_OFF,
		.submission = n->submission,
		.recipient = n->recipient,
		.link = n->session.link,
		.object = &n->object,
		.bytes = n->bytes,
		.times = n->times,
	};

	struct link_view before;
	err e = link_by_id(db, n->session.link, fetch_now(f), &before);
	if (!failed(e))
		e = link_sent(db, &n->session, n->bytes, n->whole, fetch_now(f));
	if (!failed(e) && n->whole && before.opened_at == 0 && f->parts.rules.notice_opened)
		e = track_notice(db, n->submission, n->session.link, NOTICE_OPENED, fetch_now(f));
	if (e.fate == FATE_NEVER)
		return OK; /* the link is erased; nobody is left to be told */
	TRY(e);
	return fetch_tell(f, db, n->key, &event);
}

static err write_notes(struct fetch *f, struct db *db, const struct note *notes)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	for (const struct note *n = notes; n; n = n->next)
		TRY(write_note(f, db, n));
	return db_commit(&change);
}

static err write_all(struct fetch *f, const struct note *notes)
{
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	return db_pool_return(f->pool, &db, write_notes(f, db, notes));
}

/* ── Gathering ───────────────────────────────────────────────────────────────────────────────────── */

static void free_notes(struct note *notes)
{
	while (notes) {
		struct note *next = notes->next;
		column_key_done(&notes->key);
		free(notes);
		notes = next;
	}
}

static bool alike(const struct note *a, const struct note *b)
{
	return a->whole == b->whole && id_same(a->object.id, b->object.id) &&
	       id_same(a->session.link, b->session.link) &&
	       memcmp(a->session.serial, b->session.serial, sizeof a->session.serial) == 0;
}

static err add_note(struct teller *t, struct note *note)
{
	for (struct note *n = t->pending; n; n = n->next) {
		if (alike(n, note)) {
			n->bytes += note->bytes;
			n->times += note->times;
			column_key_done(&note->key);
			return OK;
		}
	}
	struct note *fresh = malloc(sizeof *fresh);
	if (!fresh) {
		column_key_done(&note->key);
		return LATER(MEMORY, "no memory for a note");
	}
	*fresh = *note;
	fresh->object.name.at = fresh->name;
	fresh->next = t->pending;
	t->pending = fresh;
	t->count++;
	return OK;
}

/* Back to the others, to be tried again. */
static void put_back(struct teller *t, struct note *notes)
{
	while (notes) {
		struct note *next = notes->next;
		notes->next = t->pending;
		t->pending = notes;
		t->count++;
		notes = next;
	}
}

static bool may_rest(const struct teller *t)
{
	return !t->ending && (!t->waiting || failed(t->failure));
}

static void rest(struct teller *t, span most)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + most * 1000;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	while (may_rest(t) && pthread_cond_timedwait(&t->work, &t->lock, &until) == 0)
		;
}

/* One commit for all that is there. Called and left with the lock held. */
static void write_round(struct teller *t)
{
	struct note *notes = t->pending;
	uint64_t round = t->round++;

	t->pending = NULL;
	t->count = 0;
	pthread_mutex_unlock(&t->lock);
	err e = write_all(t->fetch, notes);
	if (!failed(e))
		free_notes(notes);
	pthread_mutex_lock(&t->lock);
	if (failed(e))
		put_back(t, notes);
	else
		t->written = round;
	t->failure = e;
	pthread_cond_broadcast(&t->done);
}

static void *tell_all(void *state)
{
	struct teller *t = state;

	pthread_mutex_lock(&t->lock);
	while (!t->ending || (t->pending && !failed(t->failure))) {
		if (t->pending) {
			write_round(t);
			rest(t, failed(t->failure) ? PAUSE_AFTER_FAILURE : PAUSE_BETWEEN);
		} else {
			t->idle = true;
			pthread_cond_wait(&t->work, &t->lock);
			t->idle = false;
		}
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* ── For the others ──────────────────────────────────────────────────────────────────────────────── */

/* A failed round is written again with a later one; who waits is told at once. */
static err wait_for_round(struct teller *t, uint64_t mine)
{
	err e = OK;

	t->waiting++;
	pthread_cond_signal(&t->work);
	while (t->written < mine && !t->ending && !failed(e)) {
		pthread_cond_wait(&t->done, &t->lock);
		e = t->written < mine ? t->failure : OK;
	}
	t->waiting--;
	return e;
}

err teller_note(struct teller *t, const struct note *note, bool durable)
{
	struct note copy = *note;
	err e;

	pthread_mutex_lock(&t->lock);
	if (t->count < NOTES_MAX) {
		e = add_note(t, &copy);
		if (t->idle)
			pthread_cond_signal(&t->work);
	} else {
		column_key_done(&copy.key);
		e = LATER(BUSY, "more transfers end than can be written down");
	}
	if (!failed(e) && durable)
		e = wait_for_round(t, t->round);
	pthread_mutex_unlock(&t->lock);
	return e;
}

static void open_conditions(struct teller *t)
{
	pthread_condattr_t steady;

	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->done, NULL);
	must(pthread_condattr_init(&steady) == 0);
	must(pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) == 0);
	pthread_cond_init(&t->work, &steady);
	pthread_condattr_destroy(&steady);
}

err teller_open(struct fetch *f, struct teller **out)
{
	OWNED(teller_done) struct teller *t = calloc(1, sizeof *t);

	if (!t)
		return LATER(MEMORY, "no memory for a teller");
	t->fetch = f;
	t->round = 1;
	open_conditions(t);
	if (pthread_create(&t->thread, NULL, tell_all, t) != 0)
		return LATER(MEMORY, "no thread for telling");
	t->running = true;
	*out = t;
	t = NULL;
	return OK;
}

void teller_done(struct teller **teller)
{
	struct teller *t = *teller;

	*teller = NULL;
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->ending = true;
	pthread_cond_broadcast(&t->work);
	pthread_cond_broadcast(&t->done);
	pthread_mutex_unlock(&t->lock);
	if (t->running)
		pthread_join(t->thread, NULL);
	free_notes(t->pending);
	pthread_cond_destroy(&t->work);
	pthread_cond_destroy(&t->done);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
