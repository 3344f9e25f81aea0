#include "test/support/support.h"

#include "crypt/crypt.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AT(day) ((moment)(day)*DAY)
static uint64_t counter = 1;
static struct entropy chance(void)
{
	return test_entropy(&counter);
}

static err make(const char *dir, enum key_kind kind, moment at)
{
	const struct entropy e = chance();
	return keyring_key_new(dir, kind, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, at, &e, NULL);
}

static err make_dkim(const char *dir, str domain, str selector, enum signature_algorithm how)
{
	const struct entropy e = chance();
	return keyring_key_new(dir, KEY_DKIM, domain, selector, how, AT(1), &e, NULL);
}

static err retire(const char *dir, enum key_kind kind, uint32_t number)
{
	return keyring_key_retire(dir, kind, number, STR_NONE, STR_NONE, NULL);
}

static struct keyring *reopened(const char *dir)
{
	const struct entropy e = chance();
	struct keyring *k = NULL;
	struct fault f = { 0 };
	err done = keyring_open(dir, &e, &k, &f);
	if (failed(done))
		print_error("%s: %s\n", f.where, f.what);
	assert_ok(done);
	return k;
}

static const char *filled(void)
{
	const char *dir = test_dir();
	assert_ok(make(dir, KEY_MASTER, AT(1)));
	assert_ok(make(dir, KEY_LINK, AT(1)));
	assert_ok(make(dir, KEY_LOOKUP, AT(1)));
	return dir;
}

static void empty_again(const char *dir)
{
	assert_int_equal(test_shell("chmod 700 '%s' && rm -f '%s'/*", dir, dir), 0);
	assert_ok(make(dir, KEY_MASTER, AT(1)));
	assert_ok(make(dir, KEY_LINK, AT(1)));
	assert_ok(make(dir, KEY_LOOKUP, AT(1)));
}

static int files_in(const char *dir)
{
	return test_shell("exit $(ls -A '%s' | wc -l)", dir);
}

static void a_wrapped_key_opens_only_in_its_context(void **state)
{
	uint8_t key[AEAD_KEY], back[AEAD_KEY], wrapped[WRAPPED_KEY];
	struct keyring *k = reopened(filled()), *foreign = reopened(filled());
	const struct entropy e = chance();
	(void)state;
	assert_ok(keyring_new_key(k, &e, STR("object 1"), key, wrapped));
	assert_int_equal(wrapped_key_number(wrapped), 1);
	assert_int_equal(keyring_master_in_use(k), 1);
	assert_ok(keyring_unwrap(k, STR("object 1"), wrapped, back));
	assert_memory_equal(key, back, AEAD_KEY);
	assert_why(NEVER, TAMPERED, keyring_unwrap(k, STR("object 2"), wrapped, back));
	assert_why(NEVER, TAMPERED, keyring_unwrap(foreign, STR("object 1"), wrapped, back));
	for (size_t i = 4; i < WRAPPED_KEY; i++) {
		wrapped[i] ^= 0x80;
		assert_why(NEVER, TAMPERED, keyring_unwrap(k, STR("object 1"), wrapped, back));
		wrapped[i] ^= 0x80;
	}
	wrapped[3] = 9;
	assert_why(NEVER, KEY, keyring_unwrap(k, STR("object 1"), wrapped, back));
	keyring_done(&k);
	keyring_done(&foreign);
}

static void rotated_master_key_leaves_old_objects_readable(void **state)
{
	const char *dir = filled();
	uint8_t key[AEAD_KEY], back[AEAD_KEY], old[WRAPPED_KEY], renewed[WRAPPED_KEY];
	struct keyring *k = reopened(dir);
	const struct entropy e = chance();
	(void)state;
	assert_ok(keyring_new_key(k, &e, STR("object"), key, old));
	keyring_done(&k);
	assert_why(NEVER, STATE, retire(dir, KEY_MASTER, 1));
	assert_ok(make(dir, KEY_MASTER, AT(90)));
	k = reopened(dir);
	assert_int_equal(keyring_master_in_use(k), 2);
	assert_ok(keyring_unwrap(k, STR("object"), old, back));
	assert_ok(keyring_wrap(k, STR("object"), back, renewed));
	assert_int_equal(wrapped_key_number(renewed), 2);
	keyring_done(&k);
	assert_ok(retire(dir, KEY_MASTER, 1));
	assert_ok(retire(dir, KEY_MASTER, 1)); /* again is no error */
	assert_why(NEVER, STATE, retire(dir, KEY_MASTER, 2));
	assert_why(NEVER, NOT_FOUND, retire(dir, KEY_MASTER, 3));
	k = reopened(dir);
	assert_ok(keyring_unwrap(k, STR("object"), old, back)); /* out of a backup from before the rotation */
	assert_memory_equal(key, back, AEAD_KEY);
	assert_ok(keyring_unwrap(k, STR("object"), renewed, back));
	assert_memory_equal(key, back, AEAD_KEY);
	keyring_done(&k);
}

static void link_keys_overlap_until_one_is_retired(void **state)
{
	const char *dir = filled();
	uint8_t before[MAC_LEN], after[MAC_LEN], address[MAC_LEN], same[MAC_LEN];
	struct keyring *k = reopened(dir);
	(void)state;
	assert_ok(keyring_mac(k, MAC_TOKEN, 0, STR("token"), before));
	assert_ok(keyring_mac(k, MAC_ADDRESS, 0, STR("token"), address));
	assert_ok(keyring_mac(k, MAC_PROOF, 0, STR("token"), after));
	assert_memory_not_equal(before, after, MAC_LEN);
	assert_why(NEVER, NOT_FOUND, keyring_mac(k, MAC_TOKEN, 1, STR("token"), after));
	keyring_done(&k);
	assert_ok(make(dir, KEY_LINK, AT(30)));
	k = reopened(dir);
	assert_ok(keyring_mac(k, MAC_TOKEN, 0, STR("token"), after));
	assert_memory_not_equal(before, after, MAC_LEN);
	assert_ok(keyring_mac(k, MAC_TOKEN, 1, STR("token"), after));
	assert_memory_equal(before, after, MAC_LEN);
	assert_ok(keyring_mac(k, MAC_ADDRESS, 0, STR("token"), same));
	assert_memory_equal(address, same, MAC_LEN);
	keyring_done(&k);
	assert_ok(retire(dir, KEY_LINK, 1));
	k = reopened(dir);
	assert_why(NEVER, NOT_FOUND, keyring_mac(k, MAC_TOKEN, 1, STR("token"), after));
	keyring_done(&k);
}

static void the_lookup_key_is_made_once(void **state)
{
	const char *dir = filled();
	(void)state;
	assert_why(NEVER, EXISTS, make(dir, KEY_LOOKUP, AT(2)));
	assert_why(NEVER, STATE, retire(dir, KEY_LOOKUP, 1));
}

static void dkim_keys_sign_by_domain_and_selector_until_retired(void **state)
{
	const str domain = STR("example.com"), ed = STR("ed"), rsa = STR("rsa");
	const char *dir = filled();
	uint8_t digest[SHA256_LEN] = { 1 };
	char room[SIGNATURE_MAX], public_room[1024];
	struct buf signature = BUF_ON(room), public_key = BUF_ON(public_room);
	(void)state;
	assert_ok(make_dkim(dir, domain, ed, SIGNATURE_ED25519_SHA256));
	assert_ok(make_dkim(dir, domain, rsa, SIGNATURE_RSA_SHA256));
	assert_why(NEVER, EXISTS, make_dkim(dir, domain, ed, SIGNATURE_ED25519_SHA256));
	struct keyring *k = reopened(dir);
	assert_ok(keyring_sign(k, domain, ed, digest, &signature));
	assert_ok(keyring_files_public(dir, domain, ed, &public_key, NULL));
	assert_ok(signature_verify(SIGNATURE_ED25519_SHA256, buf_str(&public_key), digest, buf_str(&signature), NULL));
	signature.len = 0;
	assert_why(NEVER, KEY, keyring_sign(k, domain, STR("none"), digest, &signature));
	assert_why(NEVER, KEY, keyring_sign(k, STR("example.org"), ed, digest, &signature));
	assert_int_equal(signature.len, 0);
	keyring_done(&k);
	assert_ok(keyring_key_retire(dir, KEY_DKIM, 0, domain, ed, NULL));
	k = reopened(dir);
	assert_why(NEVER, KEY, keyring_sign(k, domain, ed, digest, &signature));
	assert_ok(keyring_sign(k, domain, rsa, digest, &signature));
	assert_int_equal(signature.len, 256);
	keyring_done(&k);
}

static void the_list_tells_kind_age_and_use(void **state)
{
	const char *dir = filled();
	OWNED(arena_done) struct arena *a = NULL;
	struct key_info *all = NULL;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(make(dir, KEY_MASTER, AT(9)));
	assert_ok(make_dkim(dir, STR("a.example"), STR("s1"), SIGNATURE_RSA_SHA256));
	assert_ok(keyring_files(a, dir, &all, NULL));
	assert_int_equal(all->kind, KEY_MASTER);
	assert_int_equal(all->number, 2);
	assert_true(all->in_use);
	assert_int_equal(all->created_at, AT(9));
	assert_int_equal(all->next->number, 1);
	assert_false(all->next->in_use);
	const struct key_info *dkim = all->next->next->next->next;
	assert_int_equal(dkim->kind, KEY_DKIM);
	assert_str(dkim->domain, STR("a.example"));
	assert_str(dkim->selector, STR("s1"));
	assert_int_equal(dkim->bits, 2048);
	assert_true(dkim->in_use);
	assert_null(dkim->next);
}

static void refused(const char *dir, const char *command, const char *words)
{
	const struct entropy e = chance();
	struct keyring *k = NULL;
	struct fault f = { 0 };
	empty_again(dir);
	assert_int_equal(test_shell("cd '%s' && %s", dir, command), 0);
	assert_why(NEVER, KEY, keyring_open(dir, &e, &k, &f));
	assert_null(k);
	if (!strstr(f.what, words))
		print_error("after %s: %s\n", command, f.what);
	assert_non_null(strstr(f.what, words));
}

static void keys_that_others_may_read_are_refused_with_advice(void **state)
{
	const char *dir = test_dir();
	(void)state;
	refused(dir, "chmod 644 master-1.key", "chmod 600");
	refused(dir, "chmod 640 link-1.key", "chmod 600");
	refused(dir, "chmod 755 .", "chmod 700");
}

static void damaged_or_misnamed_key_files_stop_everything(void **state)
{
	const char *dir = test_dir();
	(void)state;
	refused(dir, "mv master-1.key master-2.key", "named");
	refused(dir, "rm link-1.key", "no link key");
	refused(dir, "sed -i 's/retired=no/retired=maybe/' master-1.key", "first line");
	refused(dir, "sed -i 's/created=[0-9]*/created=x/' master-1.key", "first line");
	refused(dir, "sed -i 's/number=1/number=01/' master-1.key", "first line");
	refused(dir, "sed -i '2s/^./!/' master-1.key", "32 bytes");
	refused(dir, "sed -i '2d' lookup-1.key", "32 bytes");
	refused(dir, ": > master-1.key", "first line");
}

static void names_that_are_not_names_make_no_files(void **state)
{
	static const str bad[] = { STR(""),    STR("../x"),      STR("a/b"),  STR("a..b"),
				   STR("-a"),  STR("a_b"),       STR("a.\n"), STR("EXAMPLE.com"),
				   STR("a;b"), STR("é.example"), STR(".a"),   STR("a."),
				   STR("a-"),  STR("a b"),       STR("a\0b"), STR("..") };
	const char *dir = filled();
	char long_label[64];
	(void)state;
	memset(long_label, 'a', sizeof long_label);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(key_name_fit(bad[i]));
		assert_why(NEVER, KEY, make_dkim(dir, bad[i], STR("s"), SIGNATURE_ED25519_SHA256));
		assert_why(NEVER, KEY, make_dkim(dir, STR("a.example"), bad[i], SIGNATURE_ED25519_SHA256));
	}
	assert_false(key_name_fit(str_bytes(long_label, 64)));
	assert_true(key_name_fit(str_bytes(long_label, 63)));
	assert_int_equal(files_in(dir), 3);
}

static void without_chance_no_key_is_made(void **state)
{
	static const uint8_t zero[AEAD_KEY] = { 0 };
	const char *dir = filled();
	const struct entropy none = test_entropy_failing();
	uint8_t key[AEAD_KEY] = { 1 }, wrapped[WRAPPED_KEY] = { 1 };
	struct keyring *k = NULL;
	(void)state;
	assert_why(LATER, ENTROPY,
		   keyring_key_new(dir, KEY_MASTER, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, AT(1), &none, NULL));
	assert_int_equal(files_in(dir), 3);
	assert_ok(keyring_open(dir, &none, &k, NULL));
	assert_why(LATER, ENTROPY, keyring_new_key(k, &none, STR("o"), key, wrapped));
	assert_memory_equal(key, zero, sizeof key);
	assert_why(LATER, ENTROPY, keyring_wrap(k, STR("o"), key, wrapped));
	assert_int_equal(wrapped[0], 1);
	keyring_done(&k);
}

/* ── One keyring, many threads ───────────────────────────────────────────────────────────────────── */

static err some_of_everything(struct keyring *k, uint8_t i)
{
	uint8_t key[AEAD_KEY] = { i }, back[AEAD_KEY], wrapped[WRAPPED_KEY], mac[MAC_LEN];
	char room[SIGNATURE_MAX];
	struct buf signature = BUF_ON(room);
	TRY(keyring_wrap(k, STR("o"), key, wrapped));
	TRY(keyring_unwrap(k, STR("o"), wrapped, back));
	TRY(keyring_mac(k, MAC_TOKEN, 0, STR("t"), mac));
	TRY(keyring_sign(k, STR("a.example"), STR("s"), key, &signature));
	return memcmp(key, back, sizeof key) ? NEVER(TAMPERED, "another key came back") : OK;
}

static void *hammer(void *state)
{
	for (int i = 0; i < 200; i++)
		if (failed(some_of_everything(state, (uint8_t)i)))
			return state;
	return NULL;
}

static err kernel_chance(void *state, void *to, size_t len)
{
	(void)state;
	return getentropy(to, len) ? LATER(ENTROPY, "getentropy") : OK;
}

static void one_keyring_serves_many_threads(void **state)
{
	const char *dir = filled();
	const struct entropy e = { .fill = kernel_chance };
	struct keyring *k = NULL;
	pthread_t thread[4];
	(void)state;
	assert_ok(make_dkim(dir, STR("a.example"), STR("s"), SIGNATURE_ED25519_SHA256));
	assert_ok(keyring_open(dir, &e, &k, NULL));
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, k), 0);
	for (size_t i = 0; i < COUNT(thread); i++) {
		void *wrong = k;
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	keyring_done(&k);
}

/* ── No key stays in memory (B-97) ───────────────────────────────────────────────────────────────── */

/* The canary is a key made by a rule, so that the search need not hold it. */
static uint8_t canary(size_t i)
{
	return (uint8_t)(0x5A + 37 * i * i + 11 * i);
}

static uint8_t canary_spelled(size_t i) /* its base64, a character at a time */
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t three = 0;
	for (size_t n = 0; n < 3; n++)
		three = three << 8 | (i / 4 * 3 + n < 32 ? canary(i / 4 * 3 + n) : 0);
	return i == 43 ? '=' : (uint8_t)digits[three >> (18 - 6 * (i % 4)) & 63];
}

static void write_canary_key(const char *dir)
{
	static const char line[] =
		"# letterlock key; kind=master; number=1; created=2026-01-01T00:00:00Z; retired=no\n";
	char path[512];
	snprintf(path, sizeof path, "%s/master-1.key", dir);
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0 && write(fd, line, sizeof line - 1) == (ssize_t)(sizeof line - 1));
	for (size_t i = 0; i < 44; i++) {
		char c = (char)canary_spelled(i);
		assert_int_equal(write(fd, &c, 1), 1);
	}
	close(fd);
}

static size_t found_in(const uint8_t *at, size_t len, size_t size, uint8_t (*rule)(size_t))
{
	size_t found = 0;
	const uint8_t first = rule(0);
	for (size_t i = 0; i + size <= len; i++) {
		size_t n = 0;
		if (at[i] != first)
			continue;
		while (n < size && at[i + n] == rule(n))
			n++;
		found += n == size;
	}
	return found;
}

static size_t canaries_between(int mem, unsigned long from, unsigned long to)
{
	static uint8_t window[1 << 16];
	size_t found = 0;
	for (unsigned long at = from; at < to; at += sizeof window - 64) {
		size_t len = to - at < sizeof window ? to - at : sizeof window;
		ssize_t got = pread(mem, window, len, (off_t)at);
		bool own = at < (unsigned long)window + sizeof window && at + len > (unsigned long)window;
		if (got > 0 && !own)
			found += found_in(window, (size_t)got, 32, canary) +
				 found_in(window, (size_t)got, 44, canary_spelled);
	}
	explicit_bzero(window, sizeof window);
	return found;
}

static size_t canaries_in_memory(void)
{
	char line[512], rights[8];
	size_t found = 0;
	unsigned long from, to;
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY);
	assert_true(maps && mem >= 0);
	while (fgets(line, sizeof line, maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[1] == 'w' && to - from < 1ul << 30)
			found += canaries_between(mem, from, to);
	fclose(maps);
	close(mem);
	return found;
}

static void a_closed_keyring_leaves_no_key_in_memory(void **state)
{
	const char *dir = filled();
	uint8_t key[AEAD_KEY], wrapped[WRAPPED_KEY];
	const struct entropy e = chance();
	(void)state;
	write_canary_key(dir);
	struct keyring *k = reopened(dir);
	assert_ok(keyring_new_key(k, &e, STR("o"), key, wrapped));
	assert_ok(keyring_unwrap(k, STR("o"), wrapped, key));
	assert_true(canaries_in_memory() > 0); /* the search does find it while it is there */
	keyring_done(&k);
	assert_int_equal(canaries_in_memory(), 0);
}

TESTS(crypt_keyring, test(a_wrapped_key_opens_only_in_its_context),
      test(rotated_master_key_leaves_old_objects_readable), test(link_keys_overlap_until_one_is_retired),
      test(the_lookup_key_is_made_once), test(dkim_keys_sign_by_domain_and_selector_until_retired),
      test(the_list_tells_kind_age_and_use), test(keys_that_others_may_read_are_refused_with_advice),
      test(damaged_or_misnamed_key_files_stop_everything), test(names_that_are_not_names_make_no_files),
      test(without_chance_no_key_is_made), test(one_keyring_serves_many_threads),
      test(a_closed_keyring_leaves_no_key_in_memory))
