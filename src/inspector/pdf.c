#include "inspector/pdf.h"

static void pdf_done(qpdf_data *pdf)
{
	if (*pdf)
		qpdf_cleanup(pdf);
}

/* What qpdf calls an error of the system is memory that ran out: it has no files here. Asking takes the error away. */
static err why_not(struct look *l, qpdf_data pdf, const char *old)
{
	enum qpdf_error_code_e code =
		qpdf_has_error(pdf) ? qpdf_get_error_code(pdf, qpdf_get_error(pdf)) : qpdf_e_damaged_pdf;

	if (code == qpdf_e_system)
		return LATER(MEMORY, "memory ran out over a PDF");
	if (code == qpdf_e_password && old)
		return NEVER(PROOF, "this is not the password of the PDF");
	return look_refuse(l, "is a damaged PDF: readers would mend it, each in its own way; print or save it anew");
}

static err read_strictly(struct look *l, qpdf_data pdf, str bytes, const char *old)
{
	qpdf_set_suppress_warnings(pdf, QPDF_TRUE);
	qpdf_silence_errors(pdf);
	qpdf_set_attempt_recovery(pdf, QPDF_FALSE);
	if (qpdf_read_memory(pdf, "document", bytes.at, bytes.len, old) != QPDF_SUCCESS)
		return why_not(l, pdf, old);
	if (old && !qpdf_is_encrypted(pdf))
		return look_refuse(l, "is not sealed");
	if (!old && qpdf_is_encrypted(pdf)) /* the look refused it, unless somebody tolerates it there */
		return look_refuse(l, "%s", file_active_sentence(ACTIVE_ENCRYPTED));
	return OK;
}

/* Streams as they are: neither packed nor unpacked, compressed objects where they were. */
static err write_encrypted(struct look *l, qpdf_data pdf, const struct pdf_order *order)
{
	const QPDF_BOOL yes = QPDF_TRUE;

	if (qpdf_init_write_memory(pdf) & QPDF_ERRORS)
		return why_not(l, pdf, NULL);
	qpdf_set_object_stream_mode(pdf, qpdf_o_preserve);
	qpdf_set_stream_data_mode(pdf, qpdf_s_preserve);
	qpdf_set_r6_encryption_parameters2(pdf, order->password, order->owner, yes, yes, yes, yes, yes, yes,
					   qpdf_r3p_full, yes);
	return qpdf_write(pdf) == QPDF_SUCCESS && !qpdf_more_warnings(pdf) ? OK : why_not(l, pdf, NULL);
}

err pdf_seal(struct look *l, const struct pdf_order *order, str bytes, struct sink *to, struct pdf_sealed *out)
{
	OWNED(pdf_done) qpdf_data pdf = qpdf_init();
	struct pdf_sealed sealed = { 0 };

	must(order->password[0] && order->owner[0]);
	if (!order->old) /* else it was looked into before it was sealed */
		TRY(look_pdf(l, bytes));
	TRY(read_strictly(l, pdf, bytes, order->old));
	if (qpdf_get_num_pages(pdf) < 1)
		return look_refuse(l, "is a PDF without a page");
	TRY(look_time(l));
	TRY(write_encrypted(l, pdf, order));
	str result = str_bytes(qpdf_get_buffer(pdf), qpdf_get_buffer_length(pdf));
	TRY(pdf_check(order, result, pdf, &sealed));
	TRY(sink_put(to, result));
	*out = sealed;
	return OK;
}
