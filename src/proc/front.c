/* The front: the recipients' page, at the parent's listener, over the keeper's keyring. */
#include "proc/role.h"

#include "door/hook/hook.h"
#include "door/ops/ops.h"
#include "door/page/page.h"
#include "sys/sys.h"

/* A request failed on our side; its target is not told, because it holds the token (THREATS B-81). */
static void request_failed(void *state, err e)
{
	const struct duty *d = state;

	log_failure(&d->log, "a request could not be answered", e, NULL);
}

/* Our keys sign for a domain at or above the sender's, or the line would not have opened. */
static struct page_look look_of(const struct config *c, const struct labels *labels)
{
	return (struct page_look){
		.brand = c->sender.name,
		.domain = c->domain,
		.signs = c->signing_count > 0,
		.show_names_before_proof = c->page.show_names_before_proof,
		.logo = c->page.logo,
		.colour = c->page.colour,
		.colour_dark = c->page.colour_dark,
		.why = { c->page.why_en, c->page.why_de, c->page.why_fr, c->page.why_es },
		.labels = *labels,
		.utc_offset_minutes = c->mail.utc_offset,
	};
}

/* What is refused is told as a warning: somebody else's fault, or a setting. */
static void notification_said(void *state, enum notification what, err e, const struct fault *fault)
{
	const struct duty *d = state;
	str words = notification_words(what);

	if (what == NOTIFICATION_TROUBLE)
		log_failure(&d->log, "a message of SNS could not be taken", e, fault);
	else
		log_say(&d->log, LOG_LEVEL_WARNING, "a message at /hooks/sns: %.*s%s%s", STR_ARG(words),
			fault->what[0] ? "; " : "", fault->what);
}

static err open_hook(struct duty *d, struct hook **out)
{
	return hook_open(&(struct hook_options){ .line = d->line, .said = notification_said, .state = d }, out);
}

static err open_page(struct duty *d, struct hook *hook, struct page_server **out, struct fault *fault)
{
	const struct config *c = d->config;
	struct proxies proxies;
	struct labels labels;

	TRY(proxies_parse(c->serve.proxies, &proxies));
	TRY(line_labels(d->line->arena, c, &labels));
	return page_server_open(
		&(struct page_server_options){
			.fetch = { c->database, d->line->keys, d->line->store, d->clock, d->entropy, fetch_rules(c) },
			.base_url = c->base_url,
			.listeners = d->listeners.at,
			.listener_count = d->listeners.count,
			.proxies = &proxies,
			.look = look_of(c, &labels),
			.hook = hook,
			.certificate = c->serve.certificate,
			.key = c->serve.key,
			.challenges = c->serve.acme_directory.len ? c->serve.acme_folder : NULL,
			.acme = d->listeners.acme.fd >= 0 ? &d->listeners.acme : NULL,
			.connections_max = (unsigned)c->serve.connections_max,
			.connections_of_one_max = (unsigned)c->serve.connections_per_address,
			.requests_of_one_max = (unsigned)c->serve.requests_per_address,
			.handshake_max = c->serve.handshake_timeout,
			.request_max = c->serve.request_timeout,
			.answer_max = c->serve.answer_timeout,
			.idle_max = c->serve.idle_timeout,
			.failed = request_failed,
			.state = d,
		},
		out, fault);
}

static err open_ops(struct duty *d, struct page_server *page, struct hook *hook, struct ops **out, struct fault *fault)
{
	if (d->listeners.ops.fd < 0)
		return OK;
	return ops_open(d->arena,
			&(struct ops_options){ .line = d->line,
					       .page = page,
					       .hook = hook,
					       .listener = &d->listeners.ops,
					       .listen = d->config->serve.ops_listen },
			out, fault);
}

static void reload(const struct duty *d, struct page_server *page)
{
	struct fault fault = { 0 };

	err e = page_server_reload(page, &fault);
	if (failed(e))
		log_failure(&d->log, "the certificate could not be loaded again; the old one stays", e, &fault);
	else
		log_say(&d->log, LOG_LEVEL_INFO, "the certificate was loaded again");
}

/* ── The certificate's files ── */

struct modified {
	moment certificate, key;
};

static struct modified modified_at(const struct config *c)
{
	struct path_facts facts;
	struct modified m = { 0 };

	if (!failed(path_look(c->serve.certificate, &facts)))
		m.certificate = facts.written_at;
	if (!failed(path_look(c->serve.key, &facts)))
		m.key = facts.written_at;
	return m;
}

static bool same(struct modified a, struct modified b)
{
	return a.certificate == b.certificate && a.key == b.key;
}

struct watch {
	struct modified seen, changing;
};

/* True once they were written and then left alone for a second: whoever replaces two files does it one by one. */
static bool has_settled(struct watch *w, struct modified now)
{
	bool settled = !same(now, w->seen) && same(now, w->changing);

	w->changing = now;
	if (settled)
		w->seen = now;
	return settled;
}

/* A download takes a quarter of a MiB and gives it back; 16 pools of a MiB are what the busiest front keeps. */
enum { MEMORY_KEPT = 1024 * 1024, MEMORY_POOLS = 16 };

err front_run(struct duty *d, struct fault *fault)
{
	const struct config *c = d->config;
	OWNED(hook_done) struct hook *hook = NULL;
	OWNED(page_server_done) struct page_server *page = NULL;
	OWNED(ops_done) struct ops *ops = NULL;

	memory_keep(MEMORY_KEPT, MEMORY_POOLS);
	TRY(open_hook(d, &hook));
	TRY(open_page(d, hook, &page, fault));
	TRY(open_ops(d, page, hook, &ops, fault));
	log_say(&d->log, LOG_LEVEL_INFO, "the page of %.*s is served at %.*s", STR_ARG(c->base_url),
		STR_ARG(c->serve.listen));
	TRY(duty_ready(d));
	struct watch watch = { .seen = modified_at(c) };
	while (duty_goes_on(d))
		if (reload_wanted() || has_settled(&watch, modified_at(c)))
			reload(d, page);
	page_server_stop(page, DRAIN);
	return duty_outcome();
}
