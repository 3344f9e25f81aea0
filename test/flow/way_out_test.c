/* What the way out allows, in words; and which ways lead through SES. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include "flow/way_out.h"

#include <string.h>

#define NOW ((moment)1795290600 * SECOND)

static void which_ways_lead_through_ses(void **state)
{
	static const struct {
		enum config_transport kind;
		const char *host;
		bool ses;
	} ways[] = {
		{ CONFIG_SES, "", true },
		{ CONFIG_SMTP, "email-smtp.eu-central-1.amazonaws.com", true },
		{ CONFIG_SMTP, "email-smtp-fips.us-east-1.amazonaws.com", true },
		{ CONFIG_SMTP, "email-smtp.example.com", false },
		{ CONFIG_SMTP, "smtp.example.com", false },
		{ CONFIG_MAILDIR, "email-smtp.eu-central-1.amazonaws.com", false },
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct config c = { .transport = { .kind = ways[i].kind, .host = str_of(ways[i].host) } };
		assert_int_equal(way_out_is_ses(&c), ways[i].ses);
	}
}

static struct way_out explained(struct db *db, struct allowance a)
{
	struct way_out w;

	assert_ok(way_out_explain(db, NOW, &a, &w));
	return w;
}

static void what_is_allowed_is_said_in_words(void **state)
{
	OWNED(db_done) struct db *db = test_db_open(test_db());
	struct way_out w = explained(db, (struct allowance){ 0 });

	assert_true(!w.stopped[0] && !w.notice[0] && !w.told);
	w = explained(db, (struct allowance){ .told = true, .day_max = 200, .day_left = 1, .per_second = 1 });
	assert_true(!w.stopped[0] && !w.notice[0]);
	w = explained(db, (struct allowance){ .told = true, .day_max = 200, .per_second = 1, .sandbox = true });
	assert_non_null(strstr(w.stopped, "it takes 200 recipients in 24 hours"));
	assert_null(strstr(w.stopped, "from 20")); /* nothing of ours was sent: nobody knows when */
	assert_non_null(strstr(w.notice, "200 recipients in 24 hours and 1 a second"));
	w = explained(db, (struct allowance){ .told = true, .paused = true });
	assert_non_null(strstr(w.stopped, "paused or shut"));
	w = explained(db, (struct allowance){ .told = true, .day_max = 0 });
	assert_false(w.stopped[0]);
	w = explained(db, (struct allowance){ .words = "nobody may ask" });
	assert_true(!w.stopped[0] && strcmp(w.notice, "nobody may ask") == 0);
}

TESTS(way_out, test(which_ways_lead_through_ses), test(what_is_allowed_is_said_in_words))
