/* door/ops: what an operator's machines ask, on a listener of its own that is on this machine alone (serve.ops_listen):
 *
 *     GET /healthz   200 as long as the process answers
 *     GET /readyz    200 if recipients can be served: database, store, keeper of the keys, certificate; else 503. A
 * line each says which GET /metrics   Prometheus' text format, version 0.0.4
 *
 * Plain HTTP, no login: whoever may connect to this machine's loopback may read numbers, never a name, an address or a
 * token. Deliveries, links and events are counted in the database, so they hold for all machines that share it;
 * requests and connections are this process's own and begin at zero with it, as Prometheus expects. */
#ifndef LETTERLOCK_DOOR_OPS_H
#define LETTERLOCK_DOOR_OPS_H

#include "door/page/page.h"
#include "flow/line.h"

struct ops_options {
	struct line *line;
	struct page_server *page;
	struct hook *hook; /* may be null */
	const struct http_listener *listener;
	str listen; /* as in the configuration; Host must be it, or localhost with its port */
};
struct ops;
err ops_open(struct arena *a, const struct ops_options *options, struct ops **out, struct fault *fault);
void ops_done(struct ops **ops);

#endif
