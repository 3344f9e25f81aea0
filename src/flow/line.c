#include "flow/line.h"

#include "flow/inspectors.h"
#include "flow/key_memory.h"
#include "flow/objects.h"
#include "flow/scanner.h"
#include "flow/smime.h"
#include "flow/way_out.h"
#include "sys/sys.h"

static err address_setting(struct arena *a, str text, const char *name, struct address *out, struct fault *fault)
{
	const char *reason = "";
	err e = address_parse(a, text, out, &reason);

	if (!failed(e))
		e = address_mailable(out, &reason);
	if (failed(e)) {
		fault_set(fault, "%s: %s", name, reason);
		return NEVER(CONFIG, "an address in the configuration is not valid");
	}
	return OK;
}

/* Is the key that a rule names there, in use and of its kind? Found out now, not with the first message. */
static err check_key(const struct key_info *keys, const struct sign_rule *rule, struct fault *fault)
{
	for (const struct key_info *k = keys; k; k = k->next)
		if (k->kind == KEY_DKIM && !k->retired && str_same(k->domain, rule->domain) &&
		    str_same(k->selector, rule->selector) && k->algorithm == rule->algorithm)
			return OK;
	fault_set(fault,
		  "signing: there is no %s key for the selector %.*s of %.*s; `letterlock key new dkim` makes one",
		  rule->algorithm == SIGNATURE_RSA_SHA256 ? "rsa" : "ed25519", STR_ARG(rule->selector),
		  STR_ARG(rule->domain));
	return NEVER(CONFIG, "a signing key is missing");
}

/* SES takes a message with one DKIM-Signature and puts its own beside it; of ours RSA is the one that all verify. */
static void keep_one(struct line *line)
{
	struct sign_rule *kept = line->rules;

	for (struct sign_rule *r = line->rules; r && kept->algorithm != SIGNATURE_RSA_SHA256; r = r->next)
		kept = r->algorithm == SIGNATURE_RSA_SHA256 ? r : kept;
	if (!kept)
		return;
	kept->next = NULL;
	kept->rewritten = true;
	line->rules = kept;
}

static err open_rules(struct arena *a, struct line *line, struct fault *fault)
{
	const struct config *c = line->config;
	struct sign_rule **last = &line->rules;
	struct key_info *keys;

	TRY(keyring_list(line->keys, a, &keys));
	for (size_t i = 0; i < c->signing_count; i++) {
		struct sign_rule *rule;
		TRY(NEW(a, rule));
		rule->domain = c->signing[i].domain;
		rule->selector = c->signing[i].selector;
		rule->algorithm = (enum signature_algorithm)c->signing[i].algorithm; /* the same order */
		*last = rule;
		last = &rule->next;
		TRY(check_key(keys, rule, fault));
		if (!sign_aligned(rule->domain, line->from.domain)) {
			fault_set(fault,
				  "signing: the domain %.*s does not match the sender's domain %.*s; such mail fails "
				  "DMARC",
				  STR_ARG(rule->domain), STR_ARG(line->from.domain));
			return NEVER(CONFIG, "a signing domain that does not fit the sender");
		}
	}
	if (way_out_is_ses(c))
		keep_one(line);
	if (!line->rules && c->signing_allow_none_reason.len == 0) {
		fault_set(fault,
			  "signing: no DKIM key is configured; `letterlock key new dkim` makes one, or write a reason "
			  "into signing_allow_none_reason");
		return NEVER(CONFIG, "nothing would sign the mail");
	}
	return OK;
}

err line_labels(struct arena *a, const struct config *config, struct labels *out)
{
	struct label *own;

	TRY(NEW_ARRAY(a, config->labels_count + 1, own));
	for (size_t i = 0; i < config->labels_count; i++) {
		const struct config_labels *l = &config->labels[i];
		own[i] = (struct label){ l->column, { l->en, l->de, l->fr, l->es } };
	}
	*out = (struct labels){ own, config->labels_count };
	return OK;
}

static err open_parts(struct arena *a, struct line *line, struct fault *fault)
{
	const struct config *c = line->config;
	struct compose_settings templates = { .dir = file_exists(c->templates) ? c->templates : NULL,
					      .language = c->mail.language,
					      .utc_offset_minutes = c->mail.utc_offset,
					      .show_digests = c->mail.show_digests };

	TRY(address_setting(a, c->sender.address, "sender.address", &line->from, fault));
	line->bounce = line->from;
	if (c->sender.bounce.len)
		TRY(address_setting(a, c->sender.bounce, "sender.bounce", &line->bounce, fault));
	TRY(open_rules(a, line, fault));
	TRY(objects_open(c, &line->store, fault));
	TRY(line_labels(a, c, &templates.labels));
	return compose_open(a, &templates, &line->compose, fault);
}

err line_open_with(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
		   struct keyring **keys, struct line **out, struct fault *fault)
{
	OWNED(line_done) struct line *line = NULL;

	TRY(NEW(a, line));
	line->arena = a;
	line->config = config;
	line->clock = clock;
	line->entropy = entropy;
	line->keys = *keys;
	*keys = NULL;
	TRY(open_parts(a, line, fault));
	*out = line;
	line = NULL;
	return OK;
}

err line_open(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
	      struct line **out, struct fault *fault)
{
	OWNED(keyring_done) struct keyring *keys = NULL;

	TRY(keyring_open(config->keys, &entropy, &keys, fault));
	return line_open_with(a, config, clock, entropy, &keys, out, fault);
}

/* The key is the keyring's, and so it is there only where the keyring signs mails: not in processes that ask a keeper.
 */
static err take_pgp_signer(struct line *line, struct fault *fault)
{
	struct openpgp_signer *s;

	if (!line->config->seal.pgp_sign)
		return OK;
	TRY(NEW(line->arena, s));
	err e = openpgp_signer_find(line->keys, s, fault);
	if (failed(e))
		fault_where(fault, STR("seal.pgp_sign"), 0, 0);
	TRY(e);
	line->pgp_signer = s;
	return OK;
}

err line_take_documents(struct line *line, struct fault *fault)
{
	const struct config *c = line->config;
	struct content_options options = { 0 };

	must(!line->content);
	TRY(objects_check(line->arena, c, line->store, fault));
	if (c->check.allow_any_reason.len == 0) {
		TRY(check_file_rules(c, &options.rules, fault));
		TRY(flow_inspectors(c, &line->inspectors, fault));
		options.inspectors = line->inspectors;
	}
	TRY(flow_smime_signer(c, clock_now(&line->clock), &line->signer, fault));
	TRY(flow_smime_authorities(c, &line->authorities, fault));
	TRY(take_pgp_signer(line, fault));
	TRY(scanner_open(line->arena, c, clock_now(&line->clock), &options.clamd, NULL, fault));
	return content_check_open(&options, &line->content);
}

err line_take_inspectors(struct line *line, struct fault *fault)
{
	return line->inspectors ? OK : flow_inspectors(line->config, &line->inspectors, fault);
}

err line_search_keys(struct line *line)
{
	if (line->key_memory || line->config->recipients.wkd == KEY_SEARCH_NEVER)
		return OK;
	return key_memory_open(&line->key_memory);
}

void line_done(struct line **line)
{
	if (!*line)
		return;
	content_check_done(&(*line)->content);
	inspectors_done(&(*line)->inspectors);
	cms_signer_done(&(*line)->signer);
	mail_authorities_done(&(*line)->authorities);
	key_memory_done(&(*line)->key_memory);
	store_done(&(*line)->store);
	keyring_done(&(*line)->keys);
	*line = NULL;
}

err line_db(const struct line *line, struct db **out, struct fault *fault)
{
	return db_open(line->config->database, out, fault);
}
