#include "flow/smime.h"

#include "sys/sys.h"

enum { ROOM = MAIL_AUTHORITIES_MAX + 4096, SECRET_ROOM = 1 << 20 };

/* The setting stands where a person looks first. */
static err about(struct fault *fault, const char *setting, const char *path, err e)
{
	char room[400];
	struct buf where = BUF_ON(room);

	if (!failed(e))
		return e;
	buf_add_format(&where, "%s (%s)", setting, path ? path : "");
	fault_where(fault, where.overflow ? str_of(setting) : buf_str(&where), 0, 0);
	if (fault_empty(fault))
		fault_set(fault, "%s", e.note);
	return e.fate == FATE_NEVER ? NEVER(CONFIG, "what S/MIME needs is not in order") : e;
}

static err open_signer(struct arena *secret, const struct config *c, struct cms_signer **out, struct fault *fault)
{
	str certificate, key;
	err e = file_read_all(secret, c->smime.certificate, MAIL_CERTIFICATE_MAX, &certificate);

	TRY(about(fault, "smime.certificate", c->smime.certificate, e));
	TRY(config_secret(c, &c->smime.key, secret, &key, fault));
	return about(fault, "smime.certificate", c->smime.certificate, cms_signer_open(certificate, key, out, fault));
}

err flow_smime_signer(const struct config *c, moment now, struct cms_signer **out, struct fault *fault)
{
	OWNED(arena_done) struct arena *secret = NULL;
	OWNED(cms_signer_done) struct cms_signer *signer = NULL;
	const struct mail_rules rules = { .use = MAIL_SIGN, .now = now, .address = c->sender.address };

	if (!c->smime.certificate) {
		if (!c->seal.sign_documents)
			return OK;
		fault_set(fault, "seal.sign_documents needs smime.certificate and smime.key to sign with");
		return NEVER(CONFIG, "there is nothing to sign with");
	}
	TRY(arena_open_secret(SECRET_ROOM, &secret));
	TRY(open_signer(secret, c, &signer, fault));
	TRY(about(fault, "smime.certificate", c->smime.certificate,
		  mail_certificate_judge(cms_signer_certificate(signer), &rules, fault)));
	*out = signer;
	signer = NULL;
	return OK;
}

err flow_smime_authorities(const struct config *c, struct mail_authorities **out, struct fault *fault)
{
	OWNED(arena_done) struct arena *a = NULL;
	str pem = STR_NONE;

	*out = NULL;
	if (c->smime.allow_unchained_reason.len)
		return OK;
	if (!c->smime.authorities)
		return mail_authorities_open(pem, true, out, fault);
	TRY(arena_open(ROOM, &a));
	err e = file_read_all(a, c->smime.authorities, MAIL_AUTHORITIES_MAX, &pem);
	if (!failed(e))
		e = mail_authorities_open(pem, false, out, fault);
	return about(fault, "smime.authorities", c->smime.authorities, e);
}
