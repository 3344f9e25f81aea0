/* The certifier: gets a certificate from the authority that is configured, before the present one ends. It is a process
 * of its own because no other has its rights: it dials out, to one authority, and writes the certificate and its key;
 * it accepts from nobody, asks nothing of the keeper and sees neither database nor store. What the authority comes to
 * look for, the front shows: it finds it in the folder serve.acme_folder. */
#include "proc/role.h"

#include "crypt/crypt.h"
#include "net/acme.h"
#include "sys/sys.h"

enum { PEM_MAX = 64 * 1024, ARENA = 4 * 1024 * 1024, LOOK_EVERY_SECONDS = 60 };
#define PATIENCE (3 * MINUTE)
#define FIRST_WAIT MINUTE
#define MOST_WAIT DAY
#define ALARM (14 * DAY)

struct certifier {
	struct duty *duty;
	str host;
	span wait;        /* after the next failure */
	int64_t again_at; /* ticks; not before */
	double jitter;    /* 0 to 1: of this process's life, so that not all machines come at once */
};

/* ── When ────────────────────────────────────────────────────────────────────────────────────────── */

/* At two thirds of its life, and up to a thirtieth later. What is self-made, broken or for another name: now. */
static bool is_due(const struct certifier *c, const struct certificate_facts *f)
{
	span life = f->ends_at - f->begins_at;
	moment at = f->begins_at + life / 3 * 2 + (span)(c->jitter * (double)life / 30);

	return f->self_made || !f->matches_host || !f->matches_key || clock_now(&c->duty->clock) >= at;
}

static err look(const struct certifier *c, struct arena *a, struct arena *secret, struct certificate_facts *out)
{
	const struct config *config = c->duty->config;
	str pem, key;

	TRY(file_read_all(a, config->serve.certificate, PEM_MAX, &pem));
	TRY(file_read_private(secret, config->serve.key, PEM_MAX, &key));
	return certificate_look(pem, c->host, key, out);
}

static void sound_alarm(const struct certifier *c, const struct certificate_facts *f)
{
	span left = f->ends_at - clock_now(&c->duty->clock);

	if (!f->self_made && left < ALARM)
		log_say(&c->duty->log, LOG_LEVEL_ERROR, "the certificate of %.*s ends in %lld days", STR_ARG(c->host),
			(long long)(left / DAY));
}

/* ── How ─────────────────────────────────────────────────────────────────────────────────────────── */

static err path_in(const struct certifier *c, struct arena *a, const char *name, const char **out)
{
	return path_join(a, c->duty->config->serve.acme_folder, str_of(name), out);
}

static err account_key(const struct certifier *c, struct arena *a, struct arena *secret, struct ecdsa_key **out)
{
	const char *path;
	str pem;

	TRY(path_in(c, a, "account.pem", &path));
	if (!file_exists(path)) {
		TRY(ecdsa_key_new(secret, &pem));
		TRY(file_write_new(path, pem, 0600));
	}
	TRY(file_read_private(secret, path, PEM_MAX, &pem));
	return ecdsa_key_open(pem, out);
}

struct showing {
	const struct certifier *certifier;
	struct arena *secret;
};

/* For both challenges, whichever the authority was asked for: the front reads what it needs. The key stands first, so
 * that a certificate is never there without it. */
static err show(void *state, struct arena *a, str proof)
{
	const struct showing *s = state;
	const struct certifier *c = s->certifier;
	const char *text, *certificate, *key;
	uint8_t digest[SHA256_LEN];
	str cert_pem, key_pem;

	TRY(path_in(c, a, TLS_CHALLENGE_PROOF, &text));
	TRY(path_in(c, a, TLS_CHALLENGE_CERTIFICATE, &certificate));
	TRY(path_in(c, a, TLS_CHALLENGE_KEY, &key));
	TRY(sha256(proof, digest));
	TRY(certificate_for_challenge(c->host, digest, clock_now(&c->duty->clock), &c->duty->entropy, a, &cert_pem,
				      s->secret, &key_pem));
	TRY(file_write_atomic(text, proof, 0600));
	TRY(file_write_atomic(key, key_pem, 0600));
	return file_write_atomic(certificate, cert_pem, 0600);
}

static void hide(const struct certifier *c, struct arena *a)
{
	static const char *const names[] = { TLS_CHALLENGE_PROOF, TLS_CHALLENGE_CERTIFICATE, TLS_CHALLENGE_KEY };
	const char *path;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!failed(path_in(c, a, names[i], &path)))
			(void)!failed(file_remove(path));
}

/* The front takes a pair up only when it fits together, so between the two writes it keeps the old one. */
static err put_in_place(const struct certifier *c, str chain, str key_pem)
{
	const struct config *config = c->duty->config;
	struct certificate_facts facts;

	TRY(certificate_look(chain, c->host, key_pem, &facts));
	if (!facts.matches_host || !facts.matches_key || facts.ends_at <= clock_now(&c->duty->clock))
		return LATER(PROTOCOL, "the authority gave a certificate that does not fit");
	TRY(file_write_atomic(config->serve.key, key_pem, 0600));
	return file_write_atomic(config->serve.certificate, chain, 0644);
}

static err obtain(const struct certifier *c, struct arena *a, struct arena *secret, struct fault *fault)
{
	const struct config *config = c->duty->config;
	OWNED(http_client_done) struct http_client *http = NULL;
	OWNED(ecdsa_key_done) struct ecdsa_key *account = NULL;
	OWNED(ecdsa_key_done) struct ecdsa_key *key = NULL;
	struct showing showing = { c, secret };
	const struct http_client_options to = { .ca_file = config->serve.acme_ca_file, .stop_fd = stop_fd() };
	str key_pem, chain;

	TRY(dir_make(config->serve.acme_folder, 0700));
	TRY(http_client_open(&to, &http, fault));
	TRY(account_key(c, a, secret, &account));
	TRY(ecdsa_key_new(secret, &key_pem));
	TRY(ecdsa_key_open(key_pem, &key));
	const struct acme_options options = { .http = http,
					      .directory = config->serve.acme_directory,
					      .contact = config->serve.acme_contact,
					      .host = c->host,
					      .account = account,
					      .key = key,
					      .challenge = (enum acme_challenge)config->serve.acme_challenge,
					      .patience = PATIENCE,
					      .clock = c->duty->clock,
					      .show = show,
					      .state = &showing };
	err e = acme_obtain(a, &options, &chain, fault);
	hide(c, a);
	TRY(e);
	return put_in_place(c, chain, key_pem);
}

/* ── Both ────────────────────────────────────────────────────────────────────────────────────────── */

static void wait_longer(struct certifier *c)
{
	span wait = c->wait ? c->wait : FIRST_WAIT;

	c->again_at = clock_ticks(&c->duty->clock) + wait + (span)(c->jitter * (double)wait / 4);
	c->wait = 2 * wait > MOST_WAIT ? MOST_WAIT : 2 * wait;
}

static void try_once(struct certifier *c, struct arena *a, struct arena *secret)
{
	struct fault fault = { 0 };

	err e = obtain(c, a, secret, &fault);
	if (!failed(e)) {
		c->wait = c->again_at = 0;
		log_say(&c->duty->log, LOG_LEVEL_INFO, "a new certificate for %.*s was given", STR_ARG(c->host));
		return;
	}
	wait_longer(c);
	if (!stop_wanted())
		log_failure(&c->duty->log, "no certificate was given; it is tried again later", e, &fault);
}

static err look_and_try(struct certifier *c)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(arena_done) struct arena *secret = NULL;
	struct certificate_facts facts = { 0 };

	TRY(arena_open(ARENA, &a));
	TRY(arena_open_secret(4 * PEM_MAX, &secret));
	bool known = !failed(look(c, a, secret, &facts));
	if (known && !is_due(c, &facts))
		return OK;
	if (known)
		sound_alarm(c, &facts);
	if (clock_ticks(&c->duty->clock) >= c->again_at)
		try_once(c, a, secret);
	return OK;
}

err certifier_run(struct duty *d, struct fault *fault)
{
	struct certifier c = { .duty = d, .host = config_host(d->config) };
	uint8_t chance;

	(void)fault;
	TRY(entropy_fill(&d->entropy, &chance, 1));
	c.jitter = chance / 255.0;
	TRY(duty_ready(d));
	for (unsigned second = 0; second == 0 || duty_goes_on(d); second++)
		if (second % LOOK_EVERY_SECONDS == 0)
			TRY(look_and_try(&c));
	return duty_outcome();
}
