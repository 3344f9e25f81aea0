/* Sealing to OpenPGP keys: real ones by the real inspector, and answers that nobody may mail. GnuPG and RNP open what
 * comes out in story/seal_pgp and story/send_pgp. */
#include "test/inspect/asking.h"

#include "seal/pgp.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

#define KEYS TEST_SOURCE "/test/fuzz/seeds/pgp_key/"
#define NOW ((moment)1795330000 * SECOND) /* some hours after they were made */

enum { ROOM = 64 * 1024 };

static const str inside = STR("Content-Type: text/plain\r\n\r\nthe secret of Ana\r\n");

struct sealing {
	struct asking asking;
	str entity;
};

static void sealing_open(struct sealing *s, const char *inspector)
{
	const struct inspectors_options o = { .program = inspector, .workers = 1 };

	*s = (struct sealing){ 0 };
	asking_open(&s->asking, &o);
}

static err seal_to(struct sealing *s, const str *keys, size_t count, moment now, size_t room)
{
	const struct seal_pgp how = { .keys = keys, .count = count, .now = now };
	const struct entropy chance = sys_entropy();

	s->asking.fault = (struct fault){ 0 };
	return seal_pgp_mail(s->asking.pool, s->asking.a, &chance, &how, inside, room, &s->entity, &s->asking.fault);
}

static err seal_for(struct sealing *s, const char *key, moment now, size_t room)
{
	str bytes = test_file(s->asking.a, key);

	return seal_to(s, &bytes, 1, now, room);
}

static void a_mail_becomes_two_parts_of_which_one_is_armour(void **state)
{
	struct sealing s;

	sealing_open(&s, real_inspector());
	assert_ok(seal_for(&s, KEYS "curve", NOW, ROOM));
	assert_true(str_find(s.entity, STR("Content-Type: multipart/encrypted; protocol=")) == 0);
	assert_true(str_find(s.entity, STR("\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n")) > 0);
	assert_true(str_find(s.entity, STR("\r\n-----END PGP MESSAGE-----\r\n")) > 0);
	assert_true(str_find(s.entity, STR("secret")) < 0);
	asking_close(&s.asking);
}

static void a_key_is_judged_again_by_the_time_at_which_it_is_used(void **state)
{
	static const struct {
		const char *key;
		moment now;
		const char *words; /* null: it is encrypted to */
	} rows[] = {
		{ KEYS "curve", NOW, NULL },           { KEYS "curve", NOW + 3650 * DAY, NULL }, /* it never ends */
		{ KEYS "expiring", NOW, NULL },        { KEYS "expiring", NOW + 2 * DAY, "expired" },
		{ KEYS "curve", NOW - 365 * DAY, "" }, /* nobody has made it yet */
		{ KEYS "revoked", NOW, "revoked" },    { KEYS "sign_only", NOW, "only signs" },
		{ KEYS "short", NOW, "1024 bits" },
	};
	struct sealing s;

	sealing_open(&s, real_inspector());
	for (size_t i = 0; i < COUNT(rows); i++) {
		err e = seal_for(&s, rows[i].key, rows[i].now, ROOM);
		bool as_told = rows[i].words ? e.fate == FATE_NEVER && e.why == WHY_KEY &&
						       strstr(s.asking.fault.what, rows[i].words)
					     : !failed(e);
		if (!as_told)
			fail_msg("row %zu: %s: %s", i, err_verdict(e)->name, s.asking.fault.what);
	}
	asking_close(&s.asking);
}

static void what_is_too_much_is_a_limit(void **state)
{
	str keys[SEAL_PGP_KEYS_MAX + 1];
	struct sealing s;

	sealing_open(&s, real_inspector());
	for (size_t i = 0; i < COUNT(keys); i++)
		keys[i] = test_file(s.asking.a, KEYS "curve");
	assert_ok(seal_to(&s, keys, SEAL_PGP_KEYS_MAX, NOW, ROOM));
	assert_why(NEVER, LIMIT, seal_to(&s, keys, COUNT(keys), NOW, ROOM));
	assert_non_null(strstr(s.asking.fault.what, "too many"));
	assert_ok(seal_to(&s, keys, 1, NOW, ROOM));
	size_t whole = s.entity.len;
	assert_why(NEVER, LIMIT, seal_to(&s, keys, 1, NOW, 300));         /* not even the head */
	assert_why(NEVER, LIMIT, seal_to(&s, keys, 1, NOW, whole - 100)); /* not the message */
	assert_why(NEVER, KEY, seal_to(&s, NULL, 0, NOW, ROOM));
	asking_close(&s.asking);
}

/* An inspector that answers a job with `result`, in the way of printf(1), of `len` bytes. */
static const char *that_gives(const char *result, size_t len)
{
	char script[2048];

	snprintf(script, sizeof script,
		 SAYS_READY "head -c 1 >/dev/null\n%sprintf 'r\\000\\000\\000\\%03o%s'\n"
			    "printf 'a\\000\\000\\000\\002{}o\\000\\000\\000\\000'\nexec /bin/sleep 1000\n",
		 len ? "" : "# ", (unsigned)len, result);
	return script_inspector(script);
}

#define BEGIN "-----BEGIN PGP MESSAGE-----\\r\\n"
#define END "-----END PGP MESSAGE-----\\r\\n"

/* Whoever took the inspector over could have anything mailed: it is at least armour, and nothing besides. */
static void what_is_no_armour_is_never_mailed(void **state)
{
	static const struct {
		const char *result;
		size_t len;
		bool taken;
	} rows[] = {
		{ BEGIN "\\r\\nAAAA\\r\\n" END, 29 + 2 + 6 + 27, true },
		{ "", 0, false },
		{ "the secret of Ana\\r\\n", 19, false },
		{ BEGIN, 29, false },
		{ BEGIN "\\r\\nthe secret of Ana\\r\\n" END, 29 + 2 + 19 + 27, false },
		{ BEGIN "\\r\\nAAAA\\r\\n" END "more\\r\\n", 29 + 2 + 6 + 27 + 6, false },
		{ "more\\r\\n" BEGIN "\\r\\nAAAA\\r\\n" END, 6 + 29 + 2 + 6 + 27, false },
		{ BEGIN "\\r\\nAAAA\\r\\n--=_AAAA\\r\\n" END, 29 + 2 + 6 + 10 + 27, false },
		{ BEGIN "\\r\\nAA\\377A\\r\\n" END, 29 + 2 + 6 + 27, false },
		{ BEGIN "\\r\\nAAAA\\n" END, 29 + 2 + 5 + 27, false },
	};
	struct sealing s;

	for (size_t i = 0; i < COUNT(rows); i++) {
		sealing_open(&s, that_gives(rows[i].result, rows[i].len));
		err e = seal_for(&s, KEYS "curve", NOW, ROOM);
		if (rows[i].taken ? failed(e) : e.fate != FATE_NEVER || e.why != WHY_DOCUMENT)
			fail_msg("row %zu: %s: %s", i, err_verdict(e)->name, s.asking.fault.what);
		asking_close(&s.asking);
	}
}

TESTS(pgp, test(a_mail_becomes_two_parts_of_which_one_is_armour),
      test(a_key_is_judged_again_by_the_time_at_which_it_is_used), test(what_is_too_much_is_a_limit),
      test(what_is_no_armour_is_never_mailed))
