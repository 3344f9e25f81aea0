/* door/lambda: a function without a server, as the provided runtimes of AWS Lambda run it. The program asks the runtime
 * API (2018-06-01) for events, one after the other, and answers each; an event asks for lists to be sent
 * (wire/order_event.h, flow/order.h).
 *
 *     runtime     the conversation with the API, over plain HTTP on the machine itself
 *     handle      one event: its lists one after the other, and the answer
 *     unpack      the house that came with the program, made private
 *
 * Each event is handled by a process of its own, which is forked before any thread exists and ends with its answer:
 * nothing of one event is there for the next, and what breaks one down is answered as an error. Shortly before the
 * event's deadline it is asked to stop, and answers with what is left waiting; who asks again goes on. */
#ifndef LETTERLOCK_DOOR_LAMBDA_H
#define LETTERLOCK_DOOR_LAMBDA_H

#include "config/config.h"
#include "net/http_client.h"

/* ── Runtime ─────────────────────────────────────────────────────────────────────────────────────── */

struct invocation {
	char id[65];
	moment deadline;
	str event;
	bool too_long; /* the event is cut */
};

/* What went wrong, for the API: a type that stays the same, and a sentence. */
struct complaint {
	const char *type; /* "Letterlock.Waiting" */
	str words;
};

struct runtime;
/* `api` is HOST:PORT. NEVER USAGE if it is none. */
err runtime_open(struct arena *a, str api, struct runtime **out, struct fault *fault);
void runtime_done(struct runtime **r);
/* Waits for as long as it takes. */
err runtime_next(struct runtime *r, struct arena *a, struct invocation *out, struct fault *fault);
err runtime_answer(struct runtime *r, struct arena *a, const struct invocation *to, str json, struct fault *fault);
/* `to` null: the program could not begin. */
err runtime_complain(struct runtime *r, struct arena *a, const struct invocation *to, const struct complaint *what,
		     struct fault *fault);

/* ── Handling ────────────────────────────────────────────────────────────────────────────────────── */

struct handled {
	const char *type; /* null: all is done, and `text` is the answer; else as in a complaint, of `text` */
	str text;
};
/* `dir` is empty and ours. Never fails: what goes wrong is told. */
void lambda_handle(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
		   const char *dir, const struct invocation *what, struct handled *out);

/* ── The house ───────────────────────────────────────────────────────────────────────────────────── */

/* Copies the folder `from` (settings, keys, templates, as `init` makes it) to `to`, for nobody but us: what lies in a
 * deployment package can be read by everyone in its machine, and private keys are refused there. NEVER LIMIT for more
 * than a house may hold. */
err lambda_unpack(struct arena *a, const char *from, const char *to, struct fault *fault);

#endif
