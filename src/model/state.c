/* The two tables of states, and what exists in each. A crash at any point leaves a state that stands here; the sweep
 * is the only repairer.
 *
 *   submission | rows                                         | stored objects
 *   -----------+----------------------------------------------+----------------------------------------
 *   arriving   | its own, with a key; recipients as they come | may be there; those without a row are orphans
 *   accepted   | all of them; each recipient has a delivery   | all, each with a wrapped key
 *   expired    | all; links are over, objects have no key     | being removed
 *   erased     | moments and counts; no key, no personal text | none
 *
 *   delivery   | message                    | lease
 *   -----------+----------------------------+---------------------------------------
 *   queued     | there, sealed              | none
 *   trying     | there, sealed              | of a process that is present, or it falls back to waiting;
 *              |                            | to queued when it is given back and was never tried
 *   waiting    | there, sealed              | none; due again at due_at
 *   delivered  | destroyed                  | none
 *   failed     | destroyed                  | none
 *   cancelled  | destroyed                  | none */
#include "model/model.h"

#define TO(state) (1u << (state))

struct state {
	const char *name;
	unsigned next; /* a bit for each state it may go to */
};

static const struct state submissions[] = {
	[SUBMISSION_ARRIVING] = { "arriving", TO(SUBMISSION_ACCEPTED) | TO(SUBMISSION_ERASED) },
	[SUBMISSION_ACCEPTED] = { "accepted", TO(SUBMISSION_EXPIRED) },
	[SUBMISSION_EXPIRED] = { "expired", TO(SUBMISSION_ERASED) },
	[SUBMISSION_ERASED] = { "erased", 0 },
};

static const struct state deliveries[] = {
	[DELIVERY_QUEUED] = { "queued", TO(DELIVERY_TRYING) | TO(DELIVERY_FAILED) | TO(DELIVERY_CANCELLED) },
	[DELIVERY_TRYING] = { "trying", TO(DELIVERY_QUEUED) | TO(DELIVERY_WAITING) | TO(DELIVERY_DELIVERED) |
						TO(DELIVERY_FAILED) },
	[DELIVERY_WAITING] = { "waiting", TO(DELIVERY_TRYING) | TO(DELIVERY_FAILED) | TO(DELIVERY_CANCELLED) },
	[DELIVERY_DELIVERED] = { "delivered", 0 },
	[DELIVERY_FAILED] = { "failed", 0 },
	[DELIVERY_CANCELLED] = { "cancelled", 0 },
};

/* A locked link may still be revoked or renewed, an expired one renewed while its documents are kept. What ended opens
 * nothing again: a renewal is a link of its own. */
static const struct state links[] = {
	[LINK_LIVE] = { "live", TO(LINK_LOCKED) | TO(LINK_REVOKED) | TO(LINK_EXPIRED) | TO(LINK_RENEWED) },
	[LINK_LOCKED] = { "locked", TO(LINK_REVOKED) | TO(LINK_EXPIRED) | TO(LINK_RENEWED) },
	[LINK_REVOKED] = { "revoked", 0 },
	[LINK_EXPIRED] = { "expired", TO(LINK_RENEWED) },
	[LINK_RENEWED] = { "renewed", 0 },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static str name_of(const struct state *table, size_t count, unsigned state)
{
	must(state < count);
	return str_of(table[state].name);
}

static bool may(const struct state *table, size_t count, unsigned from, unsigned to)
{
	must(from < count && to < count);
	return table[from].next & TO(to);
}

static int64_t mask_before(const struct state *table, size_t count, unsigned to)
{
	int64_t mask = 0;

	for (unsigned from = 0; from < count; from++)
		if (may(table, count, from, to))
			mask |= TO(from);
	return mask;
}

str submission_state_name(enum submission_state s)
{
	return name_of(submissions, COUNT(submissions), s);
}
str delivery_state_name(enum delivery_state s)
{
	return name_of(deliveries, COUNT(deliveries), s);
}
str link_state_name(enum link_state s)
{
	return name_of(links, COUNT(links), s);
}

bool submission_may(enum submission_state from, enum submission_state to)
{
	return may(submissions, COUNT(submissions), from, to);
}
bool delivery_may(enum delivery_state from, enum delivery_state to)
{
	return may(deliveries, COUNT(deliveries), from, to);
}
bool link_may(enum link_state from, enum link_state to)
{
	return may(links, COUNT(links), from, to);
}

int64_t submission_before(enum submission_state to)
{
	return mask_before(submissions, COUNT(submissions), to);
}
int64_t delivery_before(enum delivery_state to)
{
	return mask_before(deliveries, COUNT(deliveries), to);
}
int64_t link_before(enum link_state to)
{
	return mask_before(links, COUNT(links), to);
}

bool delivery_ended(enum delivery_state s)
{
	must(s < COUNT(deliveries));
	return deliveries[s].next == 0;
}

err delivery_state_parse(str name, enum delivery_state *out)
{
	for (unsigned s = 0; s < COUNT(deliveries); s++)
		if (str_same(name, str_of(deliveries[s].name))) {
			*out = (enum delivery_state)s;
			return OK;
		}
	return NEVER(SYNTAX, "not a state of a delivery");
}
