/* flow/report: what is known, gathered for whoever asks. Reading only; what was erased is absent, not an error. */
#ifndef LETTERLOCK_FLOW_REPORT_H
#define LETTERLOCK_FLOW_REPORT_H

#include "flow/recall.h"

/* One delivery's whole story. */
struct story {
	const struct standing *standing;
	struct submission *sub; /* null: erased */
	struct recipient *to;   /* null: erased */
	struct link_view link;
	bool has_link;
	struct event *events;
};
err report_story(struct line *line, struct db *db, struct arena *a, const struct standing *s, struct story *out);
void report_story_done(struct story *s); /* for OWNED: the submission's key */

/* The rows of a submission's list that were refused; none if it is erased. */
err report_refusals(struct line *line, struct db *db, struct arena *a, id submission, struct refusal **out);

/* The newest deliveries, in one state or (DELIVERY_ANY) in all, and to whom they go; "" where that is erased. */
enum { DELIVERY_ANY = -1 };
struct listed {
	struct listed *next;
	struct standing *standing;
	str address;
};
err report_list(struct line *line, struct db *db, struct arena *a, int state, uint64_t max, struct listed **out);

/* Everything at a glance. */
struct overview {
	struct queue_count queue;
	moment oldest_open; /* 0: nothing is open */
	uint64_t submissions[SUBMISSION_ERASED + 1], links[LINK_RENEWED + 1];
	uint64_t presigned; /* of the live links: whether they were opened nobody can tell */
	struct key_info *keys;
};
err report_overview(struct line *line, struct db *db, struct arena *a, struct overview *out);

#endif
