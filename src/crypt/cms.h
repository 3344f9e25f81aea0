/* crypt/cms: the Cryptographic Message Syntax (RFC 5652, 5083, 5084, 8551) as streams: encrypting to certificates,
 * and signatures that stand beside what they sign. Nothing here holds the content, however long it is.
 *
 * Encrypted is with AES-256-CBC (EnvelopedData), which every reader opens, or AES-256-GCM (AuthEnvelopedData), which
 * gpgsm 2.2 and older mail programs do not. CBC is not authenticated: who can change it on the way can change
 * what is read (EFAIL, CVE-2017-17688), and only a signature inside tells. GCM notices by itself.
 *
 * The content key goes to RSA keys by PKCS #1 v1.5, because gpgsm and older mail programs know no OAEP: what can be
 * asked of a decrypting oracle (Bleichenbacher) cannot be asked of a person's mail program. To EC keys it goes by
 * ephemeral ECDH with the SHA-256 KDF and AES-256 key wrap (RFC 5753, RFC 8418's sizes). */
#ifndef LETTERLOCK_CRYPT_CMS_H
#define LETTERLOCK_CRYPT_CMS_H

#include "crypt/mail_certificate.h"

enum cms_cipher { CMS_CBC, CMS_GCM };
enum { CMS_RECIPIENTS_MAX = 100, CMS_SIGNATURE_MAX = 256 * 1024 };

/* What is written into *out goes encrypted into `below`, as BER. The certificates have been judged; they need not
 * outlive this call. NEVER DOCUMENT when finishing if nothing was written: then there would be nothing to open. */
err cms_encrypt(struct arena *a, const struct mail_certificate *const *to, size_t count, enum cms_cipher cipher,
		struct sink *below, struct sink *out);

/* ── Signing ── */

/* A certificate, its private key, and those above it, which travel with each signature. Shared by threads. */
struct cms_signer;
/* NEVER KEY, in words: key and certificate must belong together. Signs once, to see that it can. */
err cms_signer_open(str certificate_pem, str key_pem, struct cms_signer **out, struct fault *fault);
void cms_signer_done(struct cms_signer **s);
const struct mail_certificate *cms_signer_certificate(const struct cms_signer *s);
size_t cms_signer_room(const struct cms_signer *s); /* bytes that each of its signatures fits into */

/* A detached signature (SHA-256, with the signer's certificates and the time): add, then finish, which writes DER. */
struct cms_signing;
err cms_sign_begin(const struct cms_signer *s, moment now, struct cms_signing **out);
err cms_sign_add(struct cms_signing *s, str bytes);
err cms_sign_finish(struct cms_signing *s, struct buf *der);
void cms_signing_done(struct cms_signing **s);

/* ── Verifying ── */

struct cms_verified {
	bool intact; /* the signature is of this content, made with the key of that certificate */
	/* Is the certificate believed? OK, or NEVER KEY with the words in `doubt`. */
	err trusted;
	struct fault doubt;
	struct mail_certificate_facts signer;
	moment signed_at; /* as the signer says; 0: he does not */
};
/* `signature` is DER or PEM, detached, by one signer, with SHA-256 or longer. NEVER SYNTAX if it is no such thing, with
 * the words in `fault`. The content is read to its end. */
err cms_verify(struct arena *a, str signature, struct source *content, const struct mail_rules *rules,
	       struct cms_verified *out, struct fault *fault);

#endif
