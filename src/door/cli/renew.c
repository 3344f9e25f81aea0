#include "door/cli/house.h"

static const struct cli_option options[] = {
	{ "--expires", "SPAN", "how long the new link opens: 90m, 12h, 7d (default: the configuration's)" },
	{ 0 },
};

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct standing *what;
	bool is_submission;
	char text[ID_TEXT + 1];
	span expires;
	id fresh;
	str url;

	TRY(house_open(cli, &h));
	expires = h.line->config->link.expires;
	TRY(cli_span(cli, "--expires", MINUTE, 366 * DAY, &expires));
	TRY(house_find(cli, &h, &what, &is_submission));
	if (is_submission) {
		fault_set(&cli->fault, "renew takes a delivery's id: each person's link is renewed by itself");
		return NEVER(USAGE, "a submission's id");
	}
	err e = flow_renew(h.line, h.db, cli->arena, what, expires, &fresh, &url, &cli->fault);
	if (failed(e)) {
		if (fault_empty(&cli->fault) && e.why == WHY_EXPIRED)
			fault_set(&cli->fault, "the documents are gone, as promised; send them again");
		return e;
	}
	text_id(fresh, text);
	if (cli->json) {
		json_t *j = json_object();
		json_object_set_new(j, "delivery", json_string(text));
		json_object_set_new(j, "link", json_str(url));
		cli_out_json(cli, j);
	} else {
		cli_out_format(cli, "%s\n", text);
		cli_say(cli,
			"a mail with the new link is queued as %s; the old link opens nothing any more. "
			"`letterlock serve` delivers it",
			text);
	}
	return OK;
}

const struct cli_command command_renew = {
	.name = "renew",
	.usage = "ID [--expires SPAN]",
	.summary = "mail the same person a new link to the same documents",
	.details = "The new link asks for the proof that the old one asked for and begins with all its tries: this is "
		   "how a "
		   "locked link is opened again. The old link ends.",
	.examples = "# the person was on holiday\n$ letterlock renew 4q9k6y7w5e8r2t1m3n0p7s6d5f --expires 3d\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
