/* Packets, numbers and armour. */
#include "crypt/openpgp_packet.h"

enum { TWO_BYTES = 192, TWO_BYTES_MOST = 8383, ARMOR_BYTES = 48 };

void packet_u16(struct buf *b, size_t n)
{
	uint8_t bytes[2];

	put_u16be(bytes, (uint16_t)n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

void packet_u32(struct buf *b, uint32_t n)
{
	uint8_t bytes[4];

	put_u32be(bytes, n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

/* RFC 9580 3.2: the number of bits, counted from the first that is set. Half of all signatures have shorter ones. */
void packet_mpi(struct buf *b, str number)
{
	while (number.len && number.at[0] == 0)
		number = str_from(number, 1);
	size_t bits = 8 * number.len;
	for (unsigned first = number.len ? (unsigned char)number.at[0] : 0x80; !(first & 0x80); first <<= 1)
		bits--;
	packet_u16(b, bits);
	buf_add(b, number);
}

/* RFC 9580 4.2.1: one byte of length, or two from 192 on. */
void packet_add(struct buf *b, unsigned type, str body)
{
	must(body.len <= TWO_BYTES_MOST);
	buf_add_char(b, (char)(0xC0 | type));
	if (body.len >= TWO_BYTES)
		packet_u16(b, (TWO_BYTES << 8) + body.len - TWO_BYTES);
	else
		buf_add_char(b, (char)body.len);
	buf_add(b, body);
}

/* RFC 9580 6.1: nothing needs it any more but older readers, who may insist. */
static void add_checksum(struct buf *b, str packets, str line_end)
{
	uint32_t crc = 0xB704CE;
	uint8_t bytes[4];

	for (size_t i = 0; i < packets.len; i++) {
		crc ^= (uint32_t)(unsigned char)packets.at[i] << 16;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x800000 ? (crc << 1 ^ 0x864CFB) & 0xFFFFFF : crc << 1;
	}
	put_u32be(bytes, crc);
	buf_add_char(b, '=');
	buf_add_base64(b, str_bytes(bytes + 1, 3));
	buf_add(b, line_end);
}

void packet_armor(struct buf *b, const char *what, str packets, str line_end)
{
	buf_add_format(b, "-----BEGIN %s-----%.*s%.*s", what, STR_ARG(line_end), STR_ARG(line_end));
	for (str rest = packets; rest.len; rest = str_from(rest, ARMOR_BYTES)) {
		buf_add_base64(b, str_upto(rest, ARMOR_BYTES));
		buf_add(b, line_end);
	}
	add_checksum(b, packets, line_end);
	buf_add_format(b, "-----END %s-----%.*s", what, STR_ARG(line_end));
}
