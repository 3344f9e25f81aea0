#include "inspector/pdf_inside.h"

#include "crypt/crypt.h"

#include <stdlib.h>
#include <string.h>

/* The result, read again as a stranger would: qpdf parses it, our own arithmetic opens it. */

static void pdf_done(qpdf_data *pdf)
{
	if (!*pdf)
		return;
	if (qpdf_has_error(*pdf))
		(void)qpdf_get_error(*pdf); /* or it says on standard error that nobody asked */
	qpdf_cleanup(pdf);
}

static err unfit(void)
{
	return NEVER(CRYPTO, "the encrypted PDF is not what it must be; nothing of it was kept");
}

static err reopen(qpdf_data *pdf, const struct pdf_unlocked *u)
{
	pdf_done(pdf);
	*pdf = qpdf_init();
	qpdf_set_suppress_warnings(*pdf, QPDF_TRUE);
	qpdf_silence_errors(*pdf);
	qpdf_set_attempt_recovery(*pdf, QPDF_FALSE);
	return qpdf_read_memory(*pdf, "sealed", u->at, u->len, NULL) == QPDF_SUCCESS ? OK : unfit();
}

/* ── The encryption dictionary ───────────────────────────────────────────────────────────────────── */

static bool number_is(qpdf_data pdf, qpdf_oh dictionary, const char *name, int64_t value)
{
	qpdf_oh n = qpdf_oh_get_key(pdf, dictionary, name);

	return qpdf_oh_is_integer(pdf, n) && qpdf_oh_get_int_value(pdf, n) == value;
}

static bool name_is(qpdf_data pdf, qpdf_oh dictionary, const char *name, const char *value)
{
	return qpdf_oh_is_name_and_equals(pdf, qpdf_oh_get_key(pdf, dictionary, name), value);
}

/* ISO 32000-2, tables 20, 21 and 25: one crypt filter, AESV3, for strings and streams, metadata not left out. */
static bool as_ordered(qpdf_data pdf, qpdf_oh encrypt)
{
	if (!qpdf_oh_is_dictionary(pdf, encrypt) || !name_is(pdf, encrypt, "/Filter", "/Standard") ||
	    !number_is(pdf, encrypt, "/V", 5) || !number_is(pdf, encrypt, "/R", 6))
		return false;
	qpdf_oh filters = qpdf_oh_get_key(pdf, encrypt, "/CF");
	qpdf_oh filter = qpdf_oh_get_key_if_dict(pdf, filters, "/StdCF");
	qpdf_oh metadata = qpdf_oh_get_key(pdf, encrypt, "/EncryptMetadata");
	return qpdf_oh_is_name_and_equals(pdf, qpdf_oh_get_key_if_dict(pdf, filter, "/CFM"), "/AESV3") &&
	       name_is(pdf, encrypt, "/StmF", "/StdCF") && name_is(pdf, encrypt, "/StrF", "/StdCF") &&
	       (qpdf_oh_is_null(pdf, metadata) || qpdf_oh_get_bool_value(pdf, metadata));
}

enum { ENTRY_MAX = 48 };
static err read_entry(qpdf_data pdf, qpdf_oh encrypt, const char *name, char room[ENTRY_MAX], str *out)
{
	size_t len = 0;
	qpdf_oh entry = qpdf_oh_get_key(pdf, encrypt, name);
	const char *at = qpdf_oh_is_string(pdf, entry) ? qpdf_oh_get_binary_string_value(pdf, entry, &len) : NULL;

	if (!at || len > ENTRY_MAX)
		return unfit();
	memcpy(room, at, len); /* the library's is good until it is asked again */
	*out = str_bytes(room, len);
	return OK;
}

/* Does it open with the password, and with none but this and the owner's, which nobody has? */
static err open_lock(qpdf_data pdf, const struct pdf_order *order, uint8_t key[PDF_FILE_KEY])
{
	qpdf_oh encrypt = qpdf_oh_get_key(pdf, qpdf_get_trailer(pdf), PDF_UNLOCKED_NAME);
	char u[ENTRY_MAX], o[ENTRY_MAX], ue[ENTRY_MAX], perms[ENTRY_MAX];
	struct pdf_entries e = { 0 };

	if (!as_ordered(pdf, encrypt))
		return unfit();
	TRY(read_entry(pdf, encrypt, "/U", u, &e.u));
	TRY(read_entry(pdf, encrypt, "/O", o, &e.o));
	TRY(read_entry(pdf, encrypt, "/UE", ue, &e.ue));
	TRY(read_entry(pdf, encrypt, "/Perms", perms, &e.perms));
	e.p = (int32_t)qpdf_oh_get_int_value_as_int(pdf, qpdf_oh_get_key(pdf, encrypt, "/P"));
	return failed(pdf_key_open(&e, str_of(order->password), str_of(order->owner), key)) ? unfit() : OK;
}

/* ── What is in it ───────────────────────────────────────────────────────────────────────────────── */

struct stream {
	unsigned char *at;
	size_t len;
	bool there;
};

static void stream_done(struct stream *s)
{
	free(s->at);
}

/* The bytes of the first page's contents as they stand in the file; none if there are none. */
static err read_contents(qpdf_data pdf, struct stream *out)
{
	qpdf_oh contents = qpdf_oh_get_key(pdf, qpdf_get_page_n(pdf, 0), "/Contents");
	QPDF_BOOL filtered;

	if (qpdf_oh_is_array(pdf, contents) && qpdf_oh_get_array_n_items(pdf, contents) > 0)
		contents = qpdf_oh_get_array_item(pdf, contents, 0);
	out->there = qpdf_oh_is_stream(pdf, contents);
	if (!out->there)
		return OK;
	return qpdf_oh_get_stream_data(pdf, contents, qpdf_dl_none, &filtered, &out->at, &out->len) == QPDF_SUCCESS
		       ? OK
		       : unfit();
}

/* With the key that the password gave, our own decryption finds what was to be encrypted. */
static err compare_contents(qpdf_data sealed, const uint8_t key[PDF_FILE_KEY], qpdf_data original)
{
	OWNED(stream_done) struct stream before = { 0 };
	OWNED(stream_done) struct stream after = { 0 };
	size_t len = 0;

	TRY(read_contents(original, &before));
	TRY(read_contents(sealed, &after));
	if (before.there != after.there)
		return unfit();
	if (!before.there)
		return OK;
	if (failed(pdf_key_unseal(key, str_bytes(after.at, after.len), after.at, &len)))
		return unfit();
	return str_same(str_bytes(before.at, before.len), str_bytes(after.at, len)) ? OK : unfit();
}

static err check_inside(qpdf_data sealed, const uint8_t key[PDF_FILE_KEY], qpdf_data original, struct pdf_sealed *out)
{
	int pages = qpdf_get_num_pages(sealed);

	if (pages < 1 || pages != qpdf_get_num_pages(original))
		return unfit();
	TRY(compare_contents(sealed, key, original));
	if (qpdf_has_error(sealed) || qpdf_more_warnings(sealed))
		return unfit();
	*out = (struct pdf_sealed){ .pages = (uint64_t)pages, .revision = 6 };
	return OK;
}

err pdf_check(const struct pdf_order *order, str sealed, qpdf_data original, struct pdf_sealed *out)
{
	OWNED(pdf_unlocked_done) struct pdf_unlocked copy = { 0 };
	OWNED(pdf_done) qpdf_data pdf = NULL;
	uint8_t key[PDF_FILE_KEY];

	TRY(pdf_unlock(sealed, &copy));
	err opened = reopen(&pdf, &copy);
	/* qpdf 12 looks for pages at once, and here they still lie in object streams that it cannot read. */
	if (!copy.packed)
		TRY(opened);
	TRY(open_lock(pdf, order, key));
	err e = OK;
	if (copy.packed)
		e = failed(pdf_unlock_objects(&copy, key)) ? unfit() : reopen(&pdf, &copy);
	if (!failed(e))
		e = check_inside(pdf, key, original, out);
	crypt_wipe(key, sizeof key);
	return e;
}
