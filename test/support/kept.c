#include "test/support/kept.h"

#include "sys/sys.h"

#include "test/support/support.h"

#include <stdio.h>

void test_key_add(const char *keys, enum key_kind kind)
{
	struct entropy e = sys_entropy();
	struct fault f = { 0 };

	if (failed(keyring_key_new(keys, kind, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, 1000 * SECOND, &e, &f)))
		fail_msg("%s", f.what);
}

const char *test_keys(void)
{
	const char *keys = test_dir();

	test_key_add(keys, KEY_MASTER);
	test_key_add(keys, KEY_LINK);
	test_key_add(keys, KEY_LOOKUP);
	return keys;
}

struct keyring *test_keyring(const char *keys)
{
	struct entropy e = sys_entropy();
	struct keyring *k = NULL;

	assert_ok(keyring_open(keys, &e, &k, NULL));
	return k;
}

const char *test_db(void)
{
	static char paths[64][300];
	static unsigned many;
	static const char *dir;

	if (!dir)
		dir = test_dir();
	assert_true(many < COUNT(paths));
	snprintf(paths[many], sizeof paths[0], "%s/%u.db", dir, many);
	assert_ok(db_create(paths[many], NULL));
	return paths[many++];
}

struct db *test_db_open(const char *path)
{
	struct db *db = NULL;

	assert_ok(db_open(path, &db, NULL));
	return db;
}
