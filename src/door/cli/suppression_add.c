#include "door/cli/suppression.h"

static err take_reason(struct cli *cli, str *out)
{
	const char *given = cli_value(cli, "--reason");

	*out = given ? str_of(given) : STR("by hand");
	/* These two words are what the notifications say. */
	if (out->len && out->len <= SUPPRESSION_REASON_MAX && str_clean(*out) && str_utf8(*out) &&
	    !str_same(*out, SUPPRESSION_BOUNCE) && !str_same(*out, SUPPRESSION_COMPLAINT))
		return OK;
	fault_set(&cli->fault,
		  "--reason is one line of at most %d bytes, in your words (`bounce` and `complaint` are "
		  "what notifications say)",
		  SUPPRESSION_REASON_MAX);
	return NEVER(USAGE, "a reason that cannot be kept");
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct suppression s = { 0 };

	TRY(suppression_operand(cli, &s.address));
	TRY(take_reason(cli, &s.reason));
	TRY(house_open(cli, &h));
	TRY(flow_suppression_add(h.line, h.db, cli->arena, &s, &cli->fault));
	suppression_print(cli, &s);
	return OK;
}

static const struct cli_option options[] = {
	{ "--reason", "TEXT", "why, in your words; it is shown to whoever sends to this address" },
	{ 0 },
};

const struct cli_command command_suppression_add = {
	.name = "suppression add",
	.usage = "ADDRESS [--reason TEXT]",
	.summary = "never mail this address again, whatever list names it",
	.details = "Rows of a list with this address end as `suppressed`, `renew` refuses it, and it gets neither a "
		   "reminder nor the new link it asks for. What is queued already still goes out: see `letterlock "
		   "cancel`. "
		   "Upper and lower case are the same. `suppression remove` undoes it.",
	.examples = "$ letterlock suppression add ada@example.com --reason 'asked us by telephone'\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
