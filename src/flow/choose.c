#include "flow/choose.h"

static const struct {
	str name, words;
} reasons[CHOICE_COUNT] = {
#define CHOICE(name, text, words) { STR(text), STR(words) },
#include "flow/choice.def"
#undef CHOICE
};

str choice_name(enum choice_reason r)
{
	must(r < CHOICE_COUNT);
	return reasons[r].name;
}

str choice_words(enum choice_reason r)
{
	must(r < CHOICE_COUNT);
	return reasons[r].words;
}

bool choice_named(str name, enum choice_reason *out)
{
	for (unsigned r = 0; r < CHOICE_COUNT; r++)
		if (str_same(reasons[r].name, name)) {
			*out = (enum choice_reason)r;
			return true;
		}
	return false;
}

/* CHOICE_NONE: nothing does. */
static enum choice_reason against_mail(const struct choice_facts *f)
{
	if (f->certificate == KEY_NONE && f->pgp_key == KEY_NONE)
		return CHOICE_NONE;
	if (f->certificate != KEY_USABLE && f->pgp_key != KEY_USABLE)
		return f->pgp_key == KEY_DOUBTED ? CHOICE_KEY_DOUBTED : CHOICE_KEY_UNUSABLE;
	return f->mail_too_large ? CHOICE_MAIL_TOO_LARGE : CHOICE_NONE;
}

static enum choice_reason against_pdf(const struct choice_facts *f)
{
	return !f->only_pdf             ? CHOICE_NOT_PDF
	       : f->proof == PROOF_CODE ? CHOICE_CODE
	       : !f->strong             ? CHOICE_WEAK
	       : f->pdf_as_it_is        ? CHOICE_PDF_AS_IT_IS
	       : f->pdf_too_large       ? CHOICE_PDF_TOO_LARGE
					: CHOICE_NONE;
}

struct choice choose(const struct choice_facts *f)
{
	enum choice_reason no_mail = against_mail(f), no_pdf = against_pdf(f);

	if (no_mail == CHOICE_NONE && f->certificate == KEY_USABLE)
		return (struct choice){ SEAL_SMIME, CHOICE_CERTIFICATE, CHOICE_NONE };
	if (no_mail == CHOICE_NONE && f->pgp_key == KEY_USABLE)
		return (struct choice){ SEAL_PGP, CHOICE_KEY, CHOICE_NONE };
	if (no_pdf == CHOICE_NONE)
		return (struct choice){ SEAL_PDF, CHOICE_ONLY_PDF, no_mail };
	return (struct choice){ SEAL_OPEN, no_pdf, no_mail };
}
