/* What the commands about keys share: where the keys are, which one is meant, how it is called. */
#ifndef LETTERLOCK_DOOR_CLI_KEY_H
#define LETTERLOCK_DOOR_CLI_KEY_H

#include "config/config.h"
#include "crypt/crypt.h"
#include "door/cli/cli.h"

/* A key as the operator names it: a kind, and a number or a domain and a selector. */
struct key_named {
	enum key_kind kind;
	uint32_t number; /* 0: not given */
	str domain, selector;
	enum signature_algorithm algorithm;
};

/* Operands KIND [NUMBER]; a DKIM key needs --selector, and takes the domain of the configuration unless --domain is
 * given. NEVER USAGE with words. */
err key_read_named(struct cli *cli, const struct config *config, struct key_named *out);
/* "master key 2", "DKIM key s1 of example.com", "OpenPGP key 1" */
err key_words(struct arena *a, const struct key_info *k, str *out);
err key_list_all(struct cli *cli, const struct config *config, struct key_info **out);
void key_fingerprint(const struct key_info *k,
		     struct buf *b);                 /* of an OpenPGP key, 40 hexadecimal digits; else nothing */
const char *key_algorithm(const struct key_info *k); /* of a key that signs; else "" */
int64_t key_age_days(const struct key_info *k, moment now);
const char *key_state(const struct key_info *k); /* in use, kept, retired */
struct json_t *key_json(struct cli *cli, const struct key_info *k);
extern const struct cli_option key_dkim_options[];

#endif
