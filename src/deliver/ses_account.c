/* What the account may do: asked at the start, every hour, and again when SES refuses what it should allow. */
#include "deliver/ses.h"

void ses_was_taken(struct ses *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	s->taken = true;
	s->taken_since += 1;
	must(pthread_mutex_unlock(&s->lock) == 0);
}

static double left_of(const struct ses *s)
{
	double left = s->account.day_max - s->account.day_sent - s->taken_since;
	return left > 0 ? left : 0;
}

bool ses_is_spent(struct ses *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	bool spent = s->known && s->account.day_max > 0 && left_of(s) < 1;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return spent;
}

static err ask(struct ses_session *s, struct arena *a, str path, struct ses_answer *answer, struct fault *fault)
{
	const struct ses_request request = { .method = STR("GET"), .path = path, .patience = SES_ASK_PATIENCE };
	bool sent;

	err e = ses_call(s, a, &request, answer, &sent);
	if (failed(e))
		fault_set(fault, "%s", fault_empty(&s->fault) ? e.note : s->fault.what);
	return e;
}

static void keep(struct ses *s, const struct ses_account *account)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	s->known = true;
	s->account = *account;
	s->taken_since = 0;
	must(pthread_mutex_unlock(&s->lock) == 0);
}

static err refused(const struct ses_answer *answer, struct fault *fault)
{
	const struct ses_refusal *r = &answer->refusal;

	fault_set(fault, "%s (%u %s%s%s)", r->meaning, answer->status, r->name, r->words[0] ? ": " : "", r->words);
	switch (r->fault) {
	case SES_CLOSED:
	case SES_RIGHTS:
		return NEVER(DENIED, "SES does not tell about the account");
	case SES_KEY:
	case SES_CLOCK:
		return NEVER(AUTH, "SES does not accept who signs");
	default:
		return LATER(REPLY_LATER, "SES does not tell about the account now");
	}
}

static void describe(const struct ses_account *account, struct buf *b)
{
	if (account->per_second_max > 0)
		buf_add_format(b, "%g recipients a second", account->per_second_max);
	else
		buf_add(b, STR("no limit a second"));
	if (account->day_max > 0)
		buf_add_format(b, ", %.0f of %.0f in the last 24 hours", account->day_sent, account->day_max);
	else
		buf_add(b, STR(", no limit a day"));
	if (account->enforcement[0] && !str_same(str_of(account->enforcement), STR("HEALTHY")))
		buf_add_format(b, ", under review by AWS (%s)", account->enforcement);
}

static void allow(const struct ses_session *s, const struct ses_account *account, struct allowance *out)
{
	struct buf b = { .at = out->words, .max = sizeof out->words - 1 };
	double left = account->day_max - account->day_sent;

	*out = (struct allowance){ .told = true,
				   .per_second = account->per_second_max,
				   .day_max = account->day_max,
				   .day_left = left > 0 ? left : 0,
				   .sandbox = !account->production,
				   .paused =
					   !account->sending || str_same(str_of(account->enforcement), STR("SHUTDOWN")),
				   .skew = ses_skew(s->ses) };
	buf_add_format(&b, "SES in %.*s: ", STR_ARG(s->transport->options.region));
	describe(account, &b);
	(void)buf_c(&b);
}

/* GetAccount. Who may not ask goes on without knowing: the right to send is another one. */
err ses_allowance(struct session *base, struct allowance *out, struct fault *fault)
{
	SCRATCH(base->arena);
	struct ses_session *s = base->state;
	struct ses_account account;
	struct ses_answer answer;

	TRY(ask(s, base->arena, STR("/v2/email/account"), &answer, fault));
	if (answer.status != 200 && answer.refusal.fault == SES_RIGHTS) {
		*out = (struct allowance){ 0 };
		snprintf(out->words, sizeof out->words,
			 "SES in %.*s: who signs may not ask about the account; allow ses:GetAccount, so that its pace "
			 "and its quota are known",
			 STR_ARG(s->transport->options.region));
		return OK;
	}
	if (answer.status != 200)
		return refused(&answer, fault);
	err e = ses_read_account(answer.body, &account);
	if (failed(e)) {
		fault_set(fault, "%s: %s", s->ses->host, e.note);
		return e;
	}
	keep(s->ses, &account);
	allow(s, &account, out);
	return OK;
}

/* ── For `config check` ──────────────────────────────────────────────────────────────────────────── */

enum { SEEN, REFUSED, UNSEEN };

static int see(struct ses_session *s, struct arena *a, str path, struct ses_answer *answer)
{
	if (failed(ask(s, a, path, answer, NULL)))
		return UNSEEN;
	if (answer->status == 200)
		return SEEN;
	return str_same(str_of(answer->refusal.name), STR("NotFoundException")) ? REFUSED : UNSEEN;
}

/* The address itself, or else its domain. */
static int see_sender(struct ses_session *s, struct arena *a, struct ses_identity *out)
{
	str sender = s->transport->options.sender, local, domain;
	int seen = REFUSED;

	(void)str_cut(sender, '@', &local, &domain);
	const str names[] = { sender, domain };
	for (size_t i = 0; i < 2 && seen == REFUSED; i++) {
		struct ses_answer answer;
		struct buf path;
		if (failed(buf_open(a, 1024, &path)))
			return UNSEEN;
		buf_add(&path, STR("/v2/email/identities/"));
		buf_add_uri(&path, names[i], false);
		seen = failed(buf_check(&path)) ? UNSEEN : see(s, a, buf_str(&path), &answer);
		if (seen == SEEN && failed(ses_read_identity(answer.body, out)))
			return UNSEEN;
	}
	return seen;
}

static err check_sender(struct ses_session *s, struct arena *a, struct ses_identity *identity, bool *unseen,
			struct fault *fault)
{
	str sender = s->transport->options.sender;
	int seen = see_sender(s, a, identity);

	*unseen = seen == UNSEEN;
	if ((seen == SEEN && identity->verified) || *unseen)
		return OK;
	fault_set(fault, "neither %.*s nor its domain is verified with SES in %.*s; verify the domain there",
		  STR_ARG(sender), STR_ARG(s->transport->options.region));
	return NEVER(DENIED, "the sender is not verified");
}

/* SES changes the text of mail whose opening or clicking it tracks: links would lead through it, and our signature
 * would be broken. */
static err check_tracking(struct ses_session *s, struct arena *a, str set, bool *unseen, struct fault *fault)
{
	struct ses_answer answer;
	bool tracks = false;
	struct buf path;

	if (!set.len)
		return OK;
	TRY(buf_open(a, 512, &path));
	buf_add(&path, STR("/v2/email/configuration-sets/"));
	buf_add_uri(&path, set, false);
	buf_add(&path, STR("/event-destinations"));
	TRY(buf_check(&path));
	int seen = see(s, a, buf_str(&path), &answer);
	if (seen == REFUSED) {
		fault_set(fault, "SES has no configuration set %.*s in %.*s", STR_ARG(set),
			  STR_ARG(s->transport->options.region));
		return NEVER(CONFIG, "the configuration set is not there");
	}
	if (seen == UNSEEN || failed(ses_read_tracks(answer.body, &tracks)))
		*unseen = true;
	if (!tracks)
		return OK;
	fault_set(fault,
		  "the configuration set %.*s tracks opening or clicking: SES would change the mail, lead its links "
		  "through itself and break its signature; take OPEN and CLICK out of its event destinations",
		  STR_ARG(set));
	return NEVER(DENIED, "the configuration set tracks recipients");
}

err ses_probe(struct session *base, struct arena *a, str *words, struct allowance *allowed, struct fault *fault)
{
	struct ses_session *s = base->state;
	struct ses_identity identity = { 0 };
	str set = s->transport->options.configuration_set;
	bool unseen = false;

	TRY(ses_allowance(base, allowed, fault));
	TRY(check_sender(s, a, &identity, &unseen, fault));
	TRY(check_tracking(s, a, set.len ? set : str_of(identity.configuration_set), &unseen, fault));
	allowed->unseen = unseen;
	return str_copy(a, str_of(allowed->words), words);
}
