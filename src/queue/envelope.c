#include "queue/envelope.h"

enum { ENVELOPE_MAX = 4096 };

#define ENVELOPE_PLACE STR("message.envelope")
#define CONTENT_PLACE STR("message.content")

static void add_field(struct buf *b, str field)
{
	char len[4];

	put_u32be(len, (uint32_t)field.len);
	buf_add(b, str_bytes(len, sizeof len));
	buf_add(b, field);
}

static str read_field(struct reader *r)
{
	return reader_take(r, reader_u32be(r));
}

/* Four fields, each after its length, and whether RFC 6531 is needed. */
static err pack(struct arena *a, const struct message *m, str *out)
{
	struct buf b;

	TRY(buf_open(a, ENVELOPE_MAX, &b));
	add_field(&b, m->from);
	add_field(&b, m->to);
	add_field(&b, m->domain);
	add_field(&b, m->id);
	buf_add_char(&b, m->smtputf8 ? 1 : 0);
	*out = buf_str(&b);
	return buf_check(&b);
}

static err unpack(str packed, struct message *out)
{
	struct reader r = READER(packed);

	out->from = read_field(&r);
	out->to = read_field(&r);
	out->domain = read_field(&r);
	out->id = read_field(&r);
	out->smtputf8 = reader_u8(&r) == 1;
	return reader_ended(&r) ? OK : NEVER(TAMPERED, "the envelope of a queued message is damaged");
}

static err seal(struct arena *a, struct column_key *key, const struct entropy *e, str place, id delivery, str plain,
		str *out)
{
	struct buf b;

	TRY(buf_open(a, plain.len + COLUMN_OVERHEAD, &b));
	TRY(column_seal(key, e, place, delivery, plain, &b));
	*out = buf_str(&b);
	return OK;
}

err message_seal(struct arena *a, struct column_key *key, const struct entropy *e, id delivery,
		 const struct message *message, str *envelope, str *content)
{
	str packed;

	if (message->bytes.len > QUEUE_MESSAGE_MAX)
		return NEVER(LIMIT, "the message is larger than the queue takes");
	TRY(pack(a, message, &packed));
	TRY(seal(a, key, e, ENVELOPE_PLACE, delivery, packed, envelope));
	return seal(a, key, e, CONTENT_PLACE, delivery, message->bytes, content);
}

err message_unseal(struct arena *a, struct column_key *key, id delivery, str envelope, str content, struct message *out)
{
	struct message m = { 0 };
	str packed;

	TRY(column_unseal(key, a, ENVELOPE_PLACE, delivery, envelope, &packed));
	TRY(unpack(packed, &m));
	TRY(column_unseal(key, a, CONTENT_PLACE, delivery, content, &m.bytes));
	*out = m;
	return OK;
}
