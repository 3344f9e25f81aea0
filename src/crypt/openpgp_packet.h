/* Inside crypt only: OpenPGP as bytes (RFC 9580 3, 4 and 6). */
#ifndef LETTERLOCK_CRYPT_OPENPGP_PACKET_H
#define LETTERLOCK_CRYPT_OPENPGP_PACKET_H

#include "crypt/openpgp.h"

enum { PACKET_SIGNATURE = 2, PACKET_PUBLIC_KEY = 6, PACKET_USER_ID = 13 };
enum { SIGN_BINARY = 0x00, SIGN_CERTIFICATION = 0x13 }; /* RFC 9580 5.2.1 */
enum { OPENPGP_EDDSA_LEGACY = 22, OPENPGP_SHA256 = 8 };

void packet_u16(struct buf *b, size_t n);
void packet_u32(struct buf *b, uint32_t n);
void packet_mpi(struct buf *b, str number);              /* big-endian */
void packet_add(struct buf *b, unsigned type, str body); /* at most 8,383 bytes */
/* The lines between "-----BEGIN what-----" and "-----END what-----", with their checksum. */
void packet_armor(struct buf *b, const char *what, str packets, str line_end);

/* `hashed` (subpackets, RFC 9580 5.2.3.1) without creation time and issuer, which are added. */
err signature_packet(const struct openpgp_signer *s, unsigned type, uint32_t at, str hashed, struct hash *content,
		     struct buf *to);
/* The public key packet without its head. */
void key_body(const struct openpgp_key *k, struct buf *b);

#endif
