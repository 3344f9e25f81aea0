/* Questions and answers as bytes. */
#include "proc/keeper.h"

enum { BYTES_ANY = -1 };

/* What each question needs: the length of its bytes, and whether it has a name, a selector, a purpose. */
static const struct shape {
	int bytes;
	bool name, selector, purpose;
} shapes[] = {
	[KEEPER_WRAP] = { AEAD_KEY, .name = true },
	[KEEPER_UNWRAP] = { WRAPPED_KEY, .name = true },
	[KEEPER_MAC] = { BYTES_ANY, .purpose = true },
	[KEEPER_SIGN] = { SHA256_LEN, .name = true, .selector = true },
	[KEEPER_LIST] = { 0 },
};

static bool fits(const struct keeper_question *q)
{
	const struct shape *s = &shapes[q->what];

	return (s->bytes == BYTES_ANY || q->bytes.len == (size_t)s->bytes) && (q->name.len > 0) == s->name &&
	       (q->selector.len > 0) == s->selector && q->purpose <= MAC_SUPPRESSION &&
	       (s->purpose || (q->purpose == 0 && q->age == 0));
}

err keeper_question_read(str packet, struct keeper_question *out)
{
	struct reader r = READER(packet);
	struct keeper_question q = { 0 };

	unsigned what = reader_u8(&r);
	q.purpose = (enum mac_purpose)reader_u8(&r);
	q.age = reader_u32be(&r);
	size_t name_len = reader_u16be(&r), selector_len = reader_u16be(&r);
	q.name = reader_take(&r, name_len);
	q.selector = reader_take(&r, selector_len);
	q.bytes = r.rest;
	if (r.failed || packet.len > KEEPER_PACKET_MAX || what < KEEPER_WRAP || what > KEEPER_LIST)
		return NEVER(PROTOCOL, "not a question");
	q.what = (enum keeper_what)what;
	if (!fits(&q))
		return NEVER(PROTOCOL, "a question of the wrong shape");
	*out = q;
	return OK;
}

static void add_u16(struct buf *b, size_t n)
{
	uint8_t bytes[2];

	put_u16be(bytes, (uint16_t)n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

static void add_u32(struct buf *b, uint32_t n)
{
	uint8_t bytes[4];

	put_u32be(bytes, n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

static void add_u64(struct buf *b, uint64_t n)
{
	uint8_t bytes[8];

	put_u64be(bytes, n);
	buf_add(b, str_bytes(bytes, sizeof bytes));
}

err keeper_question_print(const struct keeper_question *q, struct buf *head)
{
	if (KEEPER_HEAD + q->name.len + q->selector.len + q->bytes.len > KEEPER_PACKET_MAX)
		return NEVER(LIMIT, "too much to ask the keeper");
	if (!fits(q))
		return NEVER(KEY, "nothing by that name is in the keyring");
	buf_add_char(head, (char)q->what);
	buf_add_char(head, (char)q->purpose);
	add_u32(head, q->age);
	add_u16(head, q->name.len);
	add_u16(head, q->selector.len);
	buf_add(head, q->name);
	buf_add(head, q->selector);
	return buf_check(head);
}

/* ── Answering ───────────────────────────────────────────────────────────────────────────────────── */

static err answer_wrap(struct keyring *keys, const struct keeper_question *q, struct buf *to)
{
	uint8_t wrapped[WRAPPED_KEY];

	TRY(keyring_wrap(keys, q->name, (const uint8_t *)q->bytes.at, wrapped));
	buf_add(to, str_bytes(wrapped, sizeof wrapped));
	return OK;
}

static err answer_unwrap(struct keyring *keys, const struct keeper_question *q, struct buf *to)
{
	uint8_t key[AEAD_KEY];

	err e = keyring_unwrap(keys, q->name, (const uint8_t *)q->bytes.at, key);
	if (!failed(e))
		buf_add(to, str_bytes(key, sizeof key));
	crypt_wipe(key, sizeof key);
	return e;
}

static err answer_mac(struct keyring *keys, const struct keeper_question *q, struct buf *to)
{
	uint8_t mac[MAC_LEN];

	TRY(keyring_mac(keys, q->purpose, q->age, q->bytes, mac));
	buf_add(to, str_bytes(mac, sizeof mac));
	crypt_wipe(mac, sizeof mac);
	return OK;
}

static err answer_sign(struct keyring *keys, const struct keeper_question *q, struct buf *to)
{
	return keyring_sign(keys, q->name, q->selector, (const uint8_t *)q->bytes.at, to);
}

static void add_short(struct buf *b, str s)
{
	buf_add_char(b, (char)s.len); /* a name of the DNS: at most 253 */
	buf_add(b, s);
}

static void add_key(struct buf *b, const struct key_info *k)
{
	buf_add_char(b, (char)k->kind);
	add_u32(b, k->number);
	buf_add_char(b, k->retired);
	buf_add_char(b, k->in_use);
	add_u64(b, (uint64_t)k->created_at);
	buf_add_char(b, (char)k->algorithm);
	add_u32(b, k->bits);
	add_short(b, k->domain);
	add_short(b, k->selector);
	add_short(b, k->public_key);
}

static err answer_list(struct keyring *keys, const struct keeper_question *q, struct buf *to)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct key_info *all = NULL;
	size_t count = 0;

	(void)q;
	TRY(arena_open(4u << 20, &a));
	TRY(keyring_list(keys, a, &all));
	for (const struct key_info *k = all; k; k = k->next)
		count++;
	if (count > UINT16_MAX)
		return NEVER(LIMIT, "too many keys");
	add_u16(to, count);
	for (const struct key_info *k = all; k; k = k->next)
		add_key(to, k);
	return buf_check(to);
}

static err (*const answers[])(struct keyring *, const struct keeper_question *, struct buf *) = {
	[KEEPER_WRAP] = answer_wrap, [KEEPER_UNWRAP] = answer_unwrap, [KEEPER_MAC] = answer_mac,
	[KEEPER_SIGN] = answer_sign, [KEEPER_LIST] = answer_list,
};

static void add_fate(struct buf *b, err e)
{
	buf_add_char(b, (char)e.fate);
	add_u16(b, e.why);
}

err keeper_answer(struct keyring *keys, unsigned may, str packet, struct buf *answer)
{
	struct keeper_question q;

	TRY(keeper_question_read(packet, &q));
	answer->len = 0;
	add_fate(answer, OK);
	err e = may & 1u << q.what ? answers[q.what](keys, &q, answer)
				   : NEVER(DENIED, "this role does not ask that of the keeper");
	if (failed(e)) {
		answer->len = 0;
		answer->overflow = false;
		add_fate(answer, e);
	}
	return OK;
}

/* ── Reading answers ─────────────────────────────────────────────────────────────────────────────── */

err keeper_answer_read(str packet, str *content)
{
	struct reader r = READER(packet);
	err e = { .fate = reader_u8(&r), .why = reader_u16be(&r) };

	if (r.failed || e.fate > FATE_BROKEN || e.why >= WHY_COUNT || (e.fate == FATE_OK) != (e.why == WHY_NONE))
		return LATER(PROTOCOL, "the keeper's answer is none");
	e.note = err_verdict(e)->words;
	TRY(e);
	*content = r.rest;
	return OK;
}

static void read_key(struct reader *r, struct key_info *k)
{
	k->kind = (enum key_kind)reader_u8(r);
	k->number = reader_u32be(r);
	k->retired = reader_u8(r) != 0;
	k->in_use = reader_u8(r) != 0;
	k->created_at = (moment)reader_u64be(r);
	k->algorithm = (enum signature_algorithm)reader_u8(r);
	k->bits = reader_u32be(r);
	k->domain = reader_take(r, reader_u8(r));
	k->selector = reader_take(r, reader_u8(r));
	k->public_key = reader_take(r, reader_u8(r));
	if (k->kind > KEY_OPENPGP || k->algorithm > SIGNATURE_ED25519_SHA256)
		r->failed = true;
}

err keeper_list_read(struct arena *a, str content, struct key_info **out)
{
	struct reader r = READER(content);
	struct key_info *all = NULL, **end = &all;

	for (size_t left = reader_u16be(&r); left > 0 && !r.failed; left--) {
		struct key_info k = { 0 };
		read_key(&r, &k);
		TRY(NEW(a, *end));
		TRY(str_copy(a, k.domain, &k.domain));
		TRY(str_copy(a, k.selector, &k.selector));
		TRY(str_copy(a, k.public_key, &k.public_key));
		**end = k;
		end = &(*end)->next;
	}
	if (!reader_ended(&r))
		return LATER(PROTOCOL, "the keeper's list is none");
	*out = all;
	return OK;
}
