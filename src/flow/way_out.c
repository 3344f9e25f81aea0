/* The way out that is configured. */
#include "flow/way_out.h"

#include "flow/aws_signer.h"
#include "sys/sys.h"

bool way_out_is_ses(const struct config *c)
{
	str host = c->transport.host;

	return c->transport.kind == CONFIG_SES ||
	       (c->transport.kind == CONFIG_SMTP && str_starts(host, STR("email-smtp")) &&
		str_ends(host, STR(".amazonaws.com")));
}

static err password_for_transport(void *state, struct arena *secret, str *out)
{
	const struct config *c = state;
	return config_secret(c, &c->transport.password, secret, out, NULL);
}

static err set_relay(const struct line *line, struct transport_options *o)
{
	const struct config *c = line->config;

	o->dir = c->transport.maildir;
	TRY(str_c(line->arena, c->transport.host, &o->host));
	TRY(str_c(line->arena, c->transport.helo.len ? c->transport.helo : c->domain, &o->helo));
	o->port = (uint16_t)c->transport.port;
	o->security = (enum smtp_security)c->transport.security; /* the same order, as config.h says */
	o->allow_clear = c->transport.allow_plain_reason.len > 0;
	o->ca_file = c->transport.ca_file;
	o->user = c->transport.auth == CONFIG_LOGIN_NONE ? STR_NONE : c->transport.username;
	o->login = (enum smtp_login)c->transport.auth;
	o->secret = password_for_transport;
	o->secret_state = (void *)(uintptr_t)c;
	o->patience.connect = c->transport.connect_timeout;
	o->patience.greeting = o->patience.reply = o->patience.data = c->transport.reply_timeout;
	o->patience.dot = c->transport.final_timeout;
	return OK;
}

static err set_ses(const struct line *line, struct transport_options *o)
{
	const struct config *c = line->config;

	o->ca_file = c->ses.ca_file;
	o->region = c->ses.region;
	o->endpoint = c->ses.endpoint;
	o->configuration_set = c->ses.configuration_set;
	o->sender = c->sender.address;
	/* It believes the clock of the wall, whatever moment `--now` takes for the work. */
	return aws_signer_for_ses(line->arena, c, sys_clock(), &o->signer);
}

err way_out_open(const struct line *line, struct transport **out, struct fault *fault)
{
	/* In the order of the configuration's. */
	static const enum transport_kind kinds[] = { TRANSPORT_MAILDIR, TRANSPORT_SMTP, TRANSPORT_SES };
	enum config_transport kind = line->config->transport.kind;
	struct transport_options o = transport_defaults(kinds[kind]);

	TRY(kind == CONFIG_SES ? set_ses(line, &o) : set_relay(line, &o));
	o.stop_fd = stop_fd();
	return transport_open(&o, out, fault);
}

/* ── What it allows ──────────────────────────────────────────────────────────────────────────────── */

/* When the first of what was sent in the last 24 hours is a day old: then a service that counts so goes on, as far as
 * it counts what we sent. */
static err first_goes_at(struct db *db, moment now, moment *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_DELIVERED_SINCE, DB(db_number(now - DAY)), &rows));
	*out = db_row_none(&rows, 0) ? 0 : db_row_number(&rows, 0) + DAY;
	return OK;
}

static void explain_quota(const struct allowance *a, moment goes_on, struct buf *b)
{
	buf_add_format(
		b,
		"the quota of SES is used up: it takes %.0f recipients in 24 hours; nothing is tried until it takes "
		"more, and nothing is lost",
		a->day_max);
	if (!goes_on)
		return;
	buf_add(b, STR("; it goes on by itself, from "));
	buf_add_moment(b, goes_on);
	buf_add(b, STR(", when the first of what was sent is a day old"));
}

err way_out_explain(struct db *db, moment now, const struct allowance *a, struct way_out *out)
{
	struct way_out w = { .told = a->told, .allowance = *a };
	struct buf stop = { .at = w.stopped, .max = sizeof w.stopped - 1 };
	struct buf notice = { .at = w.notice, .max = sizeof w.notice - 1 };

	if (a->told && a->day_max > 0 && a->day_left < 1)
		TRY(first_goes_at(db, now, &w.goes_on));
	if (a->paused)
		buf_add(&stop, STR("SES sends nothing for this account: it is paused or shut; look at its reputation "
				   "in the SES console. What waits is not lost"));
	else if (a->told && a->day_max > 0 && a->day_left < 1)
		explain_quota(a, w.goes_on, &stop);
	if (a->sandbox)
		buf_add_format(
			&notice,
			"the account is in the sandbox of SES: it mails nobody but addresses and domains that "
			"were verified there, %.0f recipients in 24 hours and %g a second; ask AWS for production "
			"access in this region",
			a->day_max, a->per_second);
	else if (!a->told)
		buf_add(&notice, str_of(a->words));
	(void)buf_c(&stop), (void)buf_c(&notice);
	*out = w;
	return OK;
}

err way_out_ask(const struct line *line, struct db *db, struct transport *t, struct way_out *out, struct fault *fault)
{
	struct allowance allowed;

	TRY(transport_allowance(t, &allowed, fault));
	return way_out_explain(db, clock_now(&line->clock), &allowed, out);
}
