#include "test/model/record.h"

static struct arena *arena;
static struct keyring *keyring;
static struct db *db;
static const char *path;

static int begin(void **state)
{
	assert_ok(arena_open(16 << 20, &arena));
	keyring = test_keyring(test_keys());
	path = test_db();
	db = test_db_open(path);
	return 0;
}

static int end(void **state)
{
	db_done(&db);
	keyring_done(&keyring);
	arena_done(&arena);
	return 0;
}

static struct submission *saved(unsigned recipients)
{
	struct entropy e = sys_entropy();
	struct submission *sub = record_submission(arena, keyring);
	struct recipient **last = &sub->recipients;
	OWNED(db_rollback) struct db_transaction change = { 0 };

	assert_ok(db_begin(db, &change));
	assert_ok(submission_save(db, arena, &e, sub));
	for (unsigned row = 1; row <= recipients; row++) {
		*last = record_recipient(arena, keyring, row);
		assert_ok(recipient_save(db, arena, keyring, &e, sub, *last));
		last = &(*last)->next;
	}
	assert_ok(db_commit(&change));
	return sub;
}

static void same_recipient(const struct recipient *a, const struct recipient *b)
{
	assert_true(id_same(a->id, b->id));
	assert_int_equal(a->row, b->row);
	assert_str(a->address.text, b->address.text);
	assert_str(a->name, b->name);
	assert_str(a->language, b->language);
	assert_int_equal(a->seal, b->seal);
	const struct value *v = a->values;
	for (const struct value *w = b->values; w; w = w->next, v = v->next) {
		assert_str(v->name, w->name);
		assert_str(v->text, w->text);
	}
	assert_null(v);
	assert_str(a->documents->name, b->documents->name);
	assert_str(a->documents->type, b->documents->type);
	assert_int_equal(a->documents->size, b->documents->size);
	assert_memory_equal(a->documents->sha256, b->documents->sha256, SHA256_LEN);
	assert_true(id_same(a->objects->id, b->objects->id));
	assert_str(a->objects->name, b->objects->name);
	assert_memory_equal(a->objects->sha256, b->objects->sha256, SHA256_LEN);
	assert_memory_equal(a->objects->wrapped, b->objects->wrapped, WRAPPED_KEY);
}

static void what_is_saved_is_loaded(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(3);
	OWNED(submission_done) struct submission *back = NULL;
	struct object object;
	id whose;

	assert_ok(submission_load(db, arena, keyring, sub->id, &back));
	assert_int_equal(back->state, SUBMISSION_ARRIVING);
	assert_int_equal(back->expires_at, sub->expires_at);
	assert_int_equal(back->erase_at, sub->erase_at);
	assert_int_equal(back->seal, SEAL_AUTO);
	assert_str(back->from.text, sub->from.text);
	assert_str(back->from_name, sub->from_name);
	assert_str(back->template_name, sub->template_name);
	assert_ok(recipients_load(db, arena, back));
	const struct recipient *a = sub->recipients;
	for (const struct recipient *b = back->recipients; b; b = b->next, a = a->next)
		same_recipient(a, b);
	assert_null(a);
	assert_ok(object_load(db, arena, back, sub->recipients->objects->id, &object, &whose));
	assert_true(id_same(whose, sub->recipients->id));
	assert_memory_equal(object.wrapped, sub->recipients->objects->wrapped, WRAPPED_KEY);
	assert_str(object.type, STR("application/zip"));
}

static void nothing_is_loaded_through_another_submission(void **state)
{
	OWNED(submission_done) struct submission *one = saved(1);
	OWNED(submission_done) struct submission *two = saved(1);
	struct recipient *to;
	struct object object;
	id whose;

	assert_why(NEVER, NOT_FOUND, recipient_load(db, arena, one, two->recipients->id, &to));
	assert_why(NEVER, NOT_FOUND, object_load(db, arena, one, two->recipients->objects->id, &object, &whose));
	assert_why(NEVER, NOT_FOUND, submission_load(db, arena, keyring, one->recipients->id, &two));
}

/* Bytes of the database and its log, and of a copy, as someone who stole them would search them. */
static bool stolen_files_contain(const char *what)
{
	return test_shell("cat '%s'* | grep -qaiF '%s'", path, what) == 0;
}

static void a_copied_database_names_nobody(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(5);
	struct entropy e = sys_entropy();
	struct refusal refused = { .row = 9,
				   .address = STR("canary(at)example.org"),
				   .why = WHY_ADDRESS,
				   .problem = STR("canary is no address") };

	assert_ok(refusal_save(db, arena, &e, sub, &refused));
	assert_true(stolen_files_contain("application/zip")); /* the search sees what is there */
	assert_false(stolen_files_contain("canary"));
	assert_false(stolen_files_contain("example.org"));
	assert_false(stolen_files_contain("example.com"));
	assert_ok(db_checkpoint(db));
	assert_true(stolen_files_contain("application/zip"));
	assert_false(stolen_files_contain("canary"));
	uint8_t digest[SHA256_LEN];
	char hex[80];
	assert_ok(sha256(STR("Canary.Person.1@example.org"), digest));
	struct buf b = BUF_ON(hex);
	buf_add_hex(&b, str_bytes(digest, 8));
	assert_int_not_equal(test_shell("xxd -p '%s' | tr -d '\\n' | grep -q %s", path, buf_c(&b)), 0);
	struct refusal *back;
	assert_ok(refusals_load(db, arena, sub, &back));
	assert_str(back->address, refused.address);
	assert_str(back->problem, refused.problem);
}

static void a_column_moved_to_another_row_does_not_open(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(2);
	struct recipient *to;

	assert_int_equal(test_shell("sqlite3 '%s' 'UPDATE recipient SET address = (SELECT address FROM recipient WHERE"
				    " line = 2) WHERE line = 1'",
				    path),
			 0);
	assert_why(NEVER, TAMPERED, recipient_load(db, arena, sub, sub->recipients->id, &to));
	assert_ok(recipient_load(db, arena, sub, sub->recipients->next->id, &to));
}

static void a_column_moved_to_another_column_does_not_open(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(1);
	struct recipient *to;

	assert_int_equal(test_shell("sqlite3 '%s' 'UPDATE recipient SET name = language'", path), 0);
	assert_why(NEVER, TAMPERED, recipient_load(db, arena, sub, sub->recipients->id, &to));
}

static void an_address_is_found_by_its_code_in_any_case(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(3);
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	uint8_t mac[MAC_LEN];

	assert_ok(address_mac(keyring, STR("cAnArY.pErSoN.2@EXAMPLE.org"), mac));
	assert_ok(db_one(db, QUERY_RECIPIENTS_BY_ADDRESS, DB(db_bytes(str_bytes(mac, sizeof mac))), &rows));
	assert_true(id_same(db_row_id(&rows, 0), sub->recipients->next->id));
}

static void illegal_changes_of_state_are_refused(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(1);
	enum submission_state is;
	id none = { { 1 } };

	assert_why(NEVER, STATE, submission_set_state(db, sub->id, SUBMISSION_EXPIRED));
	assert_ok(submission_set_state(db, sub->id, SUBMISSION_ACCEPTED));
	assert_why(NEVER, STATE, submission_set_state(db, sub->id, SUBMISSION_ACCEPTED));
	assert_why(NEVER, STATE, submission_set_state(db, sub->id, SUBMISSION_ARRIVING));
	assert_why(NEVER, STATE, submission_set_state(db, sub->id, SUBMISSION_ERASED));
	assert_why(NEVER, NOT_FOUND, submission_set_state(db, none, SUBMISSION_ACCEPTED));
	assert_why(NEVER, NOT_FOUND, delivery_set_state(db, none, DELIVERY_TRYING));
	assert_ok(submission_state_of(db, sub->id, &is));
	assert_int_equal(is, SUBMISSION_ACCEPTED);
}

static int64_t number(const char *sql)
{
	char out[300], line[64];

	snprintf(out, sizeof out, "%s.out", path);
	assert_int_equal(test_shell("sqlite3 '%s' \"%s\" > '%s'", path, sql, out), 0);
	FILE *f = fopen(out, "r");
	assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	return strtoll(line, NULL, 10);
}

static void expiring_destroys_the_keys_of_the_objects(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(2);
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct object object;
	id whose;

	assert_ok(submission_set_state(db, sub->id, SUBMISSION_ACCEPTED));
	assert_ok(submission_expire(db, sub->id, 9 * SECOND));
	assert_why(NEVER, EXPIRED, object_load(db, arena, sub, sub->recipients->objects->id, &object, &whose));
	assert_int_equal(number("SELECT count(*) FROM object WHERE wrapped IS NOT NULL"), 0);
	assert_ok(db_one(db, QUERY_OBJECTS_TO_REMOVE, DB(db_number(10), db_number(0)), &rows));
	id first = db_row_id(&rows, 0);
	db_rows_done(&rows);
	assert_ok(db_run_one(db, QUERY_OBJECT_REMOVED, DB(db_id(first))));
	assert_why(NEVER, NOT_FOUND, db_one(db, QUERY_OBJECT_KEPT, DB(db_id(first)), &rows));
}

static void an_erased_submission_leaves_no_sealed_byte(void **state)
{
	OWNED(submission_done) struct submission *sub = saved(2);
	OWNED(submission_done) struct submission *back = NULL;
	uint8_t wrapped[WRAPPED_KEY];
	char hex[40];
	struct buf b = BUF_ON(hex);

	memcpy(wrapped, sub->wrapped, sizeof wrapped);
	buf_add_hex(&b, str_bytes(wrapped + 20, 12));
	assert_ok(submission_set_state(db, sub->id, SUBMISSION_ACCEPTED));
	assert_ok(submission_expire(db, sub->id, 9 * SECOND));
	assert_ok(submission_erase(db, sub->id));
	assert_ok(db_checkpoint(db));
	assert_why(NEVER, EXPIRED, submission_load(db, arena, keyring, sub->id, &back));
	assert_int_equal(
		number("SELECT count(*) FROM recipient WHERE address IS NOT NULL OR address_mac IS NOT NULL OR name"
		       " IS NOT NULL OR details IS NOT NULL OR language IS NOT NULL"),
		0);
	assert_int_equal(number("SELECT count(*) FROM recipient"), 2);
	assert_int_not_equal(test_shell("cat '%s' '%s-wal' | xxd -p | tr -d '\\n' | grep -q %s", path, path, buf_c(&b)),
			     0);
}

static void a_forgotten_submission_leaves_no_row_and_takes_none_of_another(void **state)
{
	static const char *const tables[] = { "submission", "recipient", "document", "object", "event", "refusal" };
	OWNED(submission_done) struct submission *sub = saved(2);
	OWNED(submission_done) struct submission *other = saved(1);
	char sql[200];
	(void)state;

	assert_why(NEVER, STATE, submission_forget(db, sub->id));
	assert_ok(submission_set_state(db, sub->id, SUBMISSION_ACCEPTED));
	assert_ok(submission_expire(db, sub->id, 9 * SECOND));
	assert_ok(submission_erase(db, sub->id));
	assert_why(NEVER, STATE, submission_forget(db, sub->id)); /* its stored bytes are still there */
	for (const struct recipient *to = sub->recipients; to; to = to->next)
		assert_ok(db_run_one(db, QUERY_OBJECT_REMOVED, DB(db_id(to->objects->id))));
	assert_ok(submission_forget(db, sub->id));
	for (size_t i = 0; i < COUNT(tables); i++) {
		snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
		assert_int_equal(number(sql), i < 4 ? 1 : 0);
	}
	assert_why(NEVER, STATE, submission_forget(db, other->id));
}

static void without_chance_nothing_is_saved(void **state)
{
	OWNED(submission_done) struct submission *sub = record_submission(arena, keyring);
	struct entropy none = test_entropy_failing();

	assert_why(LATER, ENTROPY, submission_save(db, arena, &none, sub));
	assert_int_equal(number("SELECT count(*) FROM submission"), 0);
}

#define kept_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
TESTS(model_record, kept_test(what_is_saved_is_loaded), kept_test(nothing_is_loaded_through_another_submission),
      kept_test(a_copied_database_names_nobody), kept_test(a_column_moved_to_another_row_does_not_open),
      kept_test(a_column_moved_to_another_column_does_not_open), kept_test(an_address_is_found_by_its_code_in_any_case),
      kept_test(illegal_changes_of_state_are_refused), kept_test(expiring_destroys_the_keys_of_the_objects),
      kept_test(an_erased_submission_leaves_no_sealed_byte),
      kept_test(a_forgotten_submission_leaves_no_row_and_takes_none_of_another),
      kept_test(without_chance_nothing_is_saved))
