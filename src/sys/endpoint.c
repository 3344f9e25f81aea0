/* Which addresses belong to the public Internet: the registries of special-purpose addresses (RFC 6890, kept by IANA)
 * as a table. What is not known to be public is not. */
#include "sys/sys.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct range {
	uint32_t first;
	unsigned bits;
};

static const struct range special4[] = {
	{ 0x00000000, 8 },  /* this network */
	{ 0x0A000000, 8 },  /* private, RFC 1918 */
	{ 0x64400000, 10 }, /* behind a carrier's translation, RFC 6598 */
	{ 0x7F000000, 8 },  /* loopback */
	{ 0xA9FE0000, 16 }, /* link-local, RFC 3927, and with it the metadata of clouds */
	{ 0xAC100000, 12 }, /* private */
	{ 0xC0000000, 24 }, /* protocol assignments */
	{ 0xC0000200, 24 }, /* documentation, RFC 5737 */
	{ 0xC0586300, 24 }, /* 6to4 relays, RFC 7526 */
	{ 0xC0A80000, 16 }, /* private */
	{ 0xC6120000, 15 }, /* measuring, RFC 2544 */
	{ 0xC6336400, 24 }, /* documentation */
	{ 0xCB007100, 24 }, /* documentation */
	{ 0xE0000000, 4 },  /* multicast */
	{ 0xF0000000, 4 },  /* reserved, and broadcast */
};

/* Inside 2000::/3, the only unicast that is routed; by its first 32 bits. */
static const struct range special6[] = {
	{ 0x20010000, 23 }, /* protocol assignments: Teredo, ORCHID and others */
	{ 0x20010DB8, 32 }, /* documentation, RFC 3849 */
	{ 0x20020000, 16 }, /* 6to4, which holds an IPv4 address */
	{ 0x3FFF0000, 20 }, /* documentation, RFC 9637 */
};

static uint32_t first_bits(const uint8_t at[4])
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool is_in(uint32_t address, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((address ^ ranges[i].first) >> (32 - ranges[i].bits) == 0)
			return true;
	return false;
}

static bool public4(const uint8_t at[4])
{
	return !is_in(first_bits(at), special4, sizeof special4 / sizeof *special4);
}

static bool public6(const uint8_t at[16])
{
	return at[0] >> 5 == 1 && !is_in(first_bits(at), special6, sizeof special6 / sizeof *special6);
}

static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };

/* Four bytes or sixteen; an IPv4 address in IPv6's clothes (RFC 4291 2.5.5.2) is what it is. Null: neither. */
static const uint8_t *address_of(const struct endpoint *e, size_t *len)
{
	const struct sockaddr *any = (const struct sockaddr *)e->address;

	*len = 4;
	if (any->sa_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)any)->sin_addr;
	if (any->sa_family != AF_INET6)
		return NULL;
	const uint8_t *at = ((const struct sockaddr_in6 *)any)->sin6_addr.s6_addr;
	if (memcmp(at, mapped, sizeof mapped) == 0)
		return at + sizeof mapped;
	*len = 16;
	return at;
}

bool endpoint_is_public(const struct endpoint *e)
{
	size_t len;
	const uint8_t *at = address_of(e, &len);

	return at && (len == 4 ? public4(at) : public6(at));
}

bool endpoint_is_loopback(const struct endpoint *e)
{
	static const uint8_t one[16] = { [15] = 1 };
	size_t len;
	const uint8_t *at = address_of(e, &len);

	return at && (len == 4 ? at[0] == 127 : memcmp(at, one, sizeof one) == 0);
}

bool endpoint_same_address(const struct endpoint *a, const struct endpoint *b)
{
	size_t a_len, b_len;
	const uint8_t *a_at = address_of(a, &a_len), *b_at = address_of(b, &b_len);

	return a_at && b_at && a_len == b_len && memcmp(a_at, b_at, a_len) == 0;
}
