/* inspector: the second program, `letterlock-inspector`. It links the libraries with large parsers, loads what they
 * need, shuts the doors behind itself (sys/cage.h), and then does one job after the other, what seals each in a
 * process of its own that sees no other's document: it comes in over standard input, an answer goes out over standard
 * output (inspect/frame.h). It knows no configuration, no key and no name of a file; what it should know about a
 * document stands in the job's parameters.
 *
 * A job is a row in inspect/jobs.def and a handler here, `job_<name>`, a few lines around pure functions that unit
 * tests link directly. A library that reads files (a database, tables of character sets) is loaded by a row in
 * prepare.def.
 *
 * A handler that returns an error refuses the document, with `fault` saying why in words; memory that runs out is the
 * document's fault too. Whatever it or a library leaves behind is gone afterwards with its process. It may crash: that
 * costs this document and this worker only. */
#ifndef LETTERLOCK_INSPECTOR_H
#define LETTERLOCK_INSPECTOR_H

#include "base/base.h"

#include <jansson.h>

struct job {
	struct arena *arena;      /* lives as long as the job */
	const json_t *parameters; /* an object */
	struct source *document;  /* at its end at once if none came; need not be read to its end */
	struct sink *result;      /* bytes that go back as they come; most jobs have none. Not to be finished */
	str answer;               /* JSON, an object: set by the handler, in the arena; {} unless set */
};
typedef err job_handler(struct job *job, struct fault *fault);

/* The answer from a jansson object, whose reference is stolen. */
err job_answer(struct job *job, json_t *object);

/* Parameters, with what holds if they are not there. A missing text is empty. */
str job_text(const struct job *job, const char *name);
bool job_flag(const struct job *job, const char *name);
uint64_t job_number(const struct job *job, const char *name, uint64_t otherwise);

#define JOB(name, ...) job_handler job_##name;
#include "inspect/jobs.def"
#undef JOB

#define PREPARE(name) void prepare_##name(void);
#include "inspector/prepare.def"
#undef PREPARE

/* Jobs until the other side closes, or one; NEVER PROTOCOL if it does not speak as it should. */
err inspector_serve(bool once);
err inspector_ready(bool filtered, unsigned landlock); /* the first words */

#endif
