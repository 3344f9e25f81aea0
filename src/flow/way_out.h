/* The way out that is configured, and what it allows: how fast, how much a day, to whom; in words, before anything
 * fails over it. Relays and maildirs tell nothing of the kind; SES does. */
#ifndef LETTERLOCK_FLOW_WAY_OUT_H
#define LETTERLOCK_FLOW_WAY_OUT_H

#include "flow/line.h"

/* Asks nothing of the network. The caller closes it; the configuration and the line's arena outlive it. */
err way_out_open(const struct line *line, struct transport **out, struct fault *fault);
/* By its API or by SMTP: it writes Date and Message-ID anew, and takes one DKIM signature of ours, not two. */
bool way_out_is_ses(const struct config *c);

struct way_out {
	bool told;
	struct allowance allowance;
	moment goes_on;    /* 0: nobody knows, or it goes on now */
	char stopped[512]; /* why nothing may leave now; empty: it may */
	char notice[512];  /* what to know before the first failure; may be empty */
};
/* What it allows, now. LATER or NEVER if that cannot be known, with words. */
err way_out_ask(const struct line *line, struct db *db, struct transport *t, struct way_out *out, struct fault *fault);
err way_out_explain(struct db *db, moment now, const struct allowance *a, struct way_out *out);

#endif
