/* clamd: ClamAV's daemon, asked over a socket of this machine whether bytes are malware. Documents go to it as they
 * are, so it listens at a Unix socket or at loopback and nowhere else.
 *
 * Each document has a connection of its own (clamd(8), zINSTREAM): the end of the connection is then the end of the
 * answer, and no answer can be taken for another document's. We send the bytes ourselves (not FILDES): what clamd sees
 * is what was hashed, even if somebody writes into the file meanwhile.
 *
 * Only "stream: OK" and nothing else means clean. Whatever else happens, silence, garbage, a second answer, an early
 * one, a limit, a connection cut anywhere, is LATER UNSCANNED: nobody may take an unscanned document for a clean one. A
 * clamd that was silent once is left alone for a minute, so that a long list does not wait for it row by row.
 *
 * By default clamd calls clean what it could not look into because of its own limits. clamd_ready() tries that out, and
 * refuses a clamd that does (its setting AlertExceedsMax). */
#ifndef LETTERLOCK_CHECK_CLAMD_H
#define LETTERLOCK_CHECK_CLAMD_H

#include "base/base.h"

enum { CLAMD_NAME_MAX = 128, CLAMD_ANSWER_MAX = 1024 };

struct clamd;
struct clamd_options {
	str address;        /* an absolute path, or 127.0.0.1:3310, [::1]:3310 */
	span timeout;       /* for a window of the document to be taken, and for the answer */
	uint64_t bytes_max; /* larger ones are refused: no more than clamd's StreamMaxLength */
	int stop_fd;        /* when it is readable, what is in flight has `grace` left; -1: nobody stops us */
	span grace;
};
/* Connects to nothing yet. NEVER CONFIG if the address is none of this machine's. For any number of threads. */
err clamd_open(struct arena *a, const struct clamd_options *o, struct clamd **out, struct fault *fault);

struct clamd_version {
	char engine[CLAMD_NAME_MAX]; /* "ClamAV 1.4.6/27000": also the signatures' number; NUL-terminated */
	moment signatures_at;        /* when they were made; clamd tells local time, it is read as UTC */
};
/* Is it there, does it know signatures no older than this, does it say so when a limit stops it? LATER UNSCANNED with
 * the sentence, which says what to do. */
err clamd_ready(struct clamd *c, moment now, span signatures_max_age, struct clamd_version *out, struct fault *fault);

struct clamd_verdict {
	bool infected;
	bool opaque;               /* with infected: clamd met a limit or encryption, and found nothing by name */
	char name[CLAMD_NAME_MAX]; /* of the signature, printable ASCII without blanks; NUL-terminated */
};
/* Bytes written to the sink are scanned; once it is finished, the verdict is there. LATER UNSCANNED at any point, with
 * the sentence in *fault; both outlive the sink. Takes 64 KiB of the arena. */
err clamd_scan(struct arena *a, struct clamd *c, struct clamd_verdict *verdict, struct fault *fault, struct sink *out);
uint64_t clamd_bytes_max(const struct clamd *c);

/* ── Answers, as they came until the end of the connection ── */

enum clamd_answer { CLAMD_GARBAGE, CLAMD_CLEAN, CLAMD_FOUND, CLAMD_TOO_LARGE, CLAMD_ERROR };
enum clamd_answer clamd_answer_parse(str bytes, struct clamd_verdict *out); /* *out only if something was found */
/* "ClamAV 1.4.6/27000/Sat Nov 21 08:10:00 2026". NEVER SYNTAX; NEVER NOT_FOUND if it names no signatures. */
err clamd_version_parse(str bytes, struct clamd_version *out);

#endif
