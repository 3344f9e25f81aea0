/* The records that the sending domain publishes, as `init` and `key new` print them. */
#ifndef LETTERLOCK_DOOR_CLI_DNS_RECORDS_H
#define LETTERLOCK_DOOR_CLI_DNS_RECORDS_H

#include "door/cli/cli.h"

struct dns_record {
	struct dns_record *next;
	str name, value; /* TXT */
	const char *why;
};

/* The key file dkim-DOMAIN-SELECTOR.pem below `keys`. */
err dns_record_dkim(struct arena *a, const char *keys, str domain, str selector, struct dns_record **list,
		    struct fault *fault);
/* SPF, DMARC, MTA-STS and TLS reports, with what must be filled in in <angle brackets>. */
err dns_records_of_domain(struct arena *a, str domain, str relay, moment now, struct dns_record **list);

void dns_records_print(struct cli *cli, const struct dns_record *list);
struct json_t *dns_records_json(const struct dns_record *list);

#endif
