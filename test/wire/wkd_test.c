/* The Web Key Directory: the example of its draft (section 3.1), and local parts that would lead elsewhere. */
#include "test/support/support.h"

#include "crypt/crypt.h"
#include "wire/wkd.h"

static err url_of(struct arena *a, const char *text, bool direct, str *out)
{
	struct address address;
	uint8_t digest[SHA1_LEN];
	str folded, host;

	TRY(address_parse(a, str_of(text), &address, NULL));
	TRY(wkd_folded(a, &address, &folded));
	TRY(sha1(folded, digest));
	TRY(wkd_advanced_host(a, &address, &host));
	return wkd_url(a, direct ? address.domain : host, direct, &address, digest, out);
}

static const struct {
	const char *address, *advanced, *direct;
} rows[] = {
	{ "Joe.Doe@Example.ORG",
	  "https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q"
	  "?l=Joe.Doe",
	  "https://example.org/.well-known/openpgpkey/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe" },
	{ "joe.doe@example.org",
	  "https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q"
	  "?l=joe.doe",
	  "https://example.org/.well-known/openpgpkey/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=joe.doe" },
};

static void the_drafts_example_comes_out_by_both_methods(void **state)
{
	struct arena *a = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		str url;
		assert_ok(url_of(a, rows[i].address, false, &url));
		assert_str(url, str_of(rows[i].advanced));
		assert_ok(url_of(a, rows[i].address, true, &url));
		assert_str(url, str_of(rows[i].direct));
	}
}

static void the_policy_file_stands_beside_the_keys(void **state)
{
	struct arena *a = *state;
	struct address address;
	str host, url;

	assert_ok(address_parse(a, STR("joe@example.org"), &address, NULL));
	assert_ok(wkd_advanced_host(a, &address, &host));
	assert_ok(wkd_policy_url(a, host, false, &address, &url));
	assert_str(url, STR("https://openpgpkey.example.org/.well-known/openpgpkey/example.org/policy"));
	assert_ok(wkd_policy_url(a, address.domain, true, &address, &url));
	assert_str(url, STR("https://example.org/.well-known/openpgpkey/policy"));
}

static void a_local_part_cannot_leave_its_place_in_the_url(void **state)
{
	struct arena *a = *state;
	str url;

	assert_ok(url_of(a, "a/b?c#d&e=f%g+h@example.org", true, &url));
	assert_true(str_ends(url, STR("?l=a%2Fb%3Fc%23d%26e%3Df%25g%2Bh")));
	assert_ok(url_of(a, "j\xc3\xb6rg@example.org", true, &url));
	assert_true(str_ends(url, STR("?l=j%C3%B6rg")));
}

static void what_has_no_place_in_a_directory_is_refused(void **state)
{
	struct arena *a = *state;
	str url;

	assert_why(NEVER, UNSUPPORTED, url_of(a, "\"joe doe\"@example.org", false, &url));
	assert_why(NEVER, UNSUPPORTED, url_of(a, "joe@[192.0.2.1]", false, &url));
}

static int open_arena(void **state)
{
	struct arena *a;
	assert_ok(arena_open(1 << 20, &a));
	*state = a;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *a = *state;
	arena_done(&a);
	return 0;
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
TESTS(wkd, each(the_drafts_example_comes_out_by_both_methods), each(the_policy_file_stands_beside_the_keys),
      each(a_local_part_cannot_leave_its_place_in_the_url), each(what_has_no_place_in_a_directory_is_refused))
