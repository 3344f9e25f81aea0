/* What left the house, written down by one thread for all connections: a transfer ends in its own time, and one commit
 * with its sync serves all that ended meanwhile. Transfers of one object in one session that end together are one event
 * with their number.
 *
 * A crash may forget the last twentieth of a second of them, but not the first opening of a link nor any opening that
 * is limited in number: who notes one of those waits until it is durable. What cannot be written now is tried again. */
#ifndef LETTERLOCK_FLOW_FETCH_TELL_H
#define LETTERLOCK_FLOW_FETCH_TELL_H

#include "flow/fetch_inside.h"

struct teller;
err teller_open(struct fetch *f, struct teller **out);
void teller_done(struct teller **t); /* writes what is left */

enum { NOTE_NAME = 200 };
struct note {
	struct note *next;
	struct link_session session;
	struct column_key *key; /* the note's own */
	id submission, recipient;
	struct object object; /* its name stands in `name` */
	char name[NOTE_NAME];
	uint64_t bytes, times;
	bool whole;
	bool handed_over; /* to the store: it was told where to fetch it, and no byte left us */
};
/* Takes the note's key in any case. With `durable`: returns when it is written, or with why it is not yet. */
err teller_note(struct teller *t, const struct note *note, bool durable);

#endif
