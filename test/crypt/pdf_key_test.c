#include "test/support/support.h"

#include "crypt/pdf_key.h"

#include <string.h>

static const struct vector {
	const char *maker, *user, *owner;
	int32_t p;
	const char *u, *ue, *o, *perms, *key;
} vectors[] = {
#define VECTOR(maker, ...) { #maker, __VA_ARGS__ },
#include "test/crypt/pdf_key_vectors.def"
#undef VECTOR
	/* Of the tests of pdf.js for revision 6; with the permissions that are encrypted there, not those beside. */
	{ "pdf.js", "user", "owner", -4,
	  "5ee6cd4ba663fa4cdb801155391121a4962e67b0a09cbbe9a6dfa3fd93eb5fb853f59265c6f722c6bf0b105eedd814af",
	  "79d002b5e6599c3cfd8fd41c54b4c4b1ad80dd6b2e145eba87335f1814dffe24",
	  "58e83e36f51af5d1897bdd48c73125d91f4a73a77f9eb04d2da3572f275ad98d8ee8a9d0cad605b91dd0b92e0b4c8795",
	  "6cad0fa0eb4d86574d3ecbb5e058c937", "2adad527495b484f4326f88512bd3d226b4f1d383bb5d576712241d257ae16ef" },
};

struct opened {
	char rooms[5][64];
	struct pdf_entries entries;
	str key;
};

static str hex(char room[64], const char *text)
{
	struct buf b = { .at = room, .max = 64 };

	assert_ok(hex_decode(str_of(text), &b));
	return buf_str(&b);
}

static void read_vector(const struct vector *v, struct opened *out)
{
	out->entries = (struct pdf_entries){ .u = hex(out->rooms[0], v->u),
					     .ue = hex(out->rooms[1], v->ue),
					     .o = hex(out->rooms[2], v->o),
					     .perms = hex(out->rooms[3], v->perms),
					     .p = v->p };
	out->key = hex(out->rooms[4], v->key);
}

static void what_others_lock_is_opened_by_its_passwords(void **state)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		uint8_t key[PDF_FILE_KEY];
		struct opened it;
		read_vector(v, &it);
		assert_ok(pdf_key_open(&it.entries, str_of(v->user), str_of(v->owner), key));
		assert_str(str_bytes(key, sizeof key), it.key);
	}
}

static void no_other_password_opens_it(void **state)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		const char *near = *v->user ? "" : " ";
		uint8_t key[PDF_FILE_KEY] = { 0 }, none[PDF_FILE_KEY] = { 0 };
		struct opened it;
		read_vector(v, &it);
		assert_why(NEVER, PROOF, pdf_key_open(&it.entries, str_of(near), str_of(v->owner), key));
		assert_why(NEVER, PROOF, pdf_key_open(&it.entries, str_of(v->user), STR("other"), key));
		if (strcmp(v->user, v->owner) != 0)
			assert_why(NEVER, PROOF, pdf_key_open(&it.entries, str_of(v->owner), str_of(v->user), key));
		assert_memory_equal(key, none, sizeof key);
	}
}

static void permissions_that_were_changed_are_noticed(void **state)
{
	const struct vector *v = &vectors[0];
	uint8_t key[PDF_FILE_KEY];
	struct opened it;

	read_vector(v, &it);
	it.entries.p ^= 4;
	assert_why(NEVER, TAMPERED, pdf_key_open(&it.entries, str_of(v->user), str_of(v->owner), key));
	it.entries.p ^= 4;
	it.rooms[3][0] ^= 1;
	assert_why(NEVER, TAMPERED, pdf_key_open(&it.entries, str_of(v->user), str_of(v->owner), key));
}

static void entries_of_another_length_are_refused(void **state)
{
	const struct vector *v = &vectors[0];
	uint8_t key[PDF_FILE_KEY];

	for (unsigned which = 0; which < 4; which++) {
		struct opened it;
		read_vector(v, &it);
		str *const entries[] = { &it.entries.u, &it.entries.ue, &it.entries.o, &it.entries.perms };
		entries[which]->len--;
		assert_why(NEVER, CRYPTO, pdf_key_open(&it.entries, str_of(v->user), str_of(v->owner), key));
		*entries[which] = STR_NONE;
		assert_why(NEVER, CRYPTO, pdf_key_open(&it.entries, str_of(v->user), str_of(v->owner), key));
	}
}

static void what_is_behind_127_bytes_is_not_looked_at(void **state)
{
	char password[PDF_PASSWORD_MAX + 1];
	uint8_t shorter[PDF_HASH], longer[PDF_HASH];

	memset(password, 'x', sizeof password);
	assert_ok(pdf_key_hash(str_bytes(password, PDF_PASSWORD_MAX), STR("12345678"), STR_NONE, shorter));
	assert_ok(pdf_key_hash(str_bytes(password, sizeof password), STR("12345678"), STR_NONE, longer));
	assert_memory_equal(shorter, longer, PDF_HASH);
	assert_ok(pdf_key_hash(str_bytes(password, PDF_PASSWORD_MAX - 1), STR("12345678"), STR_NONE, longer));
	assert_memory_not_equal(shorter, longer, PDF_HASH);
}

/* `openssl enc -aes-256-cbc -K 00… -iv 31… <<< …`, behind the same sixteen bytes. */
static void a_part_is_unsealed_or_refused_for_its_padding(void **state)
{
	const uint8_t key[PDF_FILE_KEY] = { 0 };
	char room[64];
	str sealed =
		hex(room,
		    "31313131313131313131313131313131fcab5327f739f92e8e2da1a2901b0464a07041647c7298aad5e5a87275f434c2");
	uint8_t to[64];
	size_t len = 0;

	assert_ok(pdf_key_unseal(key, sealed, to, &len));
	assert_str(str_bytes(to, len), STR("hello, page of contents"));
	assert_why(NEVER, TAMPERED, pdf_key_unseal(key, str_upto(sealed, sealed.len - 16), to, &len));
	assert_why(NEVER, TAMPERED, pdf_key_unseal(key, str_upto(sealed, sealed.len - 1), to, &len));
	assert_why(NEVER, TAMPERED, pdf_key_unseal(key, str_upto(sealed, 16), to, &len));
	assert_why(NEVER, TAMPERED, pdf_key_unseal(key, STR_NONE, to, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_lock_is_opened_by_its_passwords),
		cmocka_unit_test(no_other_password_opens_it),
		cmocka_unit_test(permissions_that_were_changed_are_noticed),
		cmocka_unit_test(entries_of_another_length_are_refused),
		cmocka_unit_test(what_is_behind_127_bytes_is_not_looked_at),
		cmocka_unit_test(a_part_is_unsealed_or_refused_for_its_padding),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
