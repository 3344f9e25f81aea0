#include "test/support/support.h"

#include "model/model.h"

/* The tables as DESIGN.md draws them, written a second time. */
static const struct {
	enum submission_state from, to;
} submissions[] = {
	{ SUBMISSION_ARRIVING, SUBMISSION_ACCEPTED },
	{ SUBMISSION_ARRIVING, SUBMISSION_ERASED },
	{ SUBMISSION_ACCEPTED, SUBMISSION_EXPIRED },
	{ SUBMISSION_EXPIRED, SUBMISSION_ERASED },
};
static const struct {
	enum delivery_state from, to;
} deliveries[] = {
	{ DELIVERY_QUEUED, DELIVERY_TRYING },     { DELIVERY_QUEUED, DELIVERY_FAILED },
	{ DELIVERY_QUEUED, DELIVERY_CANCELLED },  { DELIVERY_TRYING, DELIVERY_WAITING },
	{ DELIVERY_TRYING, DELIVERY_DELIVERED },  { DELIVERY_TRYING, DELIVERY_FAILED },
	{ DELIVERY_WAITING, DELIVERY_TRYING },    { DELIVERY_WAITING, DELIVERY_FAILED },
	{ DELIVERY_WAITING, DELIVERY_CANCELLED }, { DELIVERY_TRYING, DELIVERY_QUEUED },
};

static void a_submission_moves_only_along_its_table(void **state)
{
	for (unsigned from = 0; from <= SUBMISSION_ERASED; from++)
		for (unsigned to = 0; to <= SUBMISSION_ERASED; to++) {
			bool drawn = false;
			for (size_t i = 0; i < COUNT(submissions); i++)
				drawn |= submissions[i].from == from && submissions[i].to == to;
			assert_int_equal(submission_may(from, to), drawn);
			assert_int_equal(submission_before(to) >> from & 1, drawn);
		}
}

static void a_delivery_moves_only_along_its_table(void **state)
{
	for (unsigned from = 0; from <= DELIVERY_CANCELLED; from++)
		for (unsigned to = 0; to <= DELIVERY_CANCELLED; to++) {
			bool drawn = false;
			for (size_t i = 0; i < COUNT(deliveries); i++)
				drawn |= deliveries[i].from == from && deliveries[i].to == to;
			assert_int_equal(delivery_may(from, to), drawn);
			assert_int_equal(delivery_before(to) >> from & 1, drawn);
		}
}

static void what_ended_stays_ended(void **state)
{
	for (int s = 0; s <= DELIVERY_CANCELLED; s++)
		assert_int_equal(delivery_ended(s), s >= DELIVERY_DELIVERED);
	for (int to = 0; to <= LINK_RENEWED; to++) {
		assert_false(link_may(LINK_REVOKED, to));
		assert_int_equal(link_may(LINK_EXPIRED, to), to == LINK_RENEWED);
		assert_false(link_may(LINK_RENEWED, to));
		assert_false(link_may(to, LINK_LIVE));
	}
}

static void names_are_read_back(void **state)
{
	for (int s = 0; s <= DELIVERY_CANCELLED; s++) {
		enum delivery_state back;
		assert_ok(delivery_state_parse(delivery_state_name(s), &back));
		assert_int_equal(back, s);
	}
	enum delivery_state none;
	assert_why(NEVER, SYNTAX, delivery_state_parse(STR(""), &none));
	assert_why(NEVER, SYNTAX, delivery_state_parse(STR("Queued"), &none));
	assert_str(submission_state_name(SUBMISSION_ARRIVING), STR("arriving"));
	assert_str(link_state_name(LINK_LOCKED), STR("locked"));
	assert_str(seal_kind_name(SEAL_SMIME), STR("smime"));
	assert_str(proof_kind_name(PROOF_CODE), STR("code"));
}

static void a_value_is_found_by_its_whole_name(void **state)
{
	struct value second = { .name = STR("policy"), .text = STR("77") };
	struct value first = { .next = &second, .name = STR("pol"), .text = STR("") };

	assert_str(*value_find(&first, STR("policy")), STR("77"));
	assert_str(*value_find(&first, STR("pol")), STR(""));
	assert_null(value_find(&first, STR("Policy")));
	assert_null(value_find(NULL, STR("pol")));
}

TESTS(model_state, test(a_submission_moves_only_along_its_table), test(a_delivery_moves_only_along_its_table),
      test(what_ended_stays_ended), test(names_are_read_back), test(a_value_is_found_by_its_whole_name))
