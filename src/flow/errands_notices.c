/* Notices to the sender. */
#include "flow/errands_inside.h"

#define AT_MOST_EVERY HOUR
#define GIVE_UP_AFTER (5 * DAY)
enum { MEMORY = 16 * 1024 * 1024, GROUPS = 64, SHOWN = 25 };

struct group {
	id submission;
	enum notice_kind kind;
	size_t count;
};

static bool wanted(const struct config *c, enum notice_kind kind)
{
	const bool is[NOTICE_KINDS] = { c->notices.locked, c->notices.not_for_me, c->notices.renewal,
					c->notices.opened };
	return is[kind];
}

/* ── Finding ── */

struct locked {
	id link, submission;
	moment at;
};

/* A lock is written by whoever proves; that the sender must know of it is read off the lock itself. */
static err find_locked(struct errands *run)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct locked found[GROUPS];
	size_t count = 0;
	err e = OK;

	TRY(db_ask(run->db, QUERY_LINKS_LOCKED_UNTOLD, DB(db_number(NOTICE_LOCKED), db_number(GROUPS)), &rows));
	while (count < GROUPS && db_next(&rows, &e))
		found[count++] = (struct locked){ db_row_id(&rows, 0), db_row_id(&rows, 1), db_row_number(&rows, 2) };
	TRY(e);
	db_rows_done(&rows);
	for (size_t i = 0; i < count; i++)
		TRY(track_notice(run->db, found[i].submission, found[i].link, NOTICE_LOCKED, found[i].at));
	return OK;
}

static err find_due(struct errands *run, struct group *out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t have = 0;
	err e = OK;

	TRY(db_ask(run->db, QUERY_NOTICES_DUE, DB(db_number(run->now - AT_MOST_EVERY), db_number(GROUPS)), &rows));
	while (have < GROUPS && db_next(&rows, &e)) {
		int64_t kind = db_row_number(&rows, 1);
		must(kind >= 0 && kind < NOTICE_KINDS);
		out[have++] =
			(struct group){ db_row_id(&rows, 0), (enum notice_kind)kind, (size_t)db_row_number(&rows, 2) };
	}
	*count = have;
	return e;
}

/* ── Telling ── */

static err links_of(struct errands *run, const struct group *g, id *out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t have = 0;
	err e = OK;

	TRY(db_ask(run->db, QUERY_NOTICE_LINKS, DB(db_id(g->submission), db_number(g->kind), db_number(SHOWN)), &rows));
	while (have < SHOWN && db_next(&rows, &e))
		out[have++] = db_row_id(&rows, 0);
	*count = have;
	return e;
}

static err delivery_of(struct errands *run, const struct link_view *link, struct arena *a, str *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct buf text;

	TRY(buf_open(a, ID_TEXT, &text));
	err e = db_one(run->db, QUERY_DELIVERY_OF_LINK, DB(db_id(link->recipient), db_id(link->id)), &rows);
	if (!failed(e))
		buf_add_id(&text, db_row_id(&rows, 0));
	*out = buf_str(&text);
	return e.why == WHY_NOT_FOUND ? OK : e;
}

static err make_item(struct errands *run, struct submission *sub, id which, struct notice_item **out)
{
	struct notice_item *item;
	struct recipient *to;
	struct link_view link;

	TRY(NEW(sub->arena, item));
	TRY(link_by_id(run->db, which, run->now, &link));
	TRY(recipient_load(run->db, sub->arena, sub, link.recipient, &to));
	item->email = to->address.text;
	TRY(delivery_of(run, &link, sub->arena, &item->delivery));
	*out = item;
	return OK;
}

static err make_items(struct errands *run, struct submission *sub, const struct group *g, struct notice_item **out)
{
	struct notice_item **end = out;
	id links[SHOWN];
	size_t count;

	TRY(links_of(run, g, links, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(make_item(run, sub, links[i], end));
		end = &(*end)->next;
	}
	return OK;
}

static err make_sender(struct errands *run, struct arena *a, struct recipient **out)
{
	const struct config *c = run->line->config;
	struct recipient *to;
	const char *reason = "";

	TRY(NEW(a, to));
	TRY(id_new(&run->line->entropy, &to->id));
	TRY(id_new(&run->line->entropy, &to->delivery));
	TRY(address_parse(a, c->notices.to.len ? c->notices.to : c->sender.address, &to->address, &reason));
	to->language = c->mail.language;
	*out = to;
	return OK;
}

static err mark(struct errands *run, const struct group *g)
{
	return db_run(run->db, QUERY_NOTICES_TOLD, DB(db_id(g->submission), db_number(g->kind), db_number(run->now)));
}

static err write(struct errands *run, const struct group *g, struct submission *sub, struct recipient *to,
		 struct message *message)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct line *line = run->line;

	TRY(db_begin(run->db, &change));
	TRY(recipient_save(run->db, sub->arena, line->keys, &line->entropy, sub, to));
	TRY(errands_queue(run, sub, to, message, run->now + GIVE_UP_AFTER, EVENT_SENDER_TOLD));
	TRY(mark(run, g));
	return db_commit(&change);
}

static err tell_about(struct errands *run, const struct group *g)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(submission_done) struct submission *sub = NULL;
	struct notice notice = { .kind = g->kind, .count = g->count };
	struct notice_item *items = NULL;
	struct message message = { 0 };
	struct recipient *to;

	TRY(arena_open(MEMORY, &a));
	TRY(submission_load(run->db, a, run->line->keys, g->submission, &sub));
	TRY(make_items(run, sub, g, &items));
	notice.items = items;
	TRY(make_sender(run, a, &to));
	TRY(compose_notice(run->line->compose, sub, to, &notice, run->now, &run->line->entropy, a, &message,
			   run->fault));
	TRY(write(run, g, sub, to, &message));
	run->count->told++;
	return OK;
}

/* Nobody wants it, or it can never be told: it is marked, so that it holds nobody up. */
static err tell(struct errands *run, const struct group *g)
{
	if (!wanted(run->line->config, g->kind))
		return mark(run, g);
	err e = tell_about(run, g);
	if (e.fate == FATE_NEVER)
		TRY(mark(run, g));
	return e;
}

err errands_notices(struct errands *run)
{
	struct group due[GROUPS];
	size_t count;

	if (run->line->config->notices.locked)
		TRY(find_locked(run));
	TRY(find_due(run, due, &count));
	for (size_t i = 0; i < count; i++)
		TRY(errands_one(run, tell(run, &due[i])));
	return OK;
}
