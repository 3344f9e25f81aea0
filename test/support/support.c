#include "test/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void assert_ok_at(err e, const char *what, const char *file, int line)
{
	if (failed(e)) {
		print_error("%s: %s (%s, line %u)\n", what, err_verdict(e)->name, e.note, e.line);
		_fail(file, line);
	}
}

void assert_why_at(err e, enum fate fate, enum why why, const char *what, const char *file, int line)
{
	if (e.fate != fate || e.why != why) {
		print_error("%s: fate %d, %s (%s, line %u); expected fate %d, %s\n", what, e.fate, err_verdict(e)->name,
			    e.note ? e.note : "", e.line, fate, err_verdict((err){ .why = (uint16_t)why })->name);
		_fail(file, line);
	}
}

void assert_str_at(str got, str want, const char *what, const char *file, int line)
{
	if (!str_same(got, want)) {
		print_error("%s\n  is   <%.*s>\n  want <%.*s>\n", what, STR_ARG(got), STR_ARG(want));
		_fail(file, line);
	}
}

static moment clock_state_now(void *state)
{
	return ((struct test_clock *)state)->now;
}
static int64_t clock_state_ticks(void *state)
{
	return ((struct test_clock *)state)->ticks;
}
struct clock test_clock(struct test_clock *state)
{
	return (struct clock){ .now = clock_state_now, .ticks = clock_state_ticks, .state = state };
}

static err count_up(void *state, void *to, size_t len)
{
	uint64_t *counter = state;
	unsigned char *byte = to;

	/* xorshift: reproducible and without visible pattern; a test's chance, never a product's. */
	for (size_t i = 0; i < len; i++) {
		*counter += 0x9E3779B97F4A7C15u;
		uint64_t x = *counter;
		x ^= x >> 30, x *= 0xBF58476D1CE4E5B9u, x ^= x >> 27;
		byte[i] = (unsigned char)(x >> 32);
	}
	return OK;
}
struct entropy test_entropy(uint64_t *counter)
{
	return (struct entropy){ .fill = count_up, .state = counter };
}

static err never_fill(void *state, void *to, size_t len)
{
	(void)state, (void)to, (void)len;
	return LATER(ENTROPY, "no randomness, as the test asked");
}
struct entropy test_entropy_failing(void)
{
	return (struct entropy){ .fill = never_fill };
}

static char dirs[64][256];
static int dir_count;

static void remove_dirs(void)
{
	for (int i = 0; i < dir_count; i++)
		test_shell("rm -rf '%s'", dirs[i]);
}

const char *test_dir(void)
{
	const char *base = getenv("TMPDIR");

	assert_true(dir_count < (int)COUNT(dirs));
	if (dir_count == 0)
		atexit(remove_dirs);
	snprintf(dirs[dir_count], sizeof dirs[0], "%s/letterlock-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(dirs[dir_count]));
	return dirs[dir_count++];
}

str test_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	void *at;

	if (!f) {
		print_error("%s cannot be opened\n", path);
		fail();
	}
	fseek(f, 0, SEEK_END);
	size_t len = (size_t)ftell(f);
	rewind(f);
	assert_ok(arena_take(a, len + 1, &at));
	assert_int_equal(fread(at, 1, len, f), len);
	fclose(f);
	return str_bytes(at, len);
}

void test_file_write(const char *path, str bytes)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

int test_shell(const char *format, ...)
{
	char command[8192];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(command, sizeof command, format, args);
	va_end(args);
	assert_true(len >= 0 && (size_t)len < sizeof command);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
