/* The line: what every step needs in its hands, opened once from the configuration and shared by all threads
 * of the process. Databases are not in it: each thread opens its own connection (workbench, couriers). */
#ifndef LETTERLOCK_FLOW_LINE_H
#define LETTERLOCK_FLOW_LINE_H

#include "check/content.h"
#include "compose/compose.h"
#include "config/config.h"
#include "crypt/cms.h"
#include "crypt/openpgp.h"
#include "deliver/deliver.h"
#include "link/link.h"
#include "queue/queue.h"
#include "seal/seal.h"
#include "sign/sign.h"
#include "store/store.h"
#include "track/track.h"

struct line {
	struct arena *arena; /* of whoever opened it; for what is made while opening, not while running */
	const struct config *config;
	struct keyring *keys;
	struct store *store;
	struct compose *compose;
	struct sign_rule *rules;
	struct inspectors *inspectors;        /* null: no documents come in by this process, or none is looked into */
	struct content_check *content;        /* null: no documents come in by this process */
	struct cms_signer *signer;            /* null: smime.certificate is not set, or no documents come in here */
	struct openpgp_signer *pgp_signer;    /* null: seal.pgp_sign is false, or no documents come in here */
	struct mail_authorities *authorities; /* null: nobody needs to vouch for certificates, or the same */
	struct key_memory *key_memory;        /* null: no keys are looked up by this process */
	struct address from, bounce;
	struct clock clock;
	struct entropy entropy;
};

err line_open(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
	      struct line **out, struct fault *fault);
/* The same over a keyring that is open already, where the keys are another process's; it becomes the line's. */
err line_open_with(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
		   struct keyring **keys, struct line **out, struct fault *fault);
void line_done(struct line **line);
/* For who lets documents in: what looks into them is started, and tried out. */
err line_take_documents(struct line *line, struct fault *fault);
/* The same for who only seals: the inspectors, if they are not there yet. */
err line_take_inspectors(struct line *line, struct fault *fault);
err line_search_keys(struct line *line); /* for who encrypts to OpenPGP keys, if the configuration wants it */
/* What the operator calls the columns that proofs ask for. */
err line_labels(struct arena *a, const struct config *config, struct labels *out);
err line_db(const struct line *line, struct db **out, struct fault *fault); /* a connection for the calling thread */

#endif
