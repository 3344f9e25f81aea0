#include "door/cli/house.h"
#include "flow/objects.h"
#include "flow/report.h"
#include "flow/way_out.h"
#include "sys/sys.h"

enum { KEY_OLD_DAYS = 180, CERTIFICATE_MAX = 64 * 1024 };
#define CERTIFICATE_ALARM (14 * DAY)

static void tell_age(struct cli *cli, const char *what, moment since)
{
	span age = clock_now(&cli->clock) - since;
	const char *unit = age >= 2 * DAY ? "days" : age >= 2 * HOUR ? "hours" : "minutes";
	span length = age >= 2 * DAY ? DAY : age >= 2 * HOUR ? HOUR : MINUTE;

	cli_out_format(cli, "%s %lld %s ago", what, (long long)(age / length), unit);
}

static void tell_deliveries(struct cli *cli, const struct overview *o)
{
	char due[32];

	cli_out_format(cli, "deliveries ");
	for (enum delivery_state s = DELIVERY_QUEUED; s <= DELIVERY_CANCELLED; s++)
		cli_out_format(cli, "  %llu %.*s", (unsigned long long)o->queue.by_state[s],
			       STR_ARG(delivery_state_name(s)));
	cli_out_format(cli, "\n");
	if (!o->oldest_open)
		return;
	tell_age(cli, "             the oldest that is open was accepted", o->oldest_open);
	if (o->queue.next_due != MOMENT_NEVER) {
		text_moment(o->queue.next_due, due);
		cli_out_format(cli, "; the next is due at %s", due);
	}
	cli_out_format(cli, "\n");
}

static void tell_keys(struct cli *cli, const struct overview *o)
{
	for (const struct key_info *k = o->keys; k; k = k->next) {
		span age = clock_now(&cli->clock) - k->created_at;
		if (k->kind != KEY_DKIM || k->retired)
			continue;
		cli_out_format(cli, "dkim key     %.*s of %.*s, %lld days old%s\n", STR_ARG(k->selector),
			       STR_ARG(k->domain), (long long)(age / DAY),
			       age > KEY_OLD_DAYS * DAY ? ": rotate it (letterlock key new dkim)" : "");
	}
}

static void tell_store_key(struct cli *cli, const struct config *c)
{
	struct objects_key k;

	if (!objects_key_look(c, clock_now(&cli->clock), &k))
		return;
	cli_out_format(cli, "store key    %.*s%s%lld days old", STR_ARG(k.id), k.id.len ? ", " : "",
		       (long long)(k.age / DAY));
	if (k.alarm)
		cli_out_format(cli,
			       k.refused ? ": nothing is signed with it from %lld days on; %s"
					 : ": at %lld days nothing is signed with it any more; %s",
			       (long long)(c->s3.refuse_after / DAY), OBJECTS_KEY_ROTATE);
	cli_out_format(cli, "\n");
}

static json_t *store_key_json(struct cli *cli, const struct config *c)
{
	struct objects_key k;

	if (!objects_key_look(c, clock_now(&cli->clock), &k))
		return json_null();
	return json_pack("{s:s%, s:I, s:b, s:b}", "id", k.id.len ? k.id.at : "", k.id.len, "age_days",
			 (json_int_t)(k.age / DAY), "alarm", k.alarm, "refused", k.refused);
}

/* Whether recipients can still reach the page in two weeks; where no page is served, there may be no certificate. */
static bool look_at_certificate(struct cli *cli, const struct config *c, moment *ends_at)
{
	struct certificate_facts facts;
	str pem;

	if (failed(file_read_all(cli->arena, c->serve.certificate, CERTIFICATE_MAX, &pem)) ||
	    failed(certificate_look(pem, config_host(c), STR_NONE, &facts)))
		return false;
	*ends_at = facts.ends_at;
	return true;
}

static void tell_certificate(struct cli *cli, const struct config *c)
{
	moment ends_at;
	char text[32];

	if (!look_at_certificate(cli, c, &ends_at))
		return;
	span left = ends_at - clock_now(&cli->clock);
	text_moment(ends_at, text);
	cli_out_format(cli, "certificate  ends at %s%s\n", text,
		       left < 0                   ? ": recipients cannot be served, it has ended"
		       : left < CERTIFICATE_ALARM ? ": in less than 14 days, renew it"
						  : "");
}

static void tell(struct cli *cli, const struct overview *o)
{
	tell_deliveries(cli, o);
	cli_out_format(cli, "links      ");
	for (enum link_state s = LINK_LIVE; s <= LINK_RENEWED; s++)
		cli_out_format(cli, "  %llu %.*s", (unsigned long long)o->links[s], STR_ARG(link_state_name(s)));
	if (o->presigned)
		cli_out_format(
			cli,
			"\n             %llu of the live ones are presigned: nobody can tell whether they were opened",
			(unsigned long long)o->presigned);
	cli_out_format(cli, "\nsubmissions");
	for (enum submission_state s = SUBMISSION_ACCEPTED; s <= SUBMISSION_ERASED; s++)
		cli_out_format(cli, "  %llu %.*s", (unsigned long long)o->submissions[s],
			       STR_ARG(submission_state_name(s)));
	cli_out_format(cli, "\n");
	tell_keys(cli, o);
}

/* Whether mail may leave, where somebody else decides that: asked now, so it is true whether or not a courier runs. */
struct asked {
	bool told;
	struct way_out way;
	struct fault fault;
	err failed;
};

static void ask_way_out(struct house *h, struct asked *out)
{
	OWNED(transport_done) struct transport *t = NULL;

	*out = (struct asked){ .told = h->line->config->transport.kind == CONFIG_SES };
	if (!out->told)
		return;
	out->failed = way_out_open(h->line, &t, &out->fault);
	if (!failed(out->failed))
		out->failed = way_out_ask(h->line, h->db, t, &out->way, &out->fault);
}

static void tell_way_out(struct cli *cli, const struct asked *asked)
{
	char room[1024];
	struct buf words = BUF_ON(room);

	if (!asked->told)
		return;
	if (failed(asked->failed))
		buf_add_fault(&words, &asked->fault, asked->failed);
	else
		buf_add(&words, str_of(asked->way.allowance.words));
	cli_out_format(cli, "transport    %.*s\n", STR_ARG(buf_str(&words)));
	if (asked->way.stopped[0])
		cli_out_format(cli, "             %s\n", asked->way.stopped);
	if (asked->way.notice[0] && asked->way.told)
		cli_out_format(cli, "             %s\n", asked->way.notice);
}

static json_t *way_out_json(const struct asked *asked)
{
	const struct allowance *a = &asked->way.allowance;
	char room[1024];
	struct buf words = BUF_ON(room);

	if (!asked->told)
		return json_null();
	if (failed(asked->failed)) {
		buf_add_fault(&words, &asked->fault, asked->failed);
		return json_pack("{s:s%}", "problem", words.at, (int)words.len);
	}
	return json_pack("{s:s, s:s, s:b, s:f, s:f, s:f, s:b, s:b, s:o}", "words", a->words, "problem",
			 asked->way.stopped, "told", a->told, "per_second", a->per_second, "day_max", a->day_max,
			 "day_left", a->day_left, "sandbox", a->sandbox, "paused", a->paused, "goes_on",
			 asked->way.goes_on ? json_moment(asked->way.goes_on) : json_null());
}

static json_t *certificate_json(struct cli *cli, const struct config *c)
{
	moment ends_at;

	if (!look_at_certificate(cli, c, &ends_at))
		return json_null();
	return json_pack("{s:o, s:b}", "ends_at", json_moment(ends_at), "alarm",
			 ends_at - clock_now(&cli->clock) < CERTIFICATE_ALARM);
}

static void tell_json(struct cli *cli, const struct overview *o, const struct config *c, const struct asked *asked)
{
	json_t *deliveries = json_object(), *links = json_object(), *submissions = json_object(), *j = json_object();

	for (enum delivery_state s = DELIVERY_QUEUED; s <= DELIVERY_CANCELLED; s++)
		json_object_set_new(deliveries, delivery_state_name(s).at,
				    json_integer((json_int_t)o->queue.by_state[s]));
	for (enum link_state s = LINK_LIVE; s <= LINK_RENEWED; s++)
		json_object_set_new(links, link_state_name(s).at, json_integer((json_int_t)o->links[s]));
	for (enum submission_state s = SUBMISSION_ARRIVING; s <= SUBMISSION_ERASED; s++)
		json_object_set_new(submissions, submission_state_name(s).at,
				    json_integer((json_int_t)o->submissions[s]));
	json_object_set_new(j, "deliveries", deliveries);
	json_object_set_new(j, "links", links);
	json_object_set_new(j, "presigned_links", json_integer((json_int_t)o->presigned));
	json_object_set_new(j, "submissions", submissions);
	json_object_set_new(j, "oldest_open", json_moment(o->oldest_open));
	json_object_set_new(j, "next_due",
			    o->queue.next_due == MOMENT_NEVER ? json_null() : json_moment(o->queue.next_due));
	json_object_set_new(j, "certificate", certificate_json(cli, c));
	json_object_set_new(j, "store_key", store_key_json(cli, c));
	json_object_set_new(j, "transport", way_out_json(asked));
	cli_out_json(cli, j);
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct overview o;
	struct asked asked;

	TRY(house_open(cli, &h));
	TRY(report_overview(h.line, h.db, cli->arena, &o));
	ask_way_out(&h, &asked);
	if (cli->json)
		return tell_json(cli, &o, h.line->config, &asked), OK;
	tell(cli, &o);
	tell_store_key(cli, h.line->config);
	tell_way_out(cli, &asked);
	tell_certificate(cli, h.line->config);
	return OK;
}

const struct cli_command command_status = {
	.name = "status",
	.usage = "",
	.summary = "queue, links, keys and certificate at a glance",
	.details = "Where mail leaves through Amazon SES, the account is asked too: how fast it may send, what is left "
		   "of its "
		   "quota of 24 hours, and whether and when it goes on if nothing may be sent now.",
	.examples = "$ letterlock status\n",
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
