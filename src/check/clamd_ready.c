/* Is clamd fit to be relied on? Asked before the first document, so that a run of hours does not end in "held". */
#include "check/clamd_inside.h"

#include <string.h>

/* What clamd calls its limit of recursion ends at 100; a tar in a tar in a tar … needs 512 bytes a level. */
enum { TAR_BLOCK = 512, LEVELS = 110, AHEAD_MAX = 1 }; /* days: its time is local */

static err ask(struct clamd *c, str command, char *room, str *answer, struct fault *fault)
{
	OWNED(clamd_talk_done) struct clamd_talk t;

	t.fd = -1;
	TRY(clamd_dial(c, &t, fault));
	TRY(clamd_say(&t, command, fault));
	TRY(clamd_hear(&t, fault));
	memcpy(room, t.answer, t.answered);
	*answer = str_bytes(room, t.answered);
	return OK;
}

static err check_age(const struct clamd *c, moment now, span age_max, moment made_at, struct fault *fault)
{
	char room[200];
	struct buf words = BUF_ON(room);

	if (made_at > now + AHEAD_MAX * DAY)
		return clamd_trouble(c, fault, "has signatures from the future: is a clock wrong?");
	if (now - made_at <= age_max)
		return OK;
	buf_add(&words, STR("has signatures of "));
	buf_add_moment(&words, made_at);
	buf_add(&words, STR(", older than check.clamd_signatures_max_age ("));
	buf_add_span(&words, age_max);
	buf_add(&words, STR("): is freshclam running?"));
	return clamd_trouble(c, fault, buf_c(&words));
}

static err ask_version(struct clamd *c, struct clamd_version *out, struct fault *fault)
{
	char room[CLAMD_ANSWER_MAX + 1];
	str said;

	TRY(ask(c, str_bytes("zPING", sizeof "zPING"), room, &said, fault));
	if (!str_same(said, str_bytes("PONG", sizeof "PONG")))
		return clamd_trouble(c, fault, "does not answer as clamd does: is it another program's socket?");
	TRY(ask(c, str_bytes("zVERSION", sizeof "zVERSION"), room, &said, fault));
	err e = clamd_version_parse(said, out);
	if (e.why == WHY_NOT_FOUND)
		return clamd_trouble(c, fault, "has no dated signatures: freshclam fetches them");
	return failed(e) ? clamd_trouble(c, fault, "tells no version that could be understood") : OK;
}

/* ── Does a limit alert? ── */

static void tar_level(char *block, uint64_t inside)
{
	struct buf size = { .at = block + 124, .max = 12 }, sum = { .at = block + 148, .max = 8 };
	unsigned total = 8 * ' '; /* the checksum's own place counts as blanks (ustar) */

	memset(block, 0, TAR_BLOCK);
	memcpy(block, "a.tar", 5);
	memcpy(block + 100, "0000644\0000000000\0000000000", 23);
	buf_add_format(&size, "%011llo", (unsigned long long)inside);
	memcpy(block + 136, "00000000000", 11);
	block[156] = '0';
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		total += (unsigned char)block[i];
	buf_add_format(&sum, "%06o", total);
	block[155] = ' ';
}

static err write_nest(struct sink *to)
{
	char block[TAR_BLOCK];

	for (unsigned level = LEVELS; level-- > 0;) {
		tar_level(block, (uint64_t)level * TAR_BLOCK);
		TRY(sink_write(to, block, sizeof block));
	}
	return OK;
}

static err try_limits(struct clamd *c, struct fault *fault)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(sink_done) struct sink scan = { 0 };
	struct clamd_verdict verdict = { 0 };

	TRY(arena_open(4 * STREAM_WINDOW, &a));
	TRY(clamd_scan(a, c, &verdict, fault, &scan));
	TRY(write_nest(&scan));
	TRY(sink_finish(&scan));
	return verdict.infected
		       ? OK
		       : clamd_trouble(c, fault,
				       "calls clean what is beyond its limits: set AlertExceedsMax yes in clamd.conf");
}

err clamd_ready(struct clamd *c, moment now, span signatures_max_age, struct clamd_version *out, struct fault *fault)
{
	struct clamd_version v;

	TRY(ask_version(c, &v, fault));
	TRY(check_age(c, now, signatures_max_age, v.signatures_at, fault));
	TRY(try_limits(c, fault));
	*out = v;
	return OK;
}
