#include "inspector/pdf.h"

#include <qpdf/qpdf-c.h>

/* The result, read again as a stranger would. */

static void pdf_done(qpdf_data *pdf)
{
	if (*pdf)
		qpdf_cleanup(pdf);
}

static err unfit(void)
{
	return NEVER(CRYPTO, "the encrypted PDF is not what it must be; nothing of it was kept");
}

/* *opened is false only if the password was the reason. */
static err open_with(qpdf_data pdf, str bytes, const char *password, bool *opened)
{
	qpdf_set_suppress_warnings(pdf, QPDF_TRUE);
	qpdf_silence_errors(pdf);
	qpdf_set_attempt_recovery(pdf, QPDF_FALSE);
	*opened = qpdf_read_memory(pdf, "sealed", bytes.at, bytes.len, password) == QPDF_SUCCESS;
	if (*opened)
		return OK;
	return qpdf_has_error(pdf) && qpdf_get_error_code(pdf, qpdf_get_error(pdf)) == qpdf_e_password ? OK : unfit();
}

static err opens_without(str bytes)
{
	OWNED(pdf_done) qpdf_data pdf = qpdf_init();
	bool opened;

	TRY(open_with(pdf, bytes, "", &opened));
	return opened ? unfit() : OK;
}

static bool number_is(qpdf_data pdf, qpdf_oh dictionary, const char *name, int64_t value)
{
	qpdf_oh n = qpdf_oh_get_key(pdf, dictionary, name);

	return qpdf_oh_is_integer(pdf, n) && qpdf_oh_get_int_value(pdf, n) == value;
}

/* ISO 32000-2, tables 20 and 25: one crypt filter, AESV3, for strings and streams, metadata not left out. */
static bool as_ordered(qpdf_data pdf)
{
	qpdf_oh encrypt = qpdf_oh_get_key(pdf, qpdf_get_trailer(pdf), "/Encrypt");
	if (!qpdf_oh_is_dictionary(pdf, encrypt) || !number_is(pdf, encrypt, "/V", 5) ||
	    !number_is(pdf, encrypt, "/R", 6))
		return false;
	qpdf_oh filters = qpdf_oh_get_key(pdf, encrypt, "/CF");
	qpdf_oh filter = qpdf_oh_get_key_if_dict(pdf, filters, "/StdCF");
	qpdf_oh metadata = qpdf_oh_get_key(pdf, encrypt, "/EncryptMetadata");
	return qpdf_oh_is_name_and_equals(pdf, qpdf_oh_get_key_if_dict(pdf, filter, "/CFM"), "/AESV3") &&
	       qpdf_oh_is_name_and_equals(pdf, qpdf_oh_get_key(pdf, encrypt, "/StmF"), "/StdCF") &&
	       qpdf_oh_is_name_and_equals(pdf, qpdf_oh_get_key(pdf, encrypt, "/StrF"), "/StdCF") &&
	       (qpdf_oh_is_null(pdf, metadata) || qpdf_oh_get_bool_value(pdf, metadata));
}

err pdf_check(const struct pdf_order *order, str sealed, struct pdf_sealed *out)
{
	OWNED(pdf_done) qpdf_data pdf = qpdf_init();
	bool opened;

	TRY(opens_without(sealed));
	TRY(open_with(pdf, sealed, order->password, &opened));
	if (!opened || !qpdf_is_encrypted(pdf) || !as_ordered(pdf))
		return unfit();
	int pages = qpdf_get_num_pages(pdf);
	if (pages < 1 || qpdf_has_error(pdf) || qpdf_more_warnings(pdf))
		return unfit();
	*out = (struct pdf_sealed){ .pages = (uint64_t)pages, .revision = 6 };
	return OK;
}
