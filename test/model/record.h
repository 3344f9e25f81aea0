/* A submission with one recipient, filled with canaries. */
#ifndef LETTERLOCK_TEST_RECORD_H
#define LETTERLOCK_TEST_RECORD_H

#include "test/support/kept.h"
#include "test/support/support.h"

#include "model/model.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct value record_values[] = {
	{ .next = (struct value *)&record_values[1], .name = STR("policy"), .text = STR("canary-policy-4711") },
	{ .next = NULL, .name = STR("birth"), .text = STR("canary-1970-01-02") },
};

static inline struct submission *record_submission(struct arena *a, struct keyring *k)
{
	struct entropy e = sys_entropy();
	struct submission *sub = NULL;

	assert_ok(submission_new(a, k, &e, 5 * SECOND, &sub));
	sub->expires_at = 5 * SECOND + 7 * DAY;
	sub->erase_at = sub->expires_at + 30 * DAY;
	sub->seal = SEAL_AUTO;
	sub->from_name = STR("canary-sender-name");
	sub->template_name = STR("canary-template");
	assert_ok(address_parse(a, STR("canary-sender@example.com"), &sub->from, NULL));
	return sub;
}

static inline struct recipient *record_recipient(struct arena *a, struct keyring *k, unsigned row)
{
	struct entropy e = sys_entropy();
	struct recipient *to;
	struct document *doc;
	struct object *o;
	char context[WRAP_CONTEXT];
	uint8_t key[AEAD_KEY];
	str address;

	assert_ok(NEW(a, to));
	assert_ok(NEW(a, doc));
	assert_ok(NEW(a, o));
	assert_ok(id_new(&e, &to->id));
	assert_ok(id_new(&e, &doc->id));
	assert_ok(id_new(&e, &o->id));
	to->row = row;
	assert_ok(str_format(a, &address, "Canary.Person.%u@example.org", row));
	assert_ok(address_parse(a, address, &to->address, NULL));
	to->name = STR("canary-person-name");
	to->language = STR("canary-language");
	to->seal = SEAL_ZIP;
	to->values = (struct value *)record_values;
	to->documents = doc;
	doc->name = STR("canary-document.pdf");
	doc->type = STR("application/pdf");
	doc->size = 107000;
	assert_ok(sha256(STR("canary"), doc->sha256));
	to->objects = o;
	o->name = STR("canary-object.zip");
	o->type = STR("application/zip");
	o->size = 99000;
	assert_ok(sha256(STR("canary"), o->sha256));
	assert_ok(keyring_new_key(k, &e, wrap_context_object(o->id, context), key, o->wrapped));
	return to;
}

#endif
