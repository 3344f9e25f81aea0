/* Inspectors that do everything wrong: whatever they do, the document is refused in words, and nothing hangs. */
#include "test/inspect/asking.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* They answer the first job: what it says they do not read. */
static const struct broken {
	const char *what, *script;
	enum inspect_end end;
	enum fate fate;
	enum why why;
} broken[] = {
	{ "breaks down", "kill -SEGV $$", INSPECT_CRASHED, FATE_NEVER, WHY_DOCUMENT },
	{ "is ended by the filter", "kill -SYS $$", INSPECT_REFUSED_CALL, FATE_NEVER, WHY_DOCUMENT },
	{ "computes too long", "kill -XCPU $$", INSPECT_CPU, FATE_NEVER, WHY_LIMIT },
	{ "is killed", "kill -KILL $$", INSPECT_KILLED, FATE_LATER, WHY_SYSTEM },
	{ "leaves", "exit 0", INSPECT_CRASHED, FATE_NEVER, WHY_DOCUMENT },
	{ "says nothing", "exec /bin/sleep 1000", INSPECT_SILENT, FATE_LATER, WHY_TIMEOUT },
	{ "closes and stays", "exec >&- <&-; exec /bin/sleep 1000", INSPECT_CRASHED, FATE_NEVER, WHY_DOCUMENT },
	{ "says nonsense", "echo 'what is this to mean?'; exec /bin/sleep 1000", INSPECT_GARBAGE, FATE_NEVER,
	  WHY_DOCUMENT },
	{ "says a frame of 4 GiB", "printf 'a\\377\\377\\377\\377'; exec /bin/sleep 1000", INSPECT_GARBAGE, FATE_NEVER,
	  WHY_DOCUMENT },
	{ "says half a frame", "printf 'a\\000\\000\\000\\007{}'", INSPECT_CRASHED, FATE_NEVER, WHY_DOCUMENT },
	{ "is ready twice", SAYS_READY "exec /bin/sleep 1000", INSPECT_GARBAGE, FATE_NEVER, WHY_DOCUMENT },
	{ "asks instead of answering", "printf 'd\\000\\000\\000\\001x'; exec /bin/sleep 1000", INSPECT_GARBAGE,
	  FATE_NEVER, WHY_DOCUMENT },
	{ "gives a result that nobody wants", "printf 'r\\000\\000\\000\\001x'; exec /bin/sleep 1000", INSPECT_GARBAGE,
	  FATE_NEVER, WHY_DOCUMENT },
	{ "is done without an answer", "printf 'o\\000\\000\\000\\000'; exec /bin/sleep 1000", INSPECT_GARBAGE,
	  FATE_NEVER, WHY_DOCUMENT },
	{ "is done in too many words", "printf 'a\\000\\000\\000\\002{}o\\000\\000\\000\\001x'; exec /bin/sleep 1000",
	  INSPECT_GARBAGE, FATE_NEVER, WHY_DOCUMENT },
	{ "speaks on",
	  "printf 'a\\000\\000\\000\\002{}o\\000\\000\\000\\000a\\000\\000\\000\\002{}'; exec /bin/sleep 1000",
	  INSPECT_GARBAGE, FATE_NEVER, WHY_DOCUMENT },
	{ "answers without end", "while printf 'a\\000\\000\\000\\100%064d' 0; do :; done", INSPECT_TOO_MUCH,
	  FATE_NEVER, WHY_LIMIT },
	{ "says half a fault", "printf 'x\\000\\000\\000\\003\\002\\000\\001'; exec /bin/sleep 1000", INSPECT_GARBAGE,
	  FATE_NEVER, WHY_DOCUMENT },
	{ "says that all is well by a fault",
	  "printf 'x\\000\\000\\000\\035'; printf '%029d' 0 | tr 0 '\\000'; exec /bin/sleep 1000", INSPECT_GARBAGE,
	  FATE_NEVER, WHY_DOCUMENT },
};

static void check_broken(const struct broken *b)
{
	char script[2048];
	struct asking q;

	/* The first byte of a job is waited for, so that it is answered and not interrupted. */
	snprintf(script, sizeof script, SAYS_READY "head -c 1 >/dev/null\n%s\n", b->script);
	const struct inspectors_options o = { .program = script_inspector(script),
					      .workers = 1,
					      .patience_max = b->end == INSPECT_SILENT ? SECOND : MINUTE };
	asking_open(&q, &o);
	for (int again = 0; again < 2; again++) {
		err e = ask_measure(&q, STR("a document"), STR_NONE, NULL);
		if (e.fate != b->fate || e.why != b->why || q.end != b->end)
			fail_msg("one that %s: fate %d, why %s, end %d", b->what, e.fate, err_verdict(e)->name, q.end);
		if (!strstr(q.fault.what, "could not be looked into"))
			fail_msg("one that %s: said %s", b->what, q.fault.what);
	}
	asking_close(&q);
}

static void whatever_an_inspector_does_wrong_the_document_is_refused_in_words(void **state)
{
	for (size_t i = 0; i < COUNT(broken); i++)
		check_broken(&broken[i]);
}

/* ── Those that are not even begun with ──────────────────────────────────────────────────────────── */

static err open_with(const struct inspectors_options *o, struct fault *fault)
{
	struct inspectors *pool = NULL;
	err e;

	*fault = (struct fault){ 0 };
	e = inspectors_open(o, &pool, fault);
	inspectors_done(&pool);
	return e;
}

static err open_script(const char *script, struct fault *fault)
{
	return open_with(&(struct inspectors_options){ .program = script_inspector(script) }, fault);
}

static void an_inspector_that_does_not_begin_is_an_error_at_once(void **state)
{
	struct fault f;

	assert_why(LATER, SYSTEM, open_script("exit 1", &f));
	assert_non_null(strstr(f.what, "did not begin"));
	assert_why(LATER, SYSTEM, open_script("echo hello; exec /bin/sleep 1000", &f));
	assert_why(LATER, SYSTEM, open_script("printf 'o\\000\\000\\000\\000'; exec /bin/sleep 1000", &f));
}

static void an_inspector_of_another_version_is_refused(void **state)
{
	struct fault f;

	assert_why(NEVER, CONFIG,
		   open_script("printf 'y\\000\\000\\000\\007\\001\\0009.9.9'; exec /bin/sleep 1000", &f));
	assert_non_null(strstr(f.what, "9.9.9"));
}

static void without_a_sandbox_nothing_is_looked_into_unless_told(void **state)
{
	static const char bare[] =
		"printf 'y\\000\\000\\000\\007\\000\\000" LETTERLOCK_VERSION "'; exec /bin/sleep 1000";
	struct inspectors_options told = { .program = script_inspector(bare), .without = true };
	struct fault f;

	assert_why(NEVER, UNSUPPORTED, open_script(bare, &f));
	assert_non_null(strstr(f.what, "inspector.allow_no_sandbox_reason"));
	assert_ok(open_with(&told, &f));
}

static void every_layer_is_wanted_only_if_told(void **state)
{
	static const char half[] = SAYS_READY "exec /bin/sleep 1000";
	struct inspectors_options all = { .program = script_inspector(half), .every_layer = true };
	struct fault f;

	assert_why(NEVER, UNSUPPORTED, open_with(&all, &f));
	assert_ok(open_script(half, &f));
}

static void a_program_that_others_may_write_or_that_is_missing_is_refused(void **state)
{
	struct inspectors_options o = { .program = script_inspector(SAYS_READY) };
	struct fault f;

	assert_int_equal(chmod(o.program, 0777), 0);
	assert_why(NEVER, CONFIG, open_with(&o, &f));
	o.program = "/nothing/by/this/name";
	assert_why(NEVER, NOT_FOUND, open_with(&o, &f));
	o.program = "/";
	assert_why(NEVER, CONFIG, open_with(&o, &f));
}

/* ── Its words ───────────────────────────────────────────────────────────────────────────────────── */

static void what_an_inspector_says_is_shown_without_its_control_bytes(void **state)
{
	struct asking q;
	/* BROKEN, why 1, no line, column, row, no where, and an escape sequence. */
	const struct inspectors_options o = { .program = script_inspector(
						      SAYS_READY "head -c 1 >/dev/null\n"
								 "printf 'x\\000\\000\\000\\042\\003\\000\\001'\n"
								 "printf '%026d' 0 | tr 0 '\\000'\nprintf '\\033[31m'\n"
								 "exec /bin/sleep 1000"),
					      .patience_max = 20 * SECOND };

	asking_open(&q, &o);
	/* BROKEN would stop the service; a worker that was taken over may not say it. */
	err e = ask_measure(&q, STR("a document"), STR_NONE, NULL);
	assert_int_equal(e.fate, FATE_LATER);
	assert_int_equal(q.end, INSPECT_SAID_NO);
	assert_string_equal(q.fault.what, "\\x1b[31m");
	asking_close(&q);
}

TESTS(broken, test(whatever_an_inspector_does_wrong_the_document_is_refused_in_words),
      test(an_inspector_that_does_not_begin_is_an_error_at_once), test(an_inspector_of_another_version_is_refused),
      test(without_a_sandbox_nothing_is_looked_into_unless_told), test(every_layer_is_wanted_only_if_told),
      test(a_program_that_others_may_write_or_that_is_missing_is_refused),
      test(what_an_inspector_says_is_shown_without_its_control_bytes))
