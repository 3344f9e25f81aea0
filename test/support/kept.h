/* A keyring and a database to test against: real ones, in directories that are removed at exit. */
#ifndef LETTERLOCK_TEST_KEPT_H
#define LETTERLOCK_TEST_KEPT_H

#include "crypt/crypt.h"
#include "db/db.h"

/* A directory with one master, link and lookup key. */
const char *test_keys(void);
void test_key_add(const char *keys, enum key_kind kind);
struct keyring *test_keyring(const char *keys);
/* The path of a new, empty database. */
const char *test_db(void);
struct db *test_db_open(const char *path);

#endif
