/* One probe a thing that sending and serving need. */
#include "door/cli/config_check.h"

#include "compose/lint.h"
#include "crypt/openpgp.h"
#include "db/db.h"
#include "deliver/deliver.h"
#include "door/cli/template_lint.h"
#include "flow/aws_signer.h"
#include "flow/inspectors.h"
#include "flow/line.h"
#include "flow/notification.h"
#include "flow/objects.h"
#include "flow/scanner.h"
#include "flow/way_out.h"
#include "store/store.h"
#include "sys/sys.h"
#include "wire/sns.h"

#include <stdarg.h>
#include <stdio.h>

#define SOON (14 * DAY) /* a certificate that ends within */
enum { CERTIFICATE_MAX = 1024 * 1024, SECRET_ARENA_MAX = 8 * 1024 * 1024 };

__attribute__((format(printf, 4, 5))) static void find(struct check *c, enum judgement judgement, const char *todo,
						       const char *format, ...)
{
	struct finding *f = &c->findings[c->count];
	va_list args;

	if (c->count == FINDINGS_MAX)
		return;
	c->count++;
	f->name = c->probe;
	f->judgement = judgement;
	va_start(args, format);
	vsnprintf(f->found, sizeof f->found, format, args);
	va_end(args);
	snprintf(f->todo, sizeof f->todo, "%s", todo ? todo : "");
}

static void find_failure(struct check *c, err e, const struct fault *fault, const char *todo)
{
	char room[FINDING_TEXT];
	struct buf b = { .at = room, .max = sizeof room - 1 };

	buf_add_fault(&b, fault, e);
	find(c, FAILED, todo, "%.*s", STR_ARG(buf_str(&b)));
}

static void probe_settings(struct check *c)
{
	find(c, FINE, NULL, "%s", c->config->path);
}

static void probe_reasons(struct check *c)
{
	static const struct {
		const char *name;
		const char *what;
	} protections[] = {
		{ "signing_allow_none_reason", "mail leaves without a DKIM signature" },
		{ "transport.allow_plain_reason", "mail goes to another machine without TLS" },
		{ "check.allow_any_reason", "documents go out without being looked into" },
		{ "smime.allow_unchained_reason", "nobody needs to vouch for recipients' certificates" },
		{ "password.allow_weak_reason", "weak passwords are let through" },
		{ "base_url_elsewhere_reason", "links lead outside the sender's domain" },
		{ "s3.allow_plain_reason", "the bucket may answer others without TLS" },
		{ "sns.allow_version_1_reason", "messages of SNS may be signed with SHA-1" },
		{ "inspector.allow_no_sandbox_reason",
		  "documents are looked into without a sandbox if the kernel gives none" },
	};

	for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
		char room[FINDING_TEXT];
		struct buf reason = BUF_ON(room);
		const struct config_setting *s = config_setting(str_of(protections[i].name));

		config_print(c->config, s, 0, &reason);
		if (reason.len)
			find(c, DOUBTFUL, NULL, "%s, because: %.*s", protections[i].what, STR_ARG(buf_str(&reason)));
	}
}

static void probe_data(struct check *c)
{
	struct path_facts facts;
	err e = path_look(c->config->data, &facts);

	if (failed(e) || !facts.directory)
		find(c, FAILED, "make it with `letterlock init`, or name another in `data`", "%s is no folder",
		     c->config->data);
	else if (facts.others_write || !facts.ours)
		find(c, FAILED, "chmod go-w it; it must belong to the user that letterlock runs as",
		     "others may write %s", c->config->data);
	else if (!facts.we_write)
		find(c, FAILED, "run as the user it belongs to", "%s cannot be written", c->config->data);
	else
		find(c, FINE, NULL, "%s", c->config->data);
}

static void probe_keys(struct check *c)
{
	struct fault fault = { 0 };
	err e = keyring_open(c->config->keys, &c->cli->entropy, &c->keys, &fault);

	if (failed(e))
		find_failure(c, e, &fault,
			     "keys are made by `letterlock init` and `letterlock key new`; mode 0600 in 0700");
	else
		find(c, FINE, NULL, "%s, private to their owner", c->config->keys);
}

static const struct key_info *find_key(const struct key_info *keys, const struct config_signing *wanted)
{
	for (; keys; keys = keys->next)
		if (keys->kind == KEY_DKIM && !keys->retired && str_same(keys->domain, wanted->domain) &&
		    str_same(keys->selector, wanted->selector))
			return keys;
	return NULL;
}

static void probe_signing(struct check *c)
{
	struct key_info *keys = NULL;

	if (!c->keys || failed(keyring_list(c->keys, c->cli->arena, &keys)))
		return;
	for (size_t i = 0; i < c->config->signing_count; i++) {
		const struct config_signing *wanted = &c->config->signing[i];
		const struct key_info *k = find_key(keys, wanted);
		bool ed25519 = k && k->algorithm == SIGNATURE_ED25519_SHA256;

		if (!k)
			find(c, FAILED, "make it with `letterlock key new dkim`, or correct `signing`",
			     "there is no key for %.*s with selector %.*s", STR_ARG(wanted->domain),
			     STR_ARG(wanted->selector));
		else if (ed25519 != (wanted->algorithm == CONFIG_ED25519))
			find(c, FAILED, "correct signing[].algorithm", "the key %.*s is of the other kind",
			     STR_ARG(wanted->selector));
		else
			find(c, FINE, NULL, "%.*s._domainkey.%.*s, %s %u", STR_ARG(wanted->selector),
			     STR_ARG(wanted->domain), ed25519 ? "ed25519" : "rsa", k->bits);
	}
}

static void probe_pgp_signing(struct check *c)
{
	char room[64];
	struct buf fingerprint = BUF_ON(room);
	struct openpgp_signer signer;
	struct fault fault = { 0 };

	if (!c->keys || !c->config->seal.pgp_sign)
		return;
	err e = openpgp_signer_find(c->keys, &signer, &fault);
	if (failed(e)) {
		find_failure(c, e, &fault, "make it with `letterlock key new openpgp`, or set seal.pgp_sign to false");
		return;
	}
	openpgp_fingerprint(&signer.key, &fingerprint);
	find(c, FINE, NULL, "OpenPGP key %u, %.*s", signer.key.number, STR_ARG(buf_str(&fingerprint)));
}

static void probe_store(struct check *c)
{
	OWNED(store_done) struct store *store = NULL;
	const char *dir;
	struct path_facts facts = { 0 };
	struct fault fault = { 0 };

	if (objects_in_bucket(c->config) ||
	    failed(str_c(c->cli->arena, str_from(c->config->store, STR("disk:").len), &dir)))
		return;
	err e = store_open_disk(dir, &store, &fault);
	if (failed(e))
		find_failure(c, e, &fault, "correct `store`, or the folder's owner and mode");
	else if (failed(path_look(dir, &facts)) || !facts.we_write)
		find(c, FAILED, "run as the user it belongs to", "%s cannot be written", dir);
	else
		find(c, FINE, NULL, "%s", dir);
}

/* Until when a URL that is mailed today could live. */
static void add_mailed_until(struct check *c, const struct aws_login_facts *f, struct buf *b)
{
	moment until = clock_now(&c->cli->clock) + STORE_SHARED_MAX;
	moment retired = f->created_at + c->config->s3.refuse_after;

	buf_add(b, STR("; a link of today with --link presigned lives until "));
	buf_add_moment(b, retired < until ? retired : until);
	if (retired < until)
		buf_add(b, STR(", when the key is retired"));
}

/* How old the key is that signs, and when it stops. */
static void judge_login(struct check *c, const struct aws_login_facts *f, span warn_after, span refuse_after,
			bool mails_urls)
{
	static const char rotate_ses[] =
		"make a second key, name it besides the first in ses_keys, and take the old one away when it signs";
	span age = clock_now(&c->cli->clock) - f->created_at;
	char room[200];
	struct buf mailed = BUF_ON(room);

	if (mails_urls && !f->temporary && f->created_at && age < refuse_after)
		add_mailed_until(c, f, &mailed);
	if (f->temporary)
		find(c, FINE, NULL, "%s of %s, for a session%s", f->key_id, f->from,
		     mails_urls ? ", which signs no --link presigned" : "");
	else if (!f->created_at)
		find(c, DOUBTFUL, "say when it was made in key_created, so that its age is watched",
		     "%s of %s; nobody knows how old it is%s", f->key_id, f->from,
		     mails_urls ? ", so it signs no --link presigned" : "");
	else if (age >= warn_after)
		find(c, DOUBTFUL, mails_urls ? OBJECTS_KEY_ROTATE : rotate_ses,
		     "%s is %lld days old; at %lld days nothing is signed with it any more%.*s", f->key_id,
		     (long long)(age / DAY), (long long)(refuse_after / DAY), STR_ARG(buf_str(&mailed)));
	else
		find(c, FINE, NULL, "%s of %s, %lld days old%.*s", f->key_id, f->from, (long long)(age / DAY),
		     STR_ARG(buf_str(&mailed)));
}

static void probe_bucket_login(struct check *c)
{
	OWNED(aws_login_done) struct aws_login *login = NULL;
	struct aws_login_facts facts = { 0 };
	struct fault fault = { 0 };

	if (!objects_in_bucket(c->config))
		return;
	err e = aws_signer_for_s3(c->cli->arena, c->config, c->cli->clock, &login);
	if (!failed(e))
		e = aws_login_look(login, &facts, &fault);
	if (failed(e))
		find_failure(c, e, &fault, "correct `s3.login` and `s3_keys`, or what they lead to");
	else
		judge_login(c, &facts, c->config->s3.warn_after, c->config->s3.refuse_after, true);
}

static void probe_ses_login(struct check *c)
{
	OWNED(aws_login_done) struct aws_login *login = NULL;
	struct aws_login_facts facts = { 0 };
	struct fault fault = { 0 };

	if (c->config->transport.kind != CONFIG_SES)
		return;
	err e = aws_signer_for_ses(c->cli->arena, c->config, sys_clock(), &login);
	if (!failed(e))
		e = aws_login_look(login, &facts, &fault);
	if (failed(e))
		find_failure(c, e, &fault, "correct `ses.login` and `ses_keys`, or what they lead to");
	else
		judge_login(c, &facts, c->config->ses.warn_after, c->config->ses.refuse_after, false);
}

static void judge_bucket(struct check *c, const struct store_bucket *b)
{
	struct bucket_verdict v = bucket_judge(b);
	bool allowed = v.plain_only && c->config->s3.allow_plain_reason.len;

	if (v.refused && !allowed)
		find(c, FAILED, v.todo, "%s", v.refused);
	else if (b->public_policy == STORE_UNKNOWN || b->public_acl == STORE_UNKNOWN ||
		 b->plain_denied == STORE_UNKNOWN)
		find(c, DOUBTFUL,
		     "allow s3:GetBucketPolicy, s3:GetBucketPolicyStatus and s3:GetBucketAcl to look at it",
		     "%.*s lets nobody in unsigned, but not all of its rules can be seen", STR_ARG(c->config->store));
	else
		find(c, FINE, NULL, "%.*s, private", STR_ARG(c->config->store));
	if (b->public_ignored == STORE_YES && b->public_forbidden == STORE_NO)
		find(c, DOUBTFUL, "put-public-access-block with all four of its settings true",
		     "only half of Block Public Access is on: public rules have no effect, but can be made");
	if (b->skew)
		find(c, DOUBTFUL, "set this machine's clock", "its clock and ours are %lld minutes apart",
		     (long long)((b->skew < 0 ? -b->skew : b->skew) / MINUTE));
}

static void probe_bucket(struct check *c)
{
	OWNED(store_done) struct store *store = NULL;
	struct store_bucket bucket;
	struct fault fault = { 0 };

	if (!objects_in_bucket(c->config))
		return;
	err e = objects_open(c->config, &store, &fault);
	if (!failed(e))
		e = store_look_bucket(store, c->cli->arena, &bucket);
	if (failed(e))
		find_failure(c, e, &fault, "correct `store` and `s3`");
	else
		judge_bucket(c, &bucket);
}

static void probe_database(struct check *c)
{
	OWNED(db_done) struct db *db = NULL;
	struct fault fault = { 0 };
	err e = db_open(c->config->database, &db, &fault);

	if (failed(e))
		find_failure(c, e, &fault, "a new one is made by `letterlock init`");
	else
		find(c, FINE, NULL, "%s", c->config->database);
}

static void judge_subscription(struct check *c, str topic, moment confirmed_at, moment ended_at)
{
	char room[64];
	struct buf at = BUF_ON(room);

	buf_add_moment(&at, ended_at ? ended_at : confirmed_at);
	if (ended_at)
		find(c, DOUBTFUL, "subscribe again: aws sns subscribe --protocol https",
		     "somebody ended the subscription to %.*s at %.*s", STR_ARG(topic), STR_ARG(buf_str(&at)));
	else if (!confirmed_at)
		find(c, DOUBTFUL,
		     "while `letterlock serve` runs: aws sns subscribe --protocol https --topic-arn … "
		     "--notification-endpoint BASE_URL/hooks/sns",
		     "%.*s did not ask to be confirmed yet: bounces and complaints of SES are not heard of",
		     STR_ARG(topic));
	else
		find(c, FINE, NULL, "/hooks/sns is subscribed to %.*s since %.*s", STR_ARG(topic),
		     STR_ARG(buf_str(&at)));
}

static void probe_notifications(struct check *c)
{
	OWNED(db_done) struct db *db = NULL;
	struct sns_topic topics[SNS_TOPICS_MAX];
	moment confirmed_at, ended_at;
	size_t count;

	if (failed(sns_topics_read(c->config->sns.topics, topics, &count)) || count == 0 ||
	    failed(db_open(c->config->database, &db, NULL)))
		return; /* settings and database have their own lines */
	for (size_t i = 0; i < count; i++)
		if (!failed(notification_subscription(db, topics[i].arn, &confirmed_at, &ended_at)))
			judge_subscription(c, topics[i].arn, confirmed_at, ended_at);
}

/* One line a template, with the worst that was found, so that no other finding is crowded out. */
static void find_lint(struct check *c, const struct lint_finding *first)
{
	const struct lint_finding *worst = first;
	unsigned others = 0;

	for (const struct lint_finding *f = first; f; f = f->next) {
		others += f != first;
		if (f->error && !worst->error)
			worst = f;
	}
	if (first)
		find(c, worst->error ? FAILED : DOUBTFUL, "correct it; `letterlock template lint NAME` tells all",
		     "%.*s, line %llu: %.*s (and %u more)", STR_ARG(worst->file), (unsigned long long)worst->line,
		     STR_ARG(worst->words), others);
}

static err lint_templates(struct check *c, const struct compose *compose, bool *good, struct fault *fault)
{
	struct lint_rules rules = { 0 };
	str name;

	TRY(template_hosts(c->cli->arena, c->config, NULL, &rules.own_hosts));
	for (size_t i = 0; (name = compose_template_name(compose, i)).len; i++) {
		struct lint_finding *f = NULL;
		TRY(compose_lint(c->cli->arena, compose, name, &rules, &f, fault));
		find_lint(c, f);
		*good = *good && !f;
	}
	return OK;
}

static void probe_templates(struct check *c)
{
	struct compose *compose;
	struct fault fault = { 0 };
	bool good = true;
	struct compose_settings settings = {
		.dir = c->config->templates,
		.language = c->config->mail.language,
		.utc_offset_minutes = c->config->mail.utc_offset,
	};
	err e = compose_open(c->cli->arena, &settings, &compose, &fault);

	if (!failed(e))
		e = lint_templates(c, compose, &good, &fault);
	if (failed(e))
		find_failure(c, e, &fault, "correct the template");
	else if (good)
		find(c, FINE, NULL, "%s", c->config->templates);
}

static void probe_inspector(struct check *c)
{
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	struct fault fault = { 0 };
	err e = flow_inspectors(c->config, &pool, &fault);

	if (failed(e))
		find_failure(c, e, &fault,
			     "documents cannot be looked into without it; `letterlock sandbox check` says more");
	else if (inspectors_landlock(pool))
		find(c, FINE, NULL, "filter of system calls, and Landlock version %u", inspectors_landlock(pool));
	else
		find(c, DOUBTFUL, "Landlock comes with Linux 5.13; a container's profile may hide it",
		     "the filter of system calls holds, and there is no Landlock");
}

static void probe_login(struct check *c)
{
	struct arena *secret;
	struct fault fault = { 0 };
	str password;

	if (c->config->transport.kind != CONFIG_SMTP || c->config->transport.auth == CONFIG_LOGIN_NONE ||
	    failed(arena_open_secret(SECRET_ARENA_MAX, &secret)))
		return;
	OWNED(arena_done) struct arena *owner = secret;
	err e = config_secret(c->config, &c->config->transport.password, secret, &password, &fault);
	if (failed(e))
		find_failure(c, e, &fault, "correct transport.password");
	else
		find(c, FINE, NULL, "the relay's password can be had");
}

static void judge_certificate(struct check *c, const struct certificate_facts *f)
{
	static const char renew[] = "get a certificate for the host of base_url";
	char end[64];
	struct buf ends = BUF_ON(end);
	moment now = clock_now(&c->cli->clock);
	const char *path = c->config->serve.certificate;

	buf_add_moment(&ends, f->ends_at);
	if (!f->matches_key)
		find(c, FAILED, "name the key that belongs to it in serve.key", "%s and its key do not fit together",
		     path);
	else if (now >= f->ends_at || now < f->begins_at)
		find(c, FAILED, renew, "%s is not valid now (until %.*s)", path, STR_ARG(buf_str(&ends)));
	else if (!f->matches_host)
		find(c, FAILED, renew, "%s is not for %.*s", path, STR_ARG(config_host(c->config)));
	else if (f->self_made)
		find(c, DOUBTFUL, "for real recipients, get one from a certificate authority",
		     "%s is self-made: browsers will warn", path);
	else if (f->ends_at - now < SOON)
		find(c, DOUBTFUL, renew, "%s ends soon, %.*s", path, STR_ARG(buf_str(&ends)));
	else
		find(c, FINE, NULL, "%s, until %.*s", path, STR_ARG(buf_str(&ends)));
}

static void probe_certificate(struct check *c)
{
	struct certificate_facts facts;
	struct arena *secret;
	str pem, key;

	if (c->config->serve.listen.len == 0 || failed(arena_open_secret(SECRET_ARENA_MAX, &secret)))
		return;
	OWNED(arena_done) struct arena *owner = secret;
	err e = file_read_all(c->cli->arena, c->config->serve.certificate, CERTIFICATE_MAX, &pem);
	if (failed(e)) {
		find(c, FAILED, "correct serve.certificate", "%s: %s", c->config->serve.certificate, e.note);
		return;
	}
	e = file_read_private(secret, c->config->serve.key, CERTIFICATE_MAX, &key);
	if (failed(e)) {
		find(c, FAILED, "correct serve.key; its file is private to its owner: chmod 600", "%s: %s",
		     c->config->serve.key, e.note);
		return;
	}
	e = certificate_look(pem, config_host(c->config), key, &facts);
	if (failed(e))
		find(c, FAILED, "correct serve.certificate", "%s: %s", c->config->serve.certificate, e.note);
	else
		judge_certificate(c, &facts);
}

/* What whoever carries the mail allows: said before anything fails over it. */
static void judge_allowance(struct check *c, const struct allowance *a)
{
	span apart = a->skew < 0 ? -a->skew : a->skew;

	if (a->paused)
		find(c, FAILED, "look at the account's reputation in the console of SES",
		     "SES sends nothing for this account: it is paused or shut");
	if (a->sandbox)
		find(c, DOUBTFUL,
		     "ask AWS for production access in this region; until then verify each recipient there",
		     "the account is in the sandbox of SES: it mails nobody but addresses and domains that were "
		     "verified "
		     "there");
	if (a->told && a->day_max > 0 && a->day_left < 1)
		find(c, DOUBTFUL, "wait, or ask AWS for more",
		     "the quota of SES is used up: %.0f recipients in 24 hours", a->day_max);
	if (!a->told && a->words[0])
		find(c, DOUBTFUL, "allow ses:GetAccount", "nobody may ask about the account: its pace is not known");
	if (apart)
		find(c, DOUBTFUL, "set this machine's clock", "the clock of SES and ours are %lld minutes apart",
		     (long long)((apart + MINUTE / 2) / MINUTE));
	if (a->unseen)
		find(c, DOUBTFUL,
		     "allow ses:GetEmailIdentity and ses:GetConfigurationSetEventDestinations to whoever checks",
		     "whether the sender is verified and nobody is tracked cannot be seen");
}

/* As `dispatch` would go out, to the end of the login; no message. */
static void probe_transport(struct check *c)
{
	const struct line line = { .arena = c->cli->arena, .config = c->config };
	OWNED(transport_done) struct transport *transport = NULL;
	struct fault fault = { 0 };
	str words = STR_NONE;
	struct allowance allowed = { 0 };
	err e = way_out_open(&line, &transport, &fault);

	if (!failed(e))
		e = transport_probe(c->cli->arena, transport, &words, &allowed, &fault);
	if (failed(e))
		find_failure(c, e, &fault,
			     c->config->transport.kind == CONFIG_SES
				     ? "correct `ses`, or what is said of the account, in the console of SES"
				     : "correct `transport`, or ask whoever runs the relay");
	else
		find(c, FINE, NULL, "%.*s", STR_ARG(words));
	if (!failed(e))
		judge_allowance(c, &allowed);
}

static void probe_scanner(struct check *c)
{
	struct clamd_version version;
	struct fault fault = { 0 };
	struct clamd *scanner = NULL;
	char room[64];
	struct buf made = BUF_ON(room);
	err e = scanner_open(c->cli->arena, c->config, clock_now(&c->cli->clock), &scanner, &version, &fault);

	if (failed(e)) {
		find_failure(c, e, &fault, "nothing is sent before it is mended: see clamd.conf(5) and freshclam(1)");
	} else if (!scanner) {
		find(c, DOUBTFUL, "install clamd and name its socket in check.clamd",
		     "documents are not scanned for malware");
	} else {
		buf_add_moment(&made, version.signatures_at);
		find(c, FINE, NULL, "%s, signatures of %.*s", version.engine, STR_ARG(buf_str(&made)));
	}
}

static void probe_dns(struct check *c)
{
	find(c, DOUBTFUL, "compare the records that `letterlock init` printed with what `dig` shows",
	     "DNS is not looked at yet");
}

const struct probe config_probes[] = {
	{ "settings", probe_settings, false },
	{ "protections", probe_reasons, false },
	{ "data", probe_data, false },
	{ "keys", probe_keys, false },
	{ "signing", probe_signing, false },
	{ "OpenPGP", probe_pgp_signing, false },
	{ "store", probe_store, false },
	{ "credentials", probe_bucket_login, true },
	{ "bucket", probe_bucket, true },
	{ "database", probe_database, false },
	{ "notifications", probe_notifications, false },
	{ "templates", probe_templates, false },
	{ "login", probe_login, false },
	{ "certificate", probe_certificate, false },
	{ "malware", probe_scanner, true },
	{ "inspector", probe_inspector, false },
	{ "ses", probe_ses_login, true },
	{ "transport", probe_transport, true },
	{ "dns", probe_dns, true },
};
const size_t config_probe_count = sizeof config_probes / sizeof *config_probes;
