/* Bundles: stored zips made while they are read, judged by 7-Zip, unzip's and Python's eyes in the stories; here their
 * length, their end and what a stream of another length does. */
#include "test/support/support.h"

#include "seal/seal.h"

#include <stdio.h>

enum { LARGEST = 4 << 20 };
static const char *const contents[] = { "first", "", "the third document" };
static size_t opened, wrong_by;

static err open_content(void *state, size_t index, struct source *out)
{
	static str rest;

	(void)state;
	assert_int_equal(index, opened++);
	rest = str_of(contents[index]);
	if (index == 2)
		rest = wrong_by == 1 ? str_from(rest, 1) : wrong_by == 2 ? STR("longer than it was said to be") : rest;
	*out = source_of_str(&rest);
	return OK;
}

static const struct bundle_entry entries[] = { { STR("../a.txt"), 5 }, { STR("b.txt"), 0 }, { STR("A.TXT"), 18 } };

/* Read in odd pieces. */
static err read_all(struct source *s, size_t piece, struct buf *out)
{
	size_t got = 0;

	do {
		TRY(source_read(s, out->at + out->len, piece, &got));
		out->len += got;
	} while (got);
	return OK;
}

static err bundle(struct arena *a, size_t piece, uint64_t zip64_from, uint64_t *size, struct buf *out)
{
	const struct bundle_options options = { .entries = entries,
						.count = COUNT(entries),
						.made_at = 1795290600 * SECOND,
						.open = open_content,
						.zip64_from = zip64_from };
	OWNED(source_done) struct source zip = { 0 };

	opened = 0;
	TRY(seal_bundle(a, &options, size, &zip));
	TRY(buf_open(a, LARGEST, out));
	return read_all(&zip, piece, out);
}

static void its_length_is_known_before_its_first_byte(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096, 65536 };
	OWNED(arena_done) struct arena *a = NULL;
	struct buf first = { 0 }, other;
	uint64_t size = 0;

	(void)state;
	wrong_by = 0;
	assert_ok(arena_open(64 << 20, &a));
	for (size_t i = 0; i < COUNT(pieces); i++) {
		assert_ok(bundle(a, pieces[i], 0, &size, &other));
		assert_int_equal(other.len, size);
		if (first.len)
			assert_str(buf_str(&first), buf_str(&other));
		first = other;
	}
}

static void others_open_it_with_and_without_zip64(void **state)
{
	static const uint64_t limits[] = { 0, 1, 10 };
	OWNED(arena_done) struct arena *a = NULL;

	(void)state;
	wrong_by = 0;
	assert_ok(arena_open(64 << 20, &a));
	for (size_t i = 0; i < COUNT(limits); i++) {
		char path[512];
		struct buf zip;
		uint64_t size;

		assert_ok(bundle(a, 4096, limits[i], &size, &zip));
		assert_int_equal(zip.len, size);
		snprintf(path, sizeof path, "%s/%zu.zip", test_dir(), i);
		FILE *f = fopen(path, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(zip.at, 1, zip.len, f), zip.len);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(test_shell("7z t '%s' >/dev/null", path), 0);
		assert_int_equal(
			test_shell("/usr/bin/python3 -c \"import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); "
				   "assert z.testzip() is None; assert [z.read(n) for n in z.namelist()] == "
				   "[b'first', b'', b'the third document']; "
				   "assert z.namelist() == ['a.txt', 'b.txt', 'A (2).TXT'], z.namelist()\" '%s'",
				   path),
			0);
	}
}

static void a_stream_of_another_length_never_makes_a_whole_archive(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct buf zip;
	uint64_t size;

	(void)state;
	assert_ok(arena_open(64 << 20, &a));
	for (wrong_by = 1; wrong_by <= 2; wrong_by++) {
		err e = bundle(a, 4096, 0, &size, &zip);
		assert_int_equal(e.why, WHY_DOCUMENT);
		assert_true(zip.len < size);
	}
}

TESTS(bundle, test(its_length_is_known_before_its_first_byte), test(others_open_it_with_and_without_zip64),
      test(a_stream_of_another_length_never_makes_a_whole_archive))
