/* The keeper's protocol: questions, answers, rights, and what is not a question. */
#include "test/support/support.h"

#include "proc/keeper.h"
#include "sys/packet.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t counter = 1;

static struct keyring *some_keyring(void)
{
	const struct entropy e = test_entropy(&counter);
	const char *dir = test_dir();
	struct keyring *k = NULL;
	for (enum key_kind kind = KEY_MASTER; kind <= KEY_LOOKUP; kind++)
		assert_ok(keyring_key_new(dir, kind, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, DAY, &e, NULL));
	assert_ok(keyring_key_new(dir, KEY_DKIM, STR("a.example"), STR("s"), SIGNATURE_ED25519_SHA256, DAY, &e, NULL));
	assert_ok(keyring_key_new(dir, KEY_OPENPGP, STR_NONE, STR_NONE, SIGNATURE_ED25519_SHA256, DAY, &e, NULL));
	assert_ok(keyring_open(dir, &e, &k, NULL));
	return k;
}

/* ── A keeper in a thread, with what is on its other side ────────────────────────────────────────── */

struct house {
	struct keyring *keys, *asking;
	struct keeper_client *client;
	int theirs[KEEPER_SOCKETS];
	unsigned may;
	pthread_t thread[KEEPER_SOCKETS];
};
static struct house house;

static void *keep(void *state)
{
	char packet[KEEPER_PACKET_MAX], room[KEEPER_PACKET_MAX];
	int fd = *(int *)state;
	size_t got;
	while (!failed(packet_receive(fd, packet, sizeof packet, &got))) {
		struct buf answer = BUF_ON(room);
		if (failed(keeper_answer(house.keys, house.may, str_bytes(packet, got), &answer)) ||
		    failed(packet_send_now(fd, buf_str(&answer))))
			break;
	}
	close(fd);
	return NULL;
}

static void begin(unsigned may)
{
	int ours[KEEPER_SOCKETS];
	house = (struct house){ .keys = some_keyring(), .may = may };
	for (size_t i = 0; i < KEEPER_SOCKETS; i++) {
		int ends[2];
		assert_ok(packet_pair(ends));
		ours[i] = ends[0];
		house.theirs[i] = ends[1];
	}
	assert_ok(keeper_client_open(ours, &house.asking, &house.client));
	for (size_t i = 0; i < KEEPER_SOCKETS; i++)
		assert_int_equal(pthread_create(&house.thread[i], NULL, keep, &house.theirs[i]), 0);
}

static void end(void)
{
	keyring_done(&house.asking);
	for (size_t i = 0; i < KEEPER_SOCKETS; i++)
		assert_int_equal(pthread_join(house.thread[i], NULL), 0);
	keyring_done(&house.keys);
}

static void what_is_asked_is_what_the_keyring_itself_says(void **state)
{
	uint8_t key[AEAD_KEY] = "a data key of thirty-two bytes.", back[AEAD_KEY], wrapped[WRAPPED_KEY];
	uint8_t mac[MAC_LEN], same[MAC_LEN], digest[SHA256_LEN] = { 7 };
	char room[SIGNATURE_MAX], same_room[SIGNATURE_MAX];
	struct buf signature = BUF_ON(room), same_signature = BUF_ON(same_room);
	(void)state;
	begin(KEEPER_MAY_ALL);
	assert_ok(keyring_wrap(house.asking, STR("object 1"), key, wrapped));
	assert_ok(keyring_unwrap(house.keys, STR("object 1"), wrapped, back));
	assert_memory_equal(key, back, sizeof key);
	memset(back, 0, sizeof back);
	assert_ok(keyring_unwrap(house.asking, STR("object 1"), wrapped, back));
	assert_memory_equal(key, back, sizeof key);
	assert_ok(keyring_mac(house.asking, MAC_SESSION, 0, STR("cookie"), mac));
	assert_ok(keyring_mac(house.keys, MAC_SESSION, 0, STR("cookie"), same));
	assert_memory_equal(mac, same, sizeof mac);
	assert_ok(keyring_mac(house.asking, MAC_TOKEN, 0, STR_NONE, mac));
	assert_ok(keyring_sign(house.asking, STR("a.example"), STR("s"), digest, &signature));
	assert_ok(keyring_sign(house.keys, STR("a.example"), STR("s"), digest, &same_signature));
	assert_str(buf_str(&signature), buf_str(&same_signature));
	end();
}

static void refusals_come_back_with_their_reason(void **state)
{
	uint8_t key[AEAD_KEY] = { 1 }, wrapped[WRAPPED_KEY], mac[MAC_LEN] = { 9 };
	char room[SIGNATURE_MAX];
	struct buf signature = BUF_ON(room);
	(void)state;
	begin(KEEPER_MAY_ALL);
	assert_ok(keyring_wrap(house.asking, STR("object 1"), key, wrapped));
	assert_why(NEVER, TAMPERED, keyring_unwrap(house.asking, STR("object 2"), wrapped, key));
	assert_why(NEVER, NOT_FOUND, keyring_mac(house.asking, MAC_TOKEN, 1, STR("t"), mac));
	assert_int_equal(mac[0], 9);
	assert_why(NEVER, KEY, keyring_sign(house.asking, STR("b.example"), STR("s"), mac, &signature));
	assert_why(NEVER, KEY, keyring_sign(house.asking, STR_NONE, STR("s"), mac, &signature));
	assert_int_equal(signature.len, 0);
	assert_false(keeper_client_lost(house.client));
	end();
}

static void the_list_comes_over_whole(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct key_info *asked, *own;
	(void)state;
	begin(KEEPER_MAY_ALL);
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(keyring_list(house.asking, a, &asked));
	assert_ok(keyring_list(house.keys, a, &own));
	for (; own; own = own->next, asked = asked->next) {
		assert_non_null(asked);
		assert_int_equal(asked->kind, own->kind);
		assert_int_equal(asked->number, own->number);
		assert_int_equal(asked->retired, own->retired);
		assert_int_equal(asked->in_use, own->in_use);
		assert_int_equal(asked->created_at, own->created_at);
		assert_int_equal(asked->algorithm, own->algorithm);
		assert_int_equal(asked->bits, own->bits);
		assert_str(asked->domain, own->domain);
		assert_str(asked->selector, own->selector);
		assert_str(asked->public_key, own->public_key);
		assert_int_equal(own->public_key.len, own->kind == KEY_OPENPGP ? 32 : 0);
	}
	assert_null(asked);
	assert_int_equal(keyring_master_in_use(house.asking), 1);
	end();
}

static void a_role_gets_what_its_row_allows_and_nothing_else(void **state)
{
	uint8_t key[AEAD_KEY] = { 1 }, wrapped[WRAPPED_KEY] = { 0 }, mac[MAC_LEN];
	char room[SIGNATURE_MAX];
	struct buf signature = BUF_ON(room);
	(void)state;
	begin(MAY(MAC));
	assert_ok(keyring_mac(house.asking, MAC_TOKEN, 0, STR("t"), mac));
	assert_why(NEVER, DENIED, keyring_wrap(house.asking, STR("o"), key, wrapped));
	assert_why(NEVER, DENIED, keyring_unwrap(house.asking, STR("o"), wrapped, key));
	assert_why(NEVER, DENIED, keyring_sign(house.asking, STR("a.example"), STR("s"), mac, &signature));
	assert_int_equal(keyring_master_in_use(house.asking), 0);
	assert_false(keeper_client_lost(house.client));
	end();
}

static void nobody_signs_as_openpgp_over_a_socket(void **state)
{
	uint8_t digest[SHA256_LEN] = { 1 };
	char room[SIGNATURE_MAX];
	(void)state;
	begin(KEEPER_MAY_ALL);
	assert_ok(keyring_sign_openpgp(house.keys, 1, digest, &BUF_ON(room)));
	assert_why(NEVER, DENIED, keyring_sign_openpgp(house.asking, 1, digest, &BUF_ON(room)));
	end();
}

static void what_is_too_long_is_not_asked(void **state)
{
	static char much[KEEPER_PACKET_MAX];
	uint8_t mac[MAC_LEN];
	(void)state;
	begin(KEEPER_MAY_ALL);
	assert_ok(keyring_mac(house.asking, MAC_TOKEN, 0, str_bytes(much, sizeof much - KEEPER_HEAD), mac));
	assert_why(NEVER, LIMIT, keyring_mac(house.asking, MAC_TOKEN, 0, str_bytes(much, sizeof much), mac));
	assert_false(keeper_client_lost(house.client));
	end();
}

/* ── Threads, and a keeper that goes ─────────────────────────────────────────────────────────────── */

static void *hammer(void *state)
{
	uint8_t key[AEAD_KEY], back[AEAD_KEY], wrapped[WRAPPED_KEY];
	for (uint8_t i = 0; i < 200; i++) {
		memset(key, i, sizeof key);
		if (failed(keyring_wrap(state, STR("o"), key, wrapped)) ||
		    failed(keyring_unwrap(state, STR("o"), wrapped, back)) || memcmp(key, back, sizeof key) != 0)
			return state;
	}
	return NULL;
}

static void many_threads_never_get_each_others_answers(void **state)
{
	pthread_t thread[3 * KEEPER_SOCKETS];
	(void)state;
	begin(KEEPER_MAY_ALL);
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, house.asking), 0);
	for (size_t i = 0; i < COUNT(thread); i++) {
		void *wrong = house.asking;
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	end();
}

static void without_a_keeper_every_question_says_later_at_once(void **state)
{
	uint8_t mac[MAC_LEN];
	int ours[KEEPER_SOCKETS];
	struct keyring *asking;
	struct keeper_client *client;
	(void)state;
	for (size_t i = 0; i < KEEPER_SOCKETS; i++) {
		int ends[2];
		assert_ok(packet_pair(ends));
		ours[i] = ends[0];
		close(ends[1]);
	}
	assert_ok(keeper_client_open(ours, &asking, &client));
	assert_true(keeper_client_lost(client)); /* before anything is asked */
	for (size_t i = 0; i < KEEPER_SOCKETS + 2; i++)
		assert_why(LATER, CLOSED, keyring_mac(asking, MAC_TOKEN, 0, STR("t"), mac));
	assert_true(keeper_client_lost(client));
	keyring_done(&asking);
}

static void an_answer_that_is_none_is_not_believed(void **state)
{
	static const str bad[] = { STR(""),       STR("\0"),     STR("\0\0"),  STR("\0\0\1"),
				   STR("\1\0\0"), STR("\4\0\1"), STR("\2\1\0") };
	str content;
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(LATER, PROTOCOL, keeper_answer_read(bad[i], &content));
	assert_ok(keeper_answer_read(STR("\0\0\0x"), &content));
	assert_str(content, STR("x"));
}

/* ── Garbage ─────────────────────────────────────────────────────────────────────────────────────── */

static str question(const struct keeper_question *q, char room[KEEPER_PACKET_MAX])
{
	struct buf b = { .at = room, .max = KEEPER_PACKET_MAX };
	assert_ok(keeper_question_print(q, &b));
	buf_add(&b, q->bytes);
	return buf_str(&b);
}

static void a_question_has_one_spelling(void **state)
{
	static const uint8_t bytes[WRAPPED_KEY] = { 1 };
	const struct keeper_question q = { KEEPER_UNWRAP, .name = STR("object"),
					   .bytes = str_bytes(bytes, WRAPPED_KEY) };
	char room[KEEPER_PACKET_MAX];
	struct keeper_question back;
	str packet = question(&q, room);
	(void)state;
	assert_ok(keeper_question_read(packet, &back));
	assert_int_equal(back.what, KEEPER_UNWRAP);
	assert_str(back.name, q.name);
	assert_str(back.bytes, q.bytes);
	for (size_t len = 0; len < packet.len; len++)
		assert_why(NEVER, PROTOCOL, keeper_question_read(str_upto(packet, len), &back));
	for (size_t i = 0; i < KEEPER_HEAD; i++) { /* whatever is not needed is zero */
		room[i] ^= 0x40;
		assert_why(NEVER, PROTOCOL, keeper_question_read(packet, &back));
		room[i] ^= 0x40;
	}
}

static void garbage_ends_its_socket_and_no_other(void **state)
{
	static const str garbage[] = { STR("GET / HTTP/1.1\r\n\r\n"), STR("\6\0\0\0\0\0\0\0\0\0"),
				       STR("\1\0\0\0\0\0\377\377\0\0"), STR("\3\5\0\0\0\0\0\0\0\0") };
	uint8_t mac[MAC_LEN], heard[16];
	size_t got;
	(void)state;
	begin(KEEPER_MAY_ALL);
	for (size_t i = 0; i < COUNT(garbage); i++) {
		int ends[2];
		pthread_t thread;
		assert_ok(packet_pair(ends));
		assert_int_equal(pthread_create(&thread, NULL, keep, &ends[1]), 0);
		assert_ok(packet_send(ends[0], garbage[i], STR_NONE));
		assert_why(LATER, CLOSED, packet_receive(ends[0], heard, sizeof heard, &got));
		assert_int_equal(pthread_join(thread, NULL), 0);
		close(ends[0]);
	}
	assert_ok(keyring_mac(house.asking, MAC_TOKEN, 0, STR("t"), mac));
	end();
}

static void a_descriptor_among_the_questions_ends_the_socket(void **state)
{
	uint8_t heard[16];
	size_t got;
	int ends[2];
	(void)state;
	assert_ok(packet_pair(ends));
	assert_ok(packet_send_fd(ends[0], 5, 0));
	assert_why(NEVER, PROTOCOL, packet_receive(ends[1], heard, sizeof heard, &got));
	close(ends[0]);
	close(ends[1]);
}

TESTS(keeper, test(what_is_asked_is_what_the_keyring_itself_says), test(refusals_come_back_with_their_reason),
      test(the_list_comes_over_whole), test(a_role_gets_what_its_row_allows_and_nothing_else),
      test(nobody_signs_as_openpgp_over_a_socket), test(what_is_too_long_is_not_asked),
      test(many_threads_never_get_each_others_answers), test(without_a_keeper_every_question_says_later_at_once),
      test(an_answer_that_is_none_is_not_believed), test(a_question_has_one_spelling),
      test(garbage_ends_its_socket_and_no_other), test(a_descriptor_among_the_questions_ends_the_socket))
