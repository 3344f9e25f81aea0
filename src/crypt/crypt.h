/* crypt: the only folder that calls a crypto library. Pure operations first, then the keyring, which holds
 * the master, link and DKIM keys and lends out operations on them, never the keys.
 *
 * Keys live in secret arenas or in small arrays wiped with crypt_wipe(). Secrets are compared only with
 * crypt_same(). Nothing here logs; a failure of the library is BROKEN CRYPTO. */
#ifndef LETTERLOCK_CRYPT_H
#define LETTERLOCK_CRYPT_H

#include "base/base.h"

enum {
	AEAD_KEY = 32, /* AES-256-GCM */
	AEAD_NONCE = 12,
	AEAD_TAG = 16,
	SHA256_LEN = 32,
	SHA1_LEN = 20,
};

void crypt_wipe(void *at, size_t len);
bool crypt_same(str a, str b); /* constant time in the content; lengths are not secret */

/* AES-256-GCM (NIST SP 800-38D). seal writes len + AEAD_TAG bytes; open checks the tag before it gives a
 * byte: NEVER TAMPERED otherwise, and `to` is wiped. A context may be reused for many messages of one key. */
struct aead;
err aead_open(const uint8_t key[AEAD_KEY], struct aead **out);
void aead_done(struct aead **a);
err aead_seal(struct aead *a, const uint8_t nonce[AEAD_NONCE], str aad, str plain, uint8_t *to);
err aead_unseal(struct aead *a, const uint8_t nonce[AEAD_NONCE], str aad, str sealed, uint8_t *to);

err sha256(str bytes, uint8_t out[SHA256_LEN]);
err sha1(str bytes, uint8_t out[SHA1_LEN]); /* for names that a protocol makes of it; it protects nothing */
enum { MD5_LEN = 16 };
err md5(str bytes, uint8_t out[MD5_LEN]); /* RFC 1864 and ETags alone: it shows accidents, and protects nothing */
struct hash;                              /* SHA-256, a piece at a time */
err hash_open(struct hash **out);
void hash_done(struct hash **h);
err hash_add(struct hash *h, str bytes);
err hash_finish(struct hash *h, uint8_t out[SHA256_LEN]); /* and is ready for the next message */
/* Passes bytes on to `below` and hashes them; the digest is there after the sink above is finished. */
err hash_sink(struct arena *a, struct sink *below, uint8_t digest[SHA256_LEN], uint64_t *size, struct sink *out);

err hmac_sha256(str key, str bytes, uint8_t out[SHA256_LEN]);
err hkdf_sha256(str key, str info, uint8_t *out, size_t len); /* RFC 5869, no salt */

/* A small value sealed under a key of its own submission: nonce, ciphertext, tag. `place` names table and
 * column, `owner` the row: a value moved elsewhere does not open. */
enum { COLUMN_OVERHEAD = AEAD_NONCE + AEAD_TAG };
struct column_key; /* thread-safe */
err column_key_open(const uint8_t key[AEAD_KEY], struct column_key **out);
void column_key_done(struct column_key **k);
err column_seal(struct column_key *k, const struct entropy *e, str place, id owner, str plain, struct buf *out);
err column_unseal(struct column_key *k, struct arena *a, str place, id owner, str sealed, str *out);

/* ── Signatures ──────────────────────────────────────────────────────────────────────────────────── */

enum signature_algorithm { SIGNATURE_RSA_SHA256, SIGNATURE_ED25519_SHA256 }; /* RFC 6376, RFC 8463 */
enum { SIGNATURE_MAX = 512 };

/* Public side: DKIM record's p= decoded. RSA: SubjectPublicKeyInfo or RSAPublicKey DER; Ed25519: 32 raw bytes.
 * `digest` is the SHA-256 of what was signed. NEVER SIGNATURE if it does not verify, NEVER KEY if the key is unfit. */
err signature_verify(enum signature_algorithm how, str public_key, const uint8_t digest[SHA256_LEN], str signature,
		     unsigned *key_bits);

struct signing_key; /* thread-safe */
err signing_key_read(str pem, struct signing_key **out,
		     struct fault *fault); /* RSA >= 2048 or Ed25519, else NEVER KEY */
err signing_key_new(enum signature_algorithm how, unsigned bits, struct arena *secret, str *pem);
void signing_key_done(struct signing_key **k);
enum signature_algorithm signing_key_algorithm(const struct signing_key *k);
unsigned signing_key_bits(const struct signing_key *k);
err signing_key_public(const struct signing_key *k, struct buf *out); /* as it stands in p=, before base64 */
err signing_key_sign(struct signing_key *k, const uint8_t digest[SHA256_LEN], struct buf *signature);

/* ── The keyring ─────────────────────────────────────────────────────────────────────────────────── */

/* A wrapped data key: key number (4), nonce (12), sealed key (32), tag (16). The number tells which master
 * key wrapped it, so that keys can be rotated while objects stay readable. */
enum { WRAPPED_KEY = 64, MAC_LEN = SHA256_LEN };

/* What a MAC is for; each has a key of its own, derived from the link key (or, for MAC_ADDRESS and MAC_SUPPRESSION,
 * from the lookup key, which is never rotated, because rows are found by it). MAC_SUPPRESSION gives the key under which
 * the addresses of suppressions are sealed: these outlive every submission, and whoever learns of a bounce may not wrap
 * a key of their own. */
enum mac_purpose { MAC_TOKEN, MAC_ADDRESS, MAC_PROOF, MAC_SESSION, MAC_SUPPRESSION };

enum key_kind { KEY_MASTER, KEY_LINK, KEY_LOOKUP, KEY_DKIM, KEY_OPENPGP };
str key_kind_name(enum key_kind k); /* master, link, lookup, dkim, openpgp */
struct key_info {
	struct key_info *next;
	enum key_kind kind;
	uint32_t number; /* generation; the highest that is not retired is in use */
	bool retired, in_use;
	moment created_at;
	str domain, selector; /* DKIM only */
	enum signature_algorithm algorithm;
	unsigned bits;
	str public_key; /* OpenPGP only: the 32 bytes of an Ed25519 key (RFC 8032) */
};

/* Thread-safe. The functions are a table, so that a keeper process can stand behind it. */
struct keyring;
struct keyring_ops {
	err (*wrap)(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY]);
	err (*unwrap)(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY]);
	err (*mac)(void *state, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN]);
	err (*sign)(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature);
	err (*list)(void *state, struct arena *a, struct key_info **out);
	void (*close)(void *state);
	/* Null where nobody may: the keeper signs no mails as OpenPGP, since only `send` encloses documents. */
	err (*sign_openpgp)(void *state, uint32_t number, const uint8_t digest[SHA256_LEN], struct buf *signature);
};
err keyring_with(const struct keyring_ops *ops, void *state, struct keyring **out);

/* Reads a directory of private files (mode 0600 in 0700, else NEVER KEY): master-N.key, link-N.key,
 * lookup-1.key, dkim-DOMAIN-SELECTOR.pem, openpgp-N.pem, each with its created_at in its first line (see key_file.c).
 * NEVER KEY unless there is a master, a link and a lookup key to use.
 *
 * A retired master key wraps nothing more but still unwraps; a retired link key proves nothing more; a retired
 * DKIM or OpenPGP key signs nothing more. */
err keyring_open(const char *dir, const struct entropy *e, struct keyring **out, struct fault *fault);
void keyring_done(struct keyring **k);
/* What lies in the directory, complete or not: for `key list`, `init` and `config check`. */
err keyring_files(struct arena *a, const char *dir, struct key_info **out, struct fault *fault);
/* The public half of a DKIM key, as it stands in p= before base64. */
err keyring_files_public(const char *dir, str domain, str selector, struct buf *out, struct fault *fault);

/* `context` (what the key is for: "object" and its id, "submission" and its id) is authenticated. */
err keyring_wrap(struct keyring *k, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY]);
err keyring_unwrap(struct keyring *k, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY]);
/* A new data key and its wrapped form. */
err keyring_new_key(struct keyring *k, const struct entropy *e, str context, uint8_t key[AEAD_KEY],
		    uint8_t wrapped[WRAPPED_KEY]);
/* `age` 0 is the link key in use, 1 the one before, …; NEVER NOT_FOUND beyond the oldest that is not retired. */
err keyring_mac(struct keyring *k, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN]);
err keyring_sign(struct keyring *k, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature);
/* With an OpenPGP key, of that number: Ed25519 over the digest, 64 bytes. Asked by crypt/openpgp alone. NEVER DENIED
 * where the keyring does not do that. */
err keyring_sign_openpgp(struct keyring *k, uint32_t number, const uint8_t digest[SHA256_LEN], struct buf *signature);
err keyring_list(struct keyring *k, struct arena *a, struct key_info **out);
uint32_t wrapped_key_number(const uint8_t wrapped[WRAPPED_KEY]);
uint32_t keyring_master_in_use(struct keyring *k);

/* Domains and selectors become file names and DNS names: labels of lower-case letters, digits and inner
 * hyphens, at most 253 bytes in all (RFC 1123 2.1). */
bool key_name_fit(str name);

/* Making and retiring keys; on disk, atomically, never overwriting. A running keyring sees them when it is opened
 * again. */
err keyring_key_new(const char *dir, enum key_kind kind, str domain, str selector, enum signature_algorithm how,
		    moment now, const struct entropy *e, struct fault *fault);
err keyring_key_retire(const char *dir, enum key_kind kind, uint32_t number, str domain, str selector,
		       struct fault *fault);

/* ── Certificates ────────────────────────────────────────────────────────────────────────────────── */

/* A self-made certificate for trying out: ECDSA P-256, for `host`, localhost and this machine's own addresses.
 * `valid` is at most 825 days (NEVER LIMIT). */
err certificate_new(str host, moment now, span valid, const struct entropy *e, struct arena *a, str *cert_pem,
		    struct arena *secret, str *key_pem);

/* What an authority looks for when it asks us by TLS whether `host` is ours (RFC 8737 3). */
err certificate_for_challenge(str host, const uint8_t digest[SHA256_LEN], moment now, const struct entropy *e,
			      struct arena *a, str *cert_pem, struct arena *secret, str *key_pem);

/* ECDSA on P-256 with SHA-256 (ES256, RFC 7518 3.4): for an account at an authority and for certificates. */
enum { ECDSA_SIGNATURE = 64 };
struct ecdsa_key;
err ecdsa_key_new(struct arena *secret, str *pem);
err ecdsa_key_open(str pem, struct ecdsa_key **out); /* NEVER KEY */
void ecdsa_key_done(struct ecdsa_key **k);
err ecdsa_key_point(const struct ecdsa_key *k, uint8_t x[32], uint8_t y[32]);
err ecdsa_key_sign(const struct ecdsa_key *k, str bytes, uint8_t signature[ECDSA_SIGNATURE]);
/* PKCS #10 (RFC 2986), for one DNS name, in DER. */
err certificate_request(const struct ecdsa_key *k, str host, struct arena *a, str *der);

struct certificate_facts {
	moment begins_at, ends_at;
	bool matches_host, matches_key, self_made;
};
/* The first certificate of a PEM file; key_pem may be empty. NEVER TLS if there is none. */
err certificate_look(str pem, str host, str key_pem, struct certificate_facts *out);

/* ── For seal/zip: WinZip AE-2 ───────────────────────────────────────────────────────────────────── */

/* PBKDF2-HMAC-SHA1 (RFC 8018) for AE-2: 1,000 rounds, 66 bytes each; several documents at once, because the
 * vector units have lanes for them: a multiple of AE2_LANES is fastest. Uses AVX-512, SHA extensions, AVX2 or plain
 * C, whichever is there. NEVER LIMIT for a password of more than 64 bytes. */
struct ae2_keys {
	uint8_t cipher[32], mac[32], verifier[2];
};
enum { AE2_SALT = 16, AE2_ROUNDS = 1000, AE2_LANES = 4, AE2_PASSWORD_MAX = 64, AE2_TAG = 10 };
err ae2_derive(const str *passwords, const uint8_t (*salts)[AE2_SALT], struct ae2_keys *keys, size_t count);

/* AES-256 in the counter mode of AE-x (little-endian counter from 1) with HMAC-SHA1 over the ciphertext. */
struct ae2;
err ae2_open(const struct ae2_keys *keys, struct ae2 **out);
void ae2_done(struct ae2 **c);
err ae2_encrypt(struct ae2 *c, void *bytes, size_t len); /* in place, then into the MAC */
/* The other way: into the MAC, then in place. Nothing of it is to be trusted before the tag was compared. */
err ae2_decrypt(struct ae2 *c, void *bytes, size_t len);
err ae2_finish(struct ae2 *c, uint8_t tag[AE2_TAG]);

#endif
