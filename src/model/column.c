/* Sealed columns. `place` is table and column, the owner is the row: a value copied to another place does not open. */
#include "model/column.h"

struct db_value sealed(struct sealing *s, str place, str plain)
{
	struct buf b;

	if (!failed(s->failed))
		s->failed = buf_open(s->scratch, plain.len + COLUMN_OVERHEAD, &b);
	if (!failed(s->failed))
		s->failed = column_seal(s->key, s->entropy, place, s->owner, plain, &b);
	return failed(s->failed) ? db_none() : db_bytes(buf_str(&b));
}

str unsealed(struct unsealing *u, str place, int column)
{
	str plain = STR_NONE;

	if (failed(u->failed) || db_row_none(u->rows, column))
		return STR_NONE;
	u->failed = column_unseal(u->key, u->arena, place, u->owner, db_row_peek(u->rows, column), &plain);
	return plain;
}

void unsealed_digest(struct unsealing *u, str place, int column, uint8_t out[SHA256_LEN])
{
	str digest = unsealed(u, place, column);

	if (!failed(u->failed) && digest.len == SHA256_LEN)
		memcpy(out, digest.at, SHA256_LEN);
}

static size_t packed_len(const struct value *values)
{
	size_t len = 0;

	for (; values; values = values->next)
		len += 8 + values->name.len + values->text.len;
	return len;
}

static void pack(struct buf *b, str s)
{
	char len[4];

	put_u32be(len, (uint32_t)s.len);
	buf_add(b, str_bytes(len, sizeof len));
	buf_add(b, s);
}

err values_pack(struct arena *a, const struct value *values, str *out)
{
	struct buf b;

	TRY(buf_open(a, packed_len(values), &b));
	for (; values; values = values->next) {
		pack(&b, values->name);
		pack(&b, values->text);
	}
	TRY(buf_check(&b));
	*out = buf_str(&b);
	return OK;
}

err values_unpack(struct arena *a, str packed, struct value **out)
{
	struct reader r = READER(packed);
	struct value *first = NULL, **end = &first;

	while (r.rest.len && !r.failed) {
		TRY(NEW(a, *end));
		(*end)->name = reader_take(&r, reader_u32be(&r));
		(*end)->text = reader_take(&r, reader_u32be(&r));
		end = &(*end)->next;
	}
	if (r.failed)
		return BROKEN(DATABASE, "a recipient's values are cut short");
	*out = first;
	return OK;
}

err row_below(const struct db_rows *rows, int column, int64_t count, unsigned *out)
{
	int64_t n = db_row_number(rows, column);

	if (n < 0 || n >= count)
		return BROKEN(DATABASE, "a number stands for nothing");
	*out = (unsigned)n;
	return OK;
}
