#include "flow/decide.h"

#include "flow/enclose.h"
#include "seal/pdf.h"
#include "wire/file_rules.h"

/* Encrypting breaks the one, and readers do the others in an encrypted file as in any. */
#define PDF_AS_IT_IS                                                                                                   \
	(ACTIVE_BIT(ACTIVE_SIGNED) | ACTIVE_BIT(ACTIVE_ENCRYPTED) | ACTIVE_BIT(ACTIVE_XFA) |                           \
	 ACTIVE_BIT(ACTIVE_ACTION) | ACTIVE_BIT(ACTIVE_SCRIPT) | ACTIVE_BIT(ACTIVE_LAUNCH))

static void look_at_documents(const struct line *line, const struct intake *in, uint32_t pass, struct choice_facts *f)
{
	f->only_pdf = in->to->documents != NULL;
	for (const struct document *doc = in->to->documents; doc; doc = doc->next) {
		f->only_pdf = f->only_pdf && str_same(doc->type, STR("application/pdf"));
		f->pdf_too_large = f->pdf_too_large || doc->size > line->config->limits.pdf_bytes;
	}
	f->pdf_as_it_is = (in->active & PDF_AS_IT_IS & ~pass) != 0;
}

err decide(const struct line *line, const struct submission *sub, struct intake *in)
{
	struct choice_facts facts = { .proof = in->to->link.proof, .strong = in->strong };
	uint32_t pass;

	if (sub->seal != SEAL_AUTO)
		return OK;
	TRY(seal_pdf_pass(line->config->seal.pdf_pass, &pass, &in->fault));
	look_at_documents(line, in, pass, &facts);
	facts.certificate = in->certificate;
	facts.pgp_key = in->pgp_key;
	facts.mail_too_large = in->mail_too_large;
	in->choice = choose(&facts);
	in->to->seal = in->choice.seal;
	return OK;
}

bool decide_otherwise(const struct submission *sub, struct intake *in, err refused)
{
	if (sub->seal != SEAL_AUTO || in->to->seal != SEAL_PDF || refused.fate != FATE_NEVER)
		return false;
	in->choice.seal = in->to->seal = SEAL_OPEN;
	in->choice.because = CHOICE_PDF_AS_IT_IS;
	in->fault = (struct fault){ 0 };
	in->unused = in->to->objects; /* of the one recipient, and tried once: there were none before */
	in->to->objects = NULL;
	return true;
}

static err keep_words(struct arena *a, struct intake *in, err refused)
{
	struct buf b;

	TRY(buf_open(a, 2048, &b));
	buf_add_fault(&b, &in->fault, refused);
	in->passed_over = buf_str(&b);
	in->fault = (struct fault){ 0 };
	return OK;
}

err decide_without_key(const struct line *line, const struct submission *sub, struct intake *in, err refused,
		       bool *again)
{
	*again = false;
	if (sub->seal != SEAL_AUTO || refused.fate != FATE_NEVER)
		return OK;
	if (refused.why == WHY_LIMIT)
		in->mail_too_large = true;
	else if (refused.why != WHY_KEY)
		return OK;
	else if (in->to->seal == SEAL_SMIME)
		in->certificate = KEY_UNUSABLE;
	else
		in->pgp_key = KEY_UNUSABLE;
	TRY(keep_words(sub->arena, in, refused));
	enclose_no_more(in);
	TRY(decide(line, sub, in));
	*again = true;
	return OK;
}
