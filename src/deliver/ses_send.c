/* One message, and what the answer means for it. */
#include "deliver/ses.h"

/* What SES cannot carry is refused before it hears of it. */
static err fits(const struct message *m)
{
	if (m->bytes.len > SES_MESSAGE_MAX)
		return NEVER(LIMIT, "the message is larger than SES takes (40 MB)");
	if (m->smtputf8)
		return NEVER(UNSUPPORTED, "SES cannot carry an address whose local part is not ASCII");
	return OK;
}

/* What stands before the @ of its Message-ID, by which a report is known as ours even if SES's answer was lost. */
static str tag_of(const struct message *m)
{
	str local, domain;

	(void)str_cut(str_from(m->id, str_starts(m->id, STR("<")) ? 1 : 0), '@', &local, &domain);
	for (size_t i = 0; i < local.len; i++)
		if (!((local.at[i] >= 'a' && local.at[i] <= 'z') || (local.at[i] >= 'A' && local.at[i] <= 'Z') ||
		      (local.at[i] >= '0' && local.at[i] <= '9') || str_has(STR("-_"), local.at[i])))
			return STR_NONE;
	return str_upto(local, 256);
}

/* Our words first, theirs behind. */
static void tell(const struct ses_answer *answer, struct outcome *o)
{
	const struct ses_refusal *r = &answer->refusal;
	char room[SES_NAME_MAX + SES_WORDS_MAX + 256];
	struct buf b = BUF_ON(room);

	buf_add_format(&b, "%s", r->meaning);
	if (r->name[0] || r->words[0])
		buf_add_format(&b, " (%s%s%s)", r->name, r->name[0] && r->words[0] ? ": " : "", r->words);
	o->code = answer->status;
	escaped_copy(o->text, sizeof o->text, buf_str(&b));
}

/* No verdict came. If the whole request had gone out, it may have been carried out. */
static err unanswered(struct outcome *o, err e, bool sent)
{
	(void)outcome_refuse(o, e);
	o->result = OUTCOME_LATER;
	o->uncertain = sent;
	return e;
}

static err delivered(struct ses_session *s, struct arena *a, const struct ses_answer *answer, struct outcome *o)
{
	str name;
	err e = ses_read_sent(a, answer->body, &name);

	o->code = answer->status;
	if (failed(e) || name.len > PROVIDER_ID_MAX)
		return unanswered(o, LATER(PROTOCOL, "SES answered, but did not say what it calls the message"), true);
	ses_was_taken(s->ses);
	o->result = OUTCOME_DELIVERED;
	o->why = WHY_NONE;
	escaped_copy(o->enhanced, sizeof o->enhanced, STR("2.0.0"));
	escaped_copy(o->provider_id, sizeof o->provider_id, name);
	snprintf(o->text, sizeof o->text, "SES took it as %s", o->provider_id);
	return OK;
}

static bool took_others(struct ses *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	bool taken = s->taken;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return taken;
}

/* Whose fault it is. OK: the message's; an error: the transport's. */
static err judge(struct ses_session *s, enum ses_fault fault, struct outcome *o)
{
	switch (fault) {
	case SES_RECIPIENT:
	case SES_SANDBOX:
		return OK;
	case SES_DOUBT:
		return took_others(s->ses) ? OK : LATER(PROTOCOL, "SES refuses the request");
	case SES_FAST:
		o->fast = true;
		return LATER(REPLY_LATER, "SES is asked faster than it allows");
	case SES_SPENT:
		o->ask = true;
		return LATER(LIMIT, "the quota of 24 hours is used up");
	case SES_CLOSED:
		o->ask = true;
		return NEVER(DENIED, "SES takes no mail from us");
	case SES_RIGHTS:
		return NEVER(DENIED, "SES denies access");
	case SES_KEY:
	case SES_CLOCK:
		return NEVER(AUTH, "SES does not accept who signs");
	case SES_UNCLEAR:
		o->uncertain = true;
		return LATER(REPLY_LATER, "something before SES failed");
	case SES_BUSY:
		break;
	}
	return LATER(REPLY_LATER, "SES said: later");
}

static err refused(struct ses_session *s, const struct ses_answer *answer, struct outcome *o)
{
	err e = judge(s, answer->refusal.fault, o);

	if (failed(e)) {
		(void)outcome_refuse(o, e);
		o->result = OUTCOME_LATER;
	} else {
		(void)outcome_refuse(o, NEVER(REPLY_NEVER, "SES refuses the message"));
	}
	tell(answer, o);
	return e;
}

static err attempt(struct ses_session *s, struct arena *a, const struct message *m, struct outcome *o)
{
	const struct transport_options *options = &s->transport->options;
	const struct ses_mail mail = { .sender = options->sender,
				       .bounce = m->from,
				       .to = m->to,
				       .configuration_set = options->configuration_set,
				       .tag = tag_of(m) };
	const struct ses_request request = { .method = STR("POST"),
					     .path = STR("/v2/email/outbound-emails"),
					     .mail = &mail,
					     .message = m->bytes,
					     .patience = SES_PATIENCE };
	struct ses_answer answer;
	bool sent = false;

	err e = ses_call(s, a, &request, &answer, &sent);
	if (!failed(e))
		return answer.status == 200 ? delivered(s, a, &answer, o) : refused(s, &answer, o);
	(void)failed(unanswered(o, e, sent));
	if (!fault_empty(&s->fault))
		escaped_copy(o->text, sizeof o->text, str_of(s->fault.what));
	return e;
}

err ses_send(struct session *base, const struct message *m, struct outcome *o)
{
	SCRATCH(base->arena);
	struct ses_session *s = base->state;

	o->stage = "SendEmail";
	escaped_copy(o->host, sizeof o->host, str_of(s->ses->host));
	err e = fits(m);
	if (failed(e))
		return outcome_refuse(o, e);
	if (ses_is_spent(s->ses)) {
		o->ask = true;
		return unanswered(o, LATER(LIMIT, "the quota of 24 hours is used up"), false);
	}
	escaped_copy(o->security, sizeof o->security, STR("HTTPS"));
	return attempt(s, base->arena, m, o);
}
