/* Keys on file: which one is in use, and which were. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include "model/recipient_key.h"
#include "sys/sys.h"

static struct arena *arena;
static struct keyring *keyring;
static struct db *db;

static int begin(void **state)
{
	assert_ok(arena_open(4 << 20, &arena));
	keyring = test_keyring(test_keys());
	db = test_db_open(test_db());
	return 0;
}

static int end(void **state)
{
	db_done(&db);
	keyring_done(&keyring);
	arena_done(&arena);
	return 0;
}

static err save(str address, enum recipient_key_kind kind, str fingerprint, moment added_at, id *out)
{
	const struct entropy e = sys_entropy();
	struct recipient_key key = {
		.kind = kind,
		.origin = RECIPIENT_KEY_WKD,
		.address = address,
		.fingerprint = fingerprint,
		.algorithm = STR("ECDH Curve25519"),
		.bits = 255,
		.expires_at = 90 * DAY,
		.added_at = added_at,
		.bytes = STR("\x99\0binary"),
	};

	TRY(recipient_key_save(db, arena, keyring, &e, &key));
	*out = key.id;
	return OK;
}

static void what_is_put_on_file_is_found_by_address_and_kind(void **state)
{
	struct recipient_key *key = NULL;
	id which;

	assert_ok(save(STR("ana@example.net"), RECIPIENT_KEY_PGP, STR("AAAA"), 5, &which));
	assert_ok(recipient_key_find(db, arena, keyring, STR("Ana@EXAMPLE.net"), RECIPIENT_KEY_PGP, &key));
	assert_true(id_same(key->id, which));
	assert_str(key->address, STR("ana@example.net"));
	assert_str(key->fingerprint, STR("AAAA"));
	assert_str(key->algorithm, STR("ECDH Curve25519"));
	assert_str(key->bytes, STR("\x99\0binary"));
	assert_true(key->origin == RECIPIENT_KEY_WKD && key->bits == 255 && key->replaced_at == 0);
	assert_true(key->expires_at == 90 * DAY && key->added_at == 5);
	assert_why(NEVER, NOT_FOUND,
		   recipient_key_find(db, arena, keyring, STR("ana@example.net"), RECIPIENT_KEY_SMIME, &key));
	assert_why(NEVER, NOT_FOUND,
		   recipient_key_find(db, arena, keyring, STR("bea@example.net"), RECIPIENT_KEY_PGP, &key));
}

static void one_of_a_kind_is_in_use_and_the_others_are_history(void **state)
{
	struct recipient_key *key = NULL;
	id first, second, other, third;

	assert_ok(save(STR("ana@example.net"), RECIPIENT_KEY_PGP, STR("AAAA"), 5, &first));
	assert_why(NEVER, EXISTS, save(STR("ana@example.net"), RECIPIENT_KEY_PGP, STR("BBBB"), 6, &second));
	assert_ok(save(STR("ana@example.net"), RECIPIENT_KEY_SMIME, STR("CCCC"), 7, &other));
	assert_ok(recipient_key_retire(db, first, 8));
	assert_true(failed(recipient_key_retire(db, first, 9))); /* once */
	assert_ok(save(STR("ana@example.net"), RECIPIENT_KEY_PGP, STR("BBBB"), 8, &second));
	assert_ok(recipient_key_find(db, arena, keyring, STR("ana@example.net"), RECIPIENT_KEY_PGP, &key));
	assert_str(key->fingerprint, STR("BBBB"));
	assert_ok(save(STR("bea@example.net"), RECIPIENT_KEY_PGP, STR("DDDD"), 1, &third));
	static const char *const order[] = { "BBBB", "CCCC", "AAAA" }; /* in use, the newest first; then the others */
	assert_ok(recipient_keys_load(db, arena, keyring, STR("ana@example.net"), &key));
	for (size_t i = 0; i < COUNT(order); i++, key = key->next)
		assert_str(key->fingerprint, str_of(order[i]));
	assert_null(key);
	size_t all = 0;
	assert_ok(recipient_keys_load(db, arena, keyring, STR_NONE, &key));
	for (; key; key = key->next)
		all++;
	assert_int_equal(all, 4);
}

/* What was replaced does not come back by itself. */
static void a_key_that_is_removed_leaves_none_in_use(void **state)
{
	struct recipient_key *key = NULL;
	id first, second;

	assert_ok(save(STR("ana@example.net"), RECIPIENT_KEY_PGP, STR("AAAA"), 5, &first));
	assert_ok(recipient_key_retire(db, first, 6));
	assert_ok(save(STR("ana@example.net"), RECIPIENT_KEY_PGP, STR("BBBB"), 6, &second));
	assert_ok(recipient_key_remove(db, second));
	assert_true(failed(recipient_key_remove(db, second)));
	assert_why(NEVER, NOT_FOUND,
		   recipient_key_find(db, arena, keyring, STR("ana@example.net"), RECIPIENT_KEY_PGP, &key));
	assert_ok(recipient_keys_load(db, arena, keyring, STR("ana@example.net"), &key));
	assert_str(key->fingerprint, STR("AAAA"));
}

#define each(function) cmocka_unit_test_setup_teardown(function, begin, end)
TESTS(recipient_key, each(what_is_put_on_file_is_found_by_address_and_kind),
      each(one_of_a_kind_is_in_use_and_the_others_are_history), each(a_key_that_is_removed_leaves_none_in_use))
