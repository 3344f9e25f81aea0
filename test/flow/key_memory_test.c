/* What a run remembers of directories: whom it asks again, and whom it does not. */
#include "test/support/support.h"

#include "flow/key_memory.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct key_asking asking(const char *local, const char *domain)
{
	return (struct key_asking){ .folded = str_of(local), .domain = str_of(domain) };
}

static const struct key_route route = { STR("openpgpkey.example"), false };

/* Asks and hears `e`, after `took`. */
static bool ask(struct key_memory *m, struct key_asking w, err e, span took)
{
	struct fault fault = { 0 };

	assert_ok(key_memory_begin(m, &w, NULL));
	fault_set(&fault, "words of %.*s", STR_ARG(w.folded));
	return key_memory_end(m, &w, &route, e, took, &fault);
}

static void assert_not_asked(struct key_memory *m, struct key_asking w, enum fate fate, const char *words)
{
	struct fault fault = { 0 };
	err e = key_memory_begin(m, &w, &fault);

	assert_int_equal(e.fate, fate);
	assert_non_null(strstr(fault.what, words));
}

#define none NEVER(NOT_FOUND, "no key")
#define silent LATER(TIMEOUT, "no answer")

static void an_address_without_a_key_is_not_asked_for_again(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;

	assert_ok(key_memory_open(&m));
	assert_true(
		ask(m, asking("a", "one.example"), none, 0)); /* somebody should look whether there is a directory */
	assert_not_asked(m, asking("a", "one.example"), FATE_NEVER, "words of a");
	assert_false(ask(m, asking("b", "one.example"), none, 0)); /* and that once */
	assert_false(ask(m, asking("c", "one.example"), OK, 0));
	assert_false(ask(m, asking("c", "one.example"), OK, 0)); /* what was found is on file, not here */
	assert_true(ask(m, asking("a", "two.example"), none, 0));
}

static void a_domain_without_a_directory_is_not_asked_again(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;
	struct key_asking w = asking("a", "one.example");

	assert_ok(key_memory_open(&m));
	assert_true(ask(m, w, none, 0));
	key_memory_none(m, &w);
	assert_not_asked(m, asking("b", "one.example"), FATE_NEVER, "one.example has no key directory");
	assert_true(ask(m, asking("b", "two.example"), none, 0));
}

static void where_a_key_was_found_nobody_looks_for_a_directory(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;

	assert_ok(key_memory_open(&m));
	assert_false(ask(m, asking("a", "one.example"), OK, 0));
	assert_false(ask(m, asking("b", "one.example"), none, 0));
}

static void what_never_answered_is_given_up_at_once_and_what_did_after_three_failures(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;

	assert_ok(key_memory_open(&m));
	assert_false(ask(m, asking("a", "dead.example"), silent, 10 * SECOND));
	assert_not_asked(m, asking("b", "dead.example"), FATE_LATER, "words of a");
	assert_true(ask(m, asking("a", "ill.example"), none, 0));
	for (unsigned i = 0; i < 2; i++)
		(void)ask(m, asking("b", "ill.example"), silent, 0);
	assert_false(ask(m, asking("c", "ill.example"), OK, 0)); /* it is there after all */
	for (unsigned i = 0; i < 3; i++)
		(void)ask(m, asking("d", "ill.example"), silent, 0);
	assert_not_asked(m, asking("e", "ill.example"), FATE_LATER, "words of d");
}

static void what_is_slow_is_given_up_after_half_a_minute_in_all(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;
	char name[16];

	assert_ok(key_memory_open(&m));
	for (unsigned i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof name, "p%u", i);
		(void)ask(m, asking(name, "quick.example"), none, SECOND);
	}
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof name, "p%u", i);
		(void)ask(m, asking(name, "slow.example"), none, 9 * SECOND);
	}
	assert_not_asked(m, asking("z", "slow.example"), FATE_LATER, "too slowly");
}

static void where_it_may_not_be_asked_no_other_address_is(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;

	assert_ok(key_memory_open(&m));
	(void)ask(m, asking("a", "inside.example"), NEVER(DENIED, "inside"), 0);
	assert_not_asked(m, asking("b", "inside.example"), FATE_NEVER, "words of a");
}

static void one_server_for_all_domains_is_judged_as_one(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;
	struct key_asking first = asking("a", "one.example"), second = asking("b", "two.example");

	first.server = second.server = STR("keys.example:8443");
	assert_ok(key_memory_open(&m));
	(void)ask(m, first, silent, 0);
	assert_not_asked(m, second, FATE_LATER, "words of a");
}

/* ── Threads ─────────────────────────────────────────────────────────────────────────────────────── */

struct one_of_many {
	struct key_memory *m;
	pthread_t thread;
	bool first, told;
};

static void *makes_acquaintance(void *state)
{
	struct one_of_many *o = state;
	struct key_asking w = asking("a", "one.example");
	struct fault fault = { 0 };

	if (failed(key_memory_begin(o->m, &w, &fault))) {
		o->told = true;
		return NULL;
	}
	o->first = w.first;
	(void)key_memory_end(o->m, &w, NULL, silent, 0, &fault);
	return NULL;
}

static void while_one_finds_out_the_others_wait_for_it(void **state)
{
	(void)state;
	OWNED(key_memory_done) struct key_memory *m = NULL;
	struct one_of_many all[16];
	unsigned first = 0, waited = 0;

	assert_ok(key_memory_open(&m));
	for (size_t i = 0; i < COUNT(all); i++) {
		all[i] = (struct one_of_many){ .m = m };
		assert_int_equal(pthread_create(&all[i].thread, NULL, makes_acquaintance, &all[i]), 0);
	}
	for (size_t i = 0; i < COUNT(all); i++) {
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
		first += all[i].first;
		waited += all[i].told;
	}
	assert_int_equal(first, 1);
	assert_int_equal(waited, COUNT(all) - 1);
}

TESTS(key_memory, test(an_address_without_a_key_is_not_asked_for_again),
      test(a_domain_without_a_directory_is_not_asked_again), test(where_a_key_was_found_nobody_looks_for_a_directory),
      test(what_never_answered_is_given_up_at_once_and_what_did_after_three_failures),
      test(what_is_slow_is_given_up_after_half_a_minute_in_all), test(where_it_may_not_be_asked_no_other_address_is),
      test(one_server_for_all_domains_is_judged_as_one), test(while_one_finds_out_the_others_wait_for_it))
