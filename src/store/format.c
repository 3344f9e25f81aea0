#include "store/format.h"

const uint8_t object_header[OBJECT_HEADER] = { 'L', 'L', 'O', 'B', 1, 16, 0, 0 };

void place_nonce(const struct place *p, uint8_t nonce[AEAD_NONCE])
{
	memset(nonce, 0, AEAD_NONCE);
	put_u64be(nonce + 3, p->number);
	nonce[11] = p->last;
}

str place_aad(const struct place *p, uint8_t aad[OBJECT_AAD])
{
	memcpy(aad, object_header, OBJECT_HEADER);
	memcpy(aad + 8, p->owner.byte, 16);
	memcpy(aad + 24, p->object.byte, 16);
	put_u64be(aad + 40, p->number);
	aad[48] = p->last;
	return str_bytes(aad, OBJECT_AAD);
}

uint64_t chunks_of(uint64_t size)
{
	return size ? (size - 1) / CHUNK + 1 : 1;
}

err sealed_size(uint64_t size, uint64_t *out)
{
	if (size > INT64_MAX / 2)
		return NEVER(LIMIT, "no object is that large");
	*out = OBJECT_HEADER + size + chunks_of(size) * AEAD_TAG;
	return OK;
}
