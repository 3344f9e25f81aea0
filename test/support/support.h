/* What every unit test needs: cmocka, and the words our own values are asserted with.
 *
 *     static void expired_link_opens_nothing(void **state) { … assert_ok(…); assert_why(NEVER, EXPIRED, …); }
 *     TESTS(link, test(expired_link_opens_nothing), …)
 */
#ifndef LETTERLOCK_TEST_SUPPORT_H
#define LETTERLOCK_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

/* Runs the group; the first argument, if any, is a pattern of test names ("*expired*"). */
#define TESTS(group, ...)                                                                                              \
	int main(int argc, char **argv)                                                                                \
	{                                                                                                              \
		const struct CMUnitTest tests[] = { __VA_ARGS__ };                                                     \
		cmocka_set_message_output(CM_OUTPUT_TAP);                                                              \
		if (argc > 1)                                                                                          \
			cmocka_set_test_filter(argv[1]);                                                               \
		return cmocka_run_group_tests_name(#group, tests, NULL, NULL);                                         \
	}
#define test(function) cmocka_unit_test(function)

void assert_ok_at(err e, const char *what, const char *file, int line);
void assert_why_at(err e, enum fate fate, enum why why, const char *what, const char *file, int line);
void assert_str_at(str got, str want, const char *what, const char *file, int line);
#define assert_ok(call) assert_ok_at((call), #call, __FILE__, __LINE__)
#define assert_why(fate, reason, call) assert_why_at((call), FATE_##fate, WHY_##reason, #call, __FILE__, __LINE__)
#define assert_str(got, want) assert_str_at((got), (want), #got, __FILE__, __LINE__)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A clock that stands where it is put and an entropy source that counts up: for reproducible tests. */
struct test_clock {
	moment now;
	int64_t ticks;
};
struct clock test_clock(struct test_clock *state);
struct entropy test_entropy(uint64_t *counter);
struct entropy test_entropy_failing(void);

/* A fresh directory below $TMPDIR, removed at exit. NUL-terminated, static per call order; at most 64 a program. */
const char *test_dir(void);
str test_file(struct arena *a, const char *path); /* whole file; fails the test */
void test_file_write(const char *path, str bytes);
int test_shell(const char *format, ...) __attribute__((format(printf, 1, 2))); /* exit status of sh -c */

#endif
