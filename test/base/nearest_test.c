#include "test/support/support.h"

static str nearest(str given)
{
	struct nearest n = NEAREST(given);

	nearest_offer(&n, STR("expires"));
	nearest_offer(&n, STR("tries"));
	nearest_offer(&n, STR("opens"));
	return n.best;
}

static void one_slip_finds_the_name(void **state)
{
	(void)state;
	assert_str(nearest(STR("expire")), STR("expires"));
	assert_str(nearest(STR("expirse")), STR("expires"));
	assert_str(nearest(STR("expiress")), STR("expires"));
	assert_str(nearest(STR("tires")), STR("tries"));
	assert_str(nearest(STR("open")), STR("opens"));
}

static void what_shares_less_than_half_is_not_near(void **state)
{
	char far[200] = { 0 };
	(void)state;
	assert_str(nearest(STR("zebra")), STR(""));
	assert_str(nearest(STR("")), STR(""));
	assert_str(nearest(str_bytes(far, sizeof far)), STR(""));
}

TESTS(nearest, test(one_slip_finds_the_name), test(what_shares_less_than_half_is_not_near))
