/* `pdf_seal`: {"password","owner": UTF-8, "pass": ACTIVE_BIT of what may be in it, "bytes_max"}, and "old" for one that
 * is sealed already */
#include "crypt/pdf_key.h"
#include "inspector/inspector.h"
#include "inspector/pdf.h"
#include "sys/sys.h"

#include <string.h>

#include <qpdf/qpdf-c.h>

enum { PASSWORD_LEAST = 1, PASSWORD_MOST = 127 }; /* ISO 32000-2, 7.6.4.3.3: what is behind is not looked at */

/* What breaks by sealing, or acts as soon as the document opens. All else is a matter of what may enter at all. */
static const uint32_t refused = ACTIVE_BIT(ACTIVE_ENCRYPTED) | ACTIVE_BIT(ACTIVE_SIGNED) | ACTIVE_BIT(ACTIVE_XFA) |
				ACTIVE_BIT(ACTIVE_ACTION) | ACTIVE_BIT(ACTIVE_SCRIPT) | ACTIVE_BIT(ACTIVE_LAUNCH);

/* The smallest PDF there is needs chance too, for its /ID, and what takes its time is left out. */
void prepare_pdf(void)
{
	qpdf_data pdf = qpdf_init();

	qpdf_empty_pdf(pdf);
	if (qpdf_init_write_memory(pdf) == QPDF_SUCCESS)
		(void)qpdf_write(pdf);
	qpdf_cleanup(&pdf);
	(void)pdf_key_prepare(); /* asked again by the first job */
}

/* The words that qpdf takes end with a NUL, and so none may be inside. */
static bool fit(str password)
{
	return password.len >= PASSWORD_LEAST && password.len <= PASSWORD_MOST && !str_has(password, 0) &&
	       str_utf8(password);
}

static err read_order(const struct job *job, struct pdf_order *out)
{
	str password = job_text(job, "password"), owner = job_text(job, "owner"), old = job_text(job, "old");

	if (!fit(password) || !fit(owner) || str_same(password, owner))
		return NEVER(PROTOCOL, "no passwords to seal a PDF with");
	if (old.len && !fit(old))
		return NEVER(PROOF, "this is not the password of the PDF");
	*out = (struct pdf_order){ .password = password.at, .owner = owner.at, .old = old.len ? old.at : NULL };
	return OK;
}

err job_pdf_seal(struct job *job, struct fault *fault)
{
	OWNED(held_done) struct held document = { 0 };
	const struct clock clock = sys_clock();
	struct file_rules rules = file_rules_default();
	struct look look = { .arena = job->arena, .clock = &clock, .rules = &rules };
	struct pdf_sealed sealed;
	struct pdf_order order;

	TRY(read_order(job, &order));
	rules.look_bytes = job_number(job, "bytes_max", rules.look_bytes);
	rules.time_max = 2 * MINUTE;
	rules.tolerated = ~refused | (uint32_t)job_number(job, "pass", 0);
	rules.tolerated &= ~ACTIVE_BIT(ACTIVE_ENCRYPTED);
	look.ends_at = clock_ticks(&clock) + rules.time_max;
	err e = look_hold(&look, job->document, &document);
	if (!failed(e))
		e = pdf_seal(&look, &order, str_bytes(document.at, document.len), job->result, &sealed);
	if (failed(e) && look.reason[0])
		fault_set(fault, "%s", look.reason);
	if (e.why == WHY_PROOF)
		fault_set(fault, "%s", e.note);
	TRY(e);
	return str_format(job->arena, &job->answer, "{\"revision\":%llu,\"pages\":%llu}",
			  (unsigned long long)sealed.revision, (unsigned long long)sealed.pages);
}
