/* Inside proc: the keeper of the keys, and how it is asked. One packet is one question, one packet its answer, and
 * nobody asks twice before an answer on one socket. Numbers are big-endian.
 *
 *     question   what (1), purpose (1), age (4), length of name (2), length of selector (2), name, selector, bytes
 *     answer     fate (1), why (2), and if the fate is OK what was asked for
 *
 *     wrap     name: what the key is for; bytes: a key        -> the wrapped key
 *     unwrap   name: what the key is for; bytes: a wrapped key -> the key
 *     mac      purpose, age; bytes                            -> the code
 *     sign     name: the domain; selector; bytes: a digest    -> the signature
 *     list                                                    -> count (2), then each key: kind (1), number (4),
 *              retired (1), in use (1), created (8), algorithm (1), bits (4), domain, selector and public key (1 +
 *              length each)
 *
 * Whatever a question does not need is zero or empty, so each has one spelling; anything else is garbage and ends the
 * socket it came from. A client may only ask what its role needs: the rest is DENIED, keys or no keys. */
#ifndef LETTERLOCK_PROC_KEEPER_H
#define LETTERLOCK_PROC_KEEPER_H

#include "crypt/crypt.h"

enum { KEEPER_PACKET_MAX = 16 * 1024, KEEPER_HEAD = 10 };

enum keeper_what { KEEPER_WRAP = 1, KEEPER_UNWRAP, KEEPER_MAC, KEEPER_SIGN, KEEPER_LIST };
#define MAY(what) (1u << KEEPER_##what)
enum { KEEPER_MAY_ALL = MAY(WRAP) | MAY(UNWRAP) | MAY(MAC) | MAY(SIGN) | MAY(LIST) };

struct keeper_question {
	enum keeper_what what;
	enum mac_purpose purpose;
	uint32_t age;
	str name, selector, bytes;
};
err keeper_question_read(str packet, struct keeper_question *out); /* NEVER PROTOCOL */
/* Without the bytes, which come after it. NEVER LIMIT if the whole would be too long. */
err keeper_question_print(const struct keeper_question *q, struct buf *head);

/* Answers one packet. Fails only for garbage; a refusal is an answer too. `answer` has KEEPER_PACKET_MAX bytes. */
err keeper_answer(struct keyring *keys, unsigned may, str packet, struct buf *answer);
/* What was asked for, or the error the keeper answered with; LATER PROTOCOL if it is neither. */
err keeper_answer_read(str packet, str *content);
err keeper_list_read(struct arena *a, str content, struct key_info **out);

/* A keyring that asks. Thread-safe: a question takes a free socket or waits for one. The sockets become its own. When
 * the keeper is gone every question is LATER CLOSED, and *lost true: only a new process gets new sockets. */
enum { KEEPER_SOCKETS = 4 };
struct keeper_client;
err keeper_client_open(const int sockets[KEEPER_SOCKETS], struct keyring **out, struct keeper_client **client);
bool keeper_client_lost(struct keeper_client *client); /* while the keyring is open */

#endif
