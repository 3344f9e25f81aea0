/* The settler over a database that takes nothing: nobody waits for ever, and nothing is left in its line. */
#include "test/model/record.h"

#include "flow/settler.h"

static void nothing_stays_in_the_line_once_it_is_broken(void **state)
{
	struct config config = { .database = test_db() };
	struct line line = { .config = &config, .clock = sys_clock(), .entropy = sys_entropy() };
	struct settler *settler = NULL;
	struct db *db = test_db_open(config.database);

	db_done(&db);
	assert_ok(settler_begin(&line, NULL, 0, &settler, NULL));
	assert_int_equal(test_shell("sqlite3 '%s' 'ALTER TABLE delivery RENAME TO elsewhere'", config.database), 0);
	/* Each is gone when the next comes, as a courier is that stops at once. */
	for (int i = 0; i < 4; i++) {
		struct verdict_of_try *v = calloc(1, sizeof *v);
		assert_non_null(v);
		v->settlement.state = DELIVERY_DELIVERED;
		assert_int_equal(settler_put(settler, v).fate, FATE_BROKEN);
		free(v);
	}
	settler_end(&settler);
}

TESTS(settler, test(nothing_stays_in_the_line_once_it_is_broken))
