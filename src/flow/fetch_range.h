/* Inside flow/fetch: wrong proofs counted by range of addresses, for who guesses at many links. Not for others.
 *
 * A link is safe by itself: it locks after a few wrong proofs. Who has got hold of many links (a mailbox of a company,
 * a journal of mails) could try the commonest answer at each of them. So wrong proofs are counted for the range they
 * come from, durably and without the address: the row is a MAC. Some are free, and one more each ten minutes, because
 * people behind one address err, too; beyond that each further proof from the range has to wait, from five seconds,
 * doubling with every five wrong ones, to five minutes.
 *
 * Somebody else may sit behind the same address (a carrier's NAT) while another guesses. So it is not "who comes first
 * when the wait is over", which the guesser would win every time: the first proof for a link from a slowed range takes
 * a place of its own, for that range and that token, and when its wait is over that link's next proof is judged
 * whatever the others do meanwhile. The right answer so gets in after one bounded wait, at most five minutes. The
 * price: a guesser with many links waits for all of them at once; he gets his few tries at each, and only slower.
 *
 * It happens before the token is looked up, so it says nothing about it. Rows are bounded in number and forgotten after
 * a day, places after a quarter of an hour. */
#ifndef LETTERLOCK_FLOW_FETCH_RANGE_H
#define LETTERLOCK_FLOW_FETCH_RANGE_H

#include "flow/fetch_inside.h"

/* How long this proof has to wait; 0: it may be judged, and its place, if it had one, is given up. */
err range_wait(struct fetch *f, struct db *db, const struct peer *from, str token, span *wait);
/* It was judged, and was not right. */
err range_count(struct fetch *f, struct db *db, const struct peer *from);

#endif
