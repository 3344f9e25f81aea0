/* Whatever is taken for a signature or a certificate: nothing but a real signature of "x" is ever believed. */
#include "crypt/cms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_signature(struct arena *a, str bytes)
{
	SCRATCH(a);
	const struct mail_rules rules = { .use = MAIL_SIGN, .now = (moment)1800000000 * SECOND };
	str content = STR("another document");
	struct source from = source_of_str(&content);
	struct cms_verified v = { 0 };

	if (!failed(cms_verify(a, bytes, &from, &rules, &v, NULL)))
		must(!v.intact);
}

static void try_certificate(struct arena *a, str bytes)
{
	SCRATCH(a);
	OWNED(mail_certificate_done) struct mail_certificate *c = NULL, *again = NULL;
	const struct mail_rules rules = { .use = MAIL_ENCRYPT, .now = (moment)1800000000 * SECOND };
	struct mail_certificate_facts facts;
	struct fault f = { 0 };
	str der;

	if (failed(mail_certificate_read(bytes, &c, NULL)))
		return;
	if (failed(mail_certificate_judge(c, &rules, &f)))
		must(f.what[0]);
	must(failed(mail_certificate_facts(a, c, &facts)) || facts.address_count <= MAIL_ADDRESSES_MAX);
	must(!failed(mail_certificate_der(a, c, &der)));
	must(der.len > MAIL_CERTIFICATE_MAX || !failed(mail_certificate_read(der, &again, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;

	if (!a)
		must(!failed(arena_open(8 << 20, &a)));
	try_signature(a, str_bytes(data, size));
	try_certificate(a, str_bytes(data, size));
	return 0;
}
