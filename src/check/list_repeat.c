/* Which address was seen with which documents. A list of a million rows is remembered by 96 bits of SHA-256 each,
 * so that a chosen collision cannot make a row disappear. */
#include "check/list_inside.h"

#include <string.h>

struct seen {
	uint64_t key;
	uint32_t key_more, values; /* values: hash of name and values, to tell whether the repetition differs */
	uint64_t row;              /* 0: the place is free */
};

struct repeats {
	struct arena *arena; /* the table's own, never the list's: callers rewind theirs after each row */
	struct seen *table;
	size_t size, used; /* size is a power of two */
};

static err open_table(struct repeats *r, size_t size)
{
	TRY(arena_open(size * sizeof *r->table + 4096, &r->arena));
	r->size = size;
	return NEW_ARRAY(r->arena, size, r->table);
}

err repeats_open(struct arena *a, struct repeats **out)
{
	TRY(NEW(a, *out));
	return open_table(*out, 1024);
}

void repeats_close(struct repeats *r)
{
	if (r)
		arena_close(r->arena);
}

static struct seen *place(struct seen *table, size_t size, const struct seen *s)
{
	for (size_t i = s->key & (size - 1);; i = (i + 1) & (size - 1))
		if (!table[i].row || (table[i].key == s->key && table[i].key_more == s->key_more))
			return &table[i];
}

static err grow(struct repeats *r)
{
	struct repeats wider = { .used = r->used };
	err e = open_table(&wider, 2 * r->size);

	if (failed(e)) {
		arena_close(wider.arena);
		return e;
	}
	for (size_t i = 0; i < r->size; i++)
		if (r->table[i].row)
			*place(wider.table, wider.size, &r->table[i]) = r->table[i];
	arena_close(r->arena);
	*r = wider;
	return OK;
}

/* Each part with its length in front, so that no two rows spell one text. */
static void add_part(struct buf *b, str part)
{
	uint8_t len[8];

	put_u64be(len, part.len);
	buf_add(b, str_bytes(len, sizeof len));
	buf_add(b, part);
}

static size_t text_size(const struct list_row *row)
{
	size_t size = row->address.text.len + row->name.len + row->language.len + 24;

	for (size_t i = 0; i < row->document_count; i++)
		size += row->documents[i].len + 8;
	for (const struct value *v = row->values; v; v = v->next)
		size += v->text.len + 8;
	return size;
}

static void add_values(struct buf *b, const struct list_row *row)
{
	add_part(b, row->name);
	add_part(b, row->language);
	for (const struct value *v = row->values; v; v = v->next)
		add_part(b, v->text);
}

/* Without documents the values are what is sent, and rows that differ in them are different mails. */
static err summarise(struct arena *a, const struct list_row *row, struct seen *out)
{
	uint8_t digest[SHA256_LEN];
	struct buf b;

	TRY(buf_open(a, text_size(row), &b));
	add_values(&b, row);
	TRY(sha256(buf_str(&b), digest));
	memcpy(&out->values, digest, sizeof out->values);
	if (row->document_count)
		b.len = 0;
	add_part(&b, row->address.text);
	for (size_t i = 0; i < row->document_count; i++)
		add_part(&b, row->documents[i]);
	TRY(sha256(buf_str(&b), digest));
	memcpy(&out->key, digest, sizeof out->key);
	memcpy(&out->key_more, digest + sizeof out->key, sizeof out->key_more);
	out->row = row->row;
	return buf_check(&b);
}

err repeats_note(struct repeats *r, struct arena *scratch, struct list_row *row)
{
	SCRATCH(scratch);
	struct seen seen = { 0 };

	TRY(summarise(scratch, row, &seen));
	if (r->used >= r->size / 4 * 3)
		TRY(grow(r));
	struct seen *at = place(r->table, r->size, &seen);
	if (at->row) {
		row->repeats = at->row;
		row->repeats_otherwise = at->values != seen.values;
	} else {
		*at = seen;
		r->used++;
	}
	return OK;
}
