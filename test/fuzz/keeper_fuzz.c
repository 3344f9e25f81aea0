/* What the keeper's clients say: a question prints to the bytes it was read from, and whatever is asked is answered. */
#include "proc/keeper.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err fake_wrap(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	(void)state;
	must(context.len > 0 && context.len < KEEPER_PACKET_MAX);
	memset(wrapped, key[AEAD_KEY - 1], WRAPPED_KEY);
	return OK;
}

static err fake_unwrap(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	(void)state;
	must(context.len > 0 && context.len < KEEPER_PACKET_MAX);
	memset(key, wrapped[WRAPPED_KEY - 1], AEAD_KEY);
	return wrapped[0] & 1 ? NEVER(TAMPERED, "for the sake of it") : OK;
}

static err fake_mac(void *state, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN])
{
	(void)state, (void)bytes;
	must(purpose <= MAC_SUPPRESSION);
	memset(mac, (int)age, MAC_LEN);
	return age > 3 ? NEVER(NOT_FOUND, "too old") : OK;
}

static err fake_sign(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	(void)state, (void)selector;
	must(domain.len > 0);
	buf_add(signature, str_bytes(digest, SHA256_LEN));
	return OK;
}

static err fake_list(void *state, struct arena *a, struct key_info **out)
{
	(void)state;
	TRY(NEW(a, *out));
	(*out)->domain = STR("a.example");
	return OK;
}

static const struct keyring_ops fake = { fake_wrap, fake_unwrap, fake_mac, fake_sign, fake_list, NULL, NULL };

static void check_spelling(const struct keeper_question *q, str packet)
{
	static char room[KEEPER_PACKET_MAX];
	struct buf again = BUF_ON(room);

	must(!failed(keeper_question_print(q, &again)));
	buf_add(&again, q->bytes);
	must(str_same(buf_str(&again), packet));
}

static void check_answer(str packet)
{
	struct keyring *keys;
	static char room[KEEPER_PACKET_MAX];
	struct buf answer = BUF_ON(room);
	str content;

	must(!failed(keyring_with(&fake, NULL, &keys)));
	must(!failed(keeper_answer(keys, KEEPER_MAY_ALL, packet, &answer)));
	must(answer.len >= 3 && !answer.overflow);
	must(keeper_answer_read(buf_str(&answer), &content).why != WHY_PROTOCOL);
	must(!failed(keeper_answer(keys, 0, packet, &answer)));
	must(keeper_answer_read(buf_str(&answer), &content).why == WHY_DENIED);
	keyring_done(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keeper_question q;
	str packet = str_bytes(data, size), content;
	struct key_info *keys;
	struct arena *a;

	if (!failed(keeper_question_read(packet, &q))) {
		check_spelling(&q, packet);
		check_answer(packet);
	}
	/* The other direction: the keeper's answers are not believed blindly either. */
	must(!failed(arena_open(1 << 20, &a)));
	if (!failed(keeper_answer_read(packet, &content)))
		(void)failed(keeper_list_read(a, content, &keys));
	arena_close(a);
	return 0;
}
