#include "inspector/pdf_inside.h"

#include "crypt/pdf_key.h"

#include <stdlib.h>
#include <string.h>

/* Only what qpdf itself writes is looked at here, and what looks different is not unlocked. */
enum { DICTIONARY_MAX = 512 };
#define LOCK "/Encrypt "
#define PACKED "/ObjStm"

static err unknown(void)
{
	return NEVER(CRYPTO, "the encrypted PDF is not written as qpdf writes");
}

/* Where `word` stands, or NULL. */
static char *find(char *from, const char *end, str word)
{
	return from && from < end ? memmem(from, (size_t)(end - from), word.at, word.len) : NULL;
}

static char *find_last(char *from, const char *end, str word)
{
	char *last = NULL;

	for (char *at = find(from, end, word); at; at = find(at + 1, end, word))
		last = at;
	return last;
}

static bool read_number(const char *at, const char *end, size_t *out, size_t *digits)
{
	str s = str_bytes(at, (size_t)(end - at));
	uint64_t n = 0;
	size_t len = 0;

	while (len < s.len && s.at[len] >= '0' && s.at[len] <= '9')
		len++;
	if (len == 0 || !str_number(str_upto(s, len), &n) || n > SIZE_MAX)
		return false;
	*out = (size_t)n;
	*digits = len;
	return true;
}

/* ── The lock ────────────────────────────────────────────────────────────────────────────────────── */

/* The trailer, or the dictionary of the cross-reference stream, begins where startxref says or behind the table. */
static err rename_lock(struct pdf_unlocked *u)
{
	char *end = u->at + u->len, *tail = u->len > DICTIONARY_MAX ? end - DICTIONARY_MAX : u->at;
	char *start = find_last(tail, end, STR("startxref\n"));
	size_t offset = 0, digits;

	if (!start || !read_number(start + strlen("startxref\n"), end, &offset, &digits) || offset >= u->len)
		return unknown();
	char *lock = find(u->at + offset, end, STR(LOCK));
	if (!lock)
		return unknown();
	memcpy(lock, PDF_UNLOCKED_NAME, strlen(PDF_UNLOCKED_NAME));
	u->packed = memcmp(u->at + offset, "xref", 4) != 0;
	return OK;
}

err pdf_unlock(str sealed, struct pdf_unlocked *out)
{
	OWNED(pdf_unlocked_done) struct pdf_unlocked u = { .at = malloc(sealed.len + 1), .len = sealed.len };

	if (!u.at)
		return LATER(MEMORY, "memory ran out over a PDF");
	if (sealed.len < DICTIONARY_MAX)
		return unknown();
	memcpy(u.at, sealed.at, sealed.len);
	TRY(rename_lock(&u));
	*out = u;
	u.at = NULL;
	return OK;
}

void pdf_unlocked_done(struct pdf_unlocked *u)
{
	free(u->at);
	u->at = NULL;
}

/* ── Object streams ──────────────────────────────────────────────────────────────────────────────── */

struct packed {
	char *length, *data; /* its number in the dictionary; the first byte */
	size_t digits, len;
};

/* "7 0 obj\n<< /Type /ObjStm /Length 1360 … >>\nstream\n", around the name. */
static bool read_packed(const struct pdf_unlocked *u, char *name, struct packed *out)
{
	static const str length = STR("/Length "), begins = STR("stream\n");
	char *end = u->at + u->len;
	char *first = name - u->at > DICTIONARY_MAX ? name - DICTIONARY_MAX : u->at;
	char *last = end - name > DICTIONARY_MAX ? name + DICTIONARY_MAX : end;
	char *dictionary = find_last(first, name, STR(" obj\n")), *data = find(name, last, begins);
	struct packed p = { .length = data ? find(dictionary, data, length) : NULL };

	if (!p.length)
		return false;
	p.length += length.len;
	p.data = data + begins.len;
	if (!read_number(p.length, p.data, &p.len, &p.digits) || p.len > (size_t)(end - p.data))
		return false;
	*out = p;
	return true;
}

/* What is decrypted is shorter: blanks fill the room, in the number and before `endstream`, where they may stand. */
static err unseal(const struct packed *p, const uint8_t key[PDF_FILE_KEY])
{
	char digits[24];
	struct buf number = BUF_ON(digits);
	size_t len = 0;

	TRY(pdf_key_unseal(key, str_bytes(p->data, p->len), (uint8_t *)p->data, &len));
	buf_add_number(&number, len);
	must(number.len <= p->digits);
	memset(p->length, ' ', p->digits);
	memcpy(p->length, number.at, number.len);
	memset(p->data + len, ' ', p->len - len);
	return OK;
}

err pdf_unlock_objects(struct pdf_unlocked *u, const uint8_t key[PDF_FILE_KEY])
{
	char *end = u->at + u->len, *name = u->at;
	struct packed p;

	while ((name = find(name, end, STR(PACKED))) != NULL) {
		if (!read_packed(u, name, &p))
			return unknown();
		TRY(unseal(&p, key));
		name = p.data + p.len;
	}
	return OK;
}
