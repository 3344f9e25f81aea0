/* What an outcome means: the next state, when to try again, and the event that tells of it. */
#include "flow/dispatch_inside.h"

#include "wire/json.h"

#include <stdio.h>

static void describe(const struct outcome *o, unsigned attempts, struct buf *b)
{
	buf_add_char(b, '{');
	buf_add_json_number(b, "attempt", attempts);
	buf_add_json_field(b, "host", str_of(o->host));
	buf_add_json_field(b, "security", str_of(o->security));
	if (o->code)
		buf_add_json_number(b, "code", o->code);
	buf_add_json_field(b, "enhanced", str_of(o->enhanced));
	buf_add_json_field(b, "stage", str_of(o->stage ? o->stage : ""));
	buf_add_json_field(b, "said", str_of(o->text));
	if (o->provider_id[0])
		buf_add_json_field(b, "provider_id", str_of(o->provider_id));
	buf_add_char(b, '}');
}

/* Later: at a time that backs off, or never if the link's deadline comes first. */
static err retry_or_fail(struct line *line, const struct lease *l, struct settlement *s)
{
	const struct queue_patience patience = {
		.first = line->config->retry.first,
		.most = line->config->retry.most,
		.jitter_percent = (unsigned)line->config->retry.jitter_percent,
	};
	moment at;

	TRY(queue_retry_at(&patience, &line->entropy, l->attempts, s->now, l->deadline, &at));
	s->state = at == MOMENT_NEVER ? DELIVERY_FAILED : DELIVERY_WAITING;
	s->due = at == MOMENT_NEVER ? s->now : at;
	return OK;
}

err dispatch_settle(struct dispatch *d, const struct lease *l, const struct outcome *o)
{
	moment now = clock_now(&d->line->clock);
	char room[4096];
	struct buf detail = BUF_ON(room);
	struct verdict_of_try v = {
		.settlement = { .delivery = l->delivery,
				.owner = d->owner,
				.now = now,
				.due = now,
				.reply_code = o->code,
				.why = o->why },
		.key = l->key,
		.submission = l->submission,
		.uncertain = o->uncertain,
	};

	v.settlement.enhanced = str_of(o->enhanced);
	v.settlement.provider_id = str_of(o->provider_id);
	describe(o, l->attempts, &detail);
	v.detail = detail.overflow ? STR_NONE : buf_str(&detail);
	if (o->result == OUTCOME_DELIVERED)
		v.settlement.state = DELIVERY_DELIVERED;
	else if (o->result == OUTCOME_NEVER)
		v.settlement.state = DELIVERY_FAILED;
	else
		TRY(retry_or_fail(d->line, l, &v.settlement));
	err e = settler_put(d->settler, &v);
	if (failed(e)) {
		/* What can no longer be written down must not go on being sent, even if the reason passes. */
		dispatch_break(d, e);
		return e;
	}
	if (d->options.heard)
		d->options.heard(d->options.state,
				 &(struct dispatched){ l->delivery, v.settlement.state, v.settlement.due, o->text });
	return OK;
}

/* An end that no server pronounced. */
err dispatch_settle_ourselves(struct dispatch *d, const struct lease *l, err e, const char *words)
{
	struct outcome o = { .result = OUTCOME_NEVER, .why = (enum why)e.why, .stage = "queue" };

	snprintf(o.enhanced, sizeof o.enhanced, "%s", err_verdict(e)->enhanced);
	snprintf(o.text, sizeof o.text, "%s", words);
	return dispatch_settle(d, l, &o);
}
