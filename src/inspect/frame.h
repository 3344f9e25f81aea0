/* What the program and its inspector say to each other over one socket, in frames:
 *
 *     1 byte kind, 4 bytes length of the body (big endian), the body, at most FRAME_BODY_MAX
 *
 *     the inspector, once      READY    version of the program, and how well the sandbox holds
 *     the program, for a job   JOB      1 byte length, the job's name, its parameters (JSON object)
 *                              DATA*    bytes of the document
 *                              END      empty
 *     the inspector            RESULT*  bytes of the result, while the document still comes
 *                              ANSWER*  bytes of the answer, a JSON object
 *                              DONE     empty: the answer is whole; or
 *                              FAULT    fate, why, where, line, column, row, words
 *
 * The inspector reads to END before it says DONE or FAULT is over; a program that hears either early sends END and no
 * more data. One parser for both directions; neither side believes the other a length or a kind. */
#ifndef LETTERLOCK_INSPECT_FRAME_H
#define LETTERLOCK_INSPECT_FRAME_H

#include "base/base.h"

enum {
	FRAME_HEAD = 5,
	FRAME_WINDOW = 64 * 1024,    /* data is sent in pieces of this length at most */
	FRAME_BODY_MAX = 256 * 1024, /* so parameters may be long: keys to seal to */
	FRAME_MAX = FRAME_HEAD + FRAME_BODY_MAX,
};

enum frame_kind {
	FRAME_READY = 'y',
	FRAME_JOB = 'j',
	FRAME_DATA = 'd',
	FRAME_END = 'e',
	FRAME_RESULT = 'r',
	FRAME_ANSWER = 'a',
	FRAME_DONE = 'o',
	FRAME_FAULT = 'x',
};
struct frame {
	enum frame_kind kind;
	str body; /* in the bytes it was read from */
};

void frame_head(enum frame_kind kind, size_t len, uint8_t to[FRAME_HEAD]);
void buf_add_frame(struct buf *b, enum frame_kind kind, str body);
/* The first frame of *bytes, which is advanced behind it; *whole is false if more bytes must come. NEVER PROTOCOL on an
 * unknown kind or too long a body. */
err frame_read(str *bytes, struct frame *out, bool *whole);

struct frame_ready {
	str version;
	bool filtered;
	unsigned landlock; /* as in sys/cage.h */
};
void buf_add_frame_ready(struct buf *b, const struct frame_ready *r);
err frame_ready_read(str body, struct frame_ready *out); /* NEVER PROTOCOL */

struct frame_job {
	str name, parameters;
};
void buf_add_frame_job(struct buf *b, const struct frame_job *j); /* overflow if it is too long */
err frame_job_read(str body, struct frame_job *out);              /* NEVER PROTOCOL */

void buf_add_frame_fault(struct buf *b, err e, const struct fault *f);
/* *reported is what the inspector says: LATER or NEVER with any reason, never OK and never BROKEN, because a worker
 * that was taken over shall not stop the service. NEVER PROTOCOL if the body is none. */
err frame_fault_read(str body, err *reported, struct fault *f);

#endif
