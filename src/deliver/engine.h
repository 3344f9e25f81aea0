/* Inside of deliver: what a kind of transport must be able to do. */
#ifndef LETTERLOCK_DELIVER_ENGINE_H
#define LETTERLOCK_DELIVER_ENGINE_H

#include "deliver/deliver.h"

struct engine {
	err (*prepare)(struct transport *t, struct fault *fault);
	void (*finish)(struct transport *t); /* may be null; also after a prepare that failed */
	err (*session_open)(struct transport *t, struct session *s);
	err (*send)(struct session *s, const struct message *m, struct outcome *o);
	void (*session_close)(struct session *s); /* may be null */
	err (*probe)(struct session *s, struct arena *a, str *words, struct allowance *allowed, struct fault *fault);
	err (*allowance)(struct session *s, struct allowance *out, struct fault *fault); /* may be null: none is told */
};
extern const struct engine maildir_engine, smtp_engine, ses_engine;

struct transport {
	struct transport_options options;
	const struct engine *engine;
	struct tls_client *tls; /* null: never needed */
	void *state;            /* the engine's, for all sessions */
};

struct session {
	struct transport *transport;
	struct arena *arena; /* everything of the session lives here, itself too */
	void *state;         /* the engine's */
};

/* The verdict of our own on a message, where no server was asked. Gives OK: it is the message's. */
err outcome_refuse(struct outcome *o, err why);

#endif
