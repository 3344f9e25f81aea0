#include "net/acme_inside.h"

#include "sys/sys.h"

enum { PROOF_MAX = 512, CSR_MAX = 4096, NAME_MAX_LEN = 253 };

/* ── Directory and account ───────────────────────────────────────────────────────────────────────── */

static err keep(struct acme *c, const json_t *from, const char *name, str *to)
{
	TRY(str_copy(c->arena, acme_text(from, name), to));
	return to->len ? OK : LATER(PROTOCOL, "the authority's answer lacks a part");
}

static err read_directory(struct acme *c)
{
	OWNED(acme_answer_done) struct acme_answer answer = { 0 };

	TRY(acme_get(c, c->options->directory, &answer));
	TRY(keep(c, answer.json, "newNonce", &c->new_nonce));
	TRY(keep(c, answer.json, "newAccount", &c->new_account));
	return keep(c, answer.json, "newOrder", &c->new_order);
}

/* 7.3: an account that exists is found by its key. */
static err know_account(struct acme *c)
{
	OWNED(acme_answer_done) struct acme_answer answer = { 0 };
	str payload, contact = c->options->contact;

	if (contact.len && (!str_clean(contact) || str_has(contact, '"') || str_has(contact, '\\')))
		return NEVER(ADDRESS, "the contact is no address");
	TRY(str_format(c->arena, &payload,
		       contact.len ? "{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:%.*s\"]}"
				   : "{\"termsOfServiceAgreed\":true}",
		       STR_ARG(contact)));
	TRY(acme_post(c, c->new_account, payload, &answer));
	c->kid = answer.location;
	return c->kid.len ? OK : LATER(PROTOCOL, "the authority gives no account");
}

/* ── Waiting ─────────────────────────────────────────────────────────────────────────────────────── */

/* 7.5.1 and 7.4: until the status is another than those of waiting. */
static err wait_for(struct acme *c, str url, struct acme_answer *out)
{
	for (;;) {
		TRY(acme_post(c, url, STR_NONE, out));
		str status = acme_text(out->json, "status");
		if (!str_same(status, STR("pending")) && !str_same(status, STR("processing")))
			return OK;
		acme_answer_done(out);
		if (clock_ticks(&c->options->clock) >= c->until)
			return LATER(TIMEOUT, "the authority takes too long");
		if (!sys_sleep(SECOND))
			return LATER(CANCELLED, "stopping: no certificate is waited for");
	}
}

/* ── Challenges ──────────────────────────────────────────────────────────────────────────────────── */

static const json_t *challenge_of(const struct acme *c, const json_t *authorization)
{
	static const char *const names[] = { [ACME_TLS_ALPN] = "tls-alpn-01", [ACME_HTTP] = "http-01" };
	const json_t *all = json_object_get(authorization, "challenges"), *one;
	size_t i;

	json_array_foreach(all, i,
			   one) if (str_same(acme_text(one, "type"), str_of(names[c->options->challenge]))) return one;
	return NULL;
}

/* RFC 8555 8: 128 bits or more in the alphabet of base64url, so it can stand in a path. */
static bool is_token(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= 'A' && s.at[i] <= 'Z') ||
		      (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '-' || s.at[i] == '_'))
			return false;
	return s.len >= 16 && s.len <= 256;
}

/* 8.1: token, dot, thumbprint of the account's key. */
static err show_proof(struct acme *c, str token)
{
	char text[PROOF_MAX];
	struct buf proof = BUF_ON(text);

	if (!is_token(token))
		return LATER(PROTOCOL, "the authority sent a token that is none");
	buf_add(&proof, token);
	buf_add_char(&proof, '.');
	TRY(acme_thumbprint(c, &proof));
	return c->options->show(c->options->state, c->arena, buf_str(&proof));
}

static err explain_refusal(struct acme *c, const json_t *authorization)
{
	const json_t *challenge = challenge_of(c, authorization);
	str detail = acme_text(json_object_get(challenge, "error"), "detail");

	fault_set(c->fault, "the certificate authority did not find the proof at %.*s: %.*s", STR_ARG(c->options->host),
		  STR_ARG(str_upto(detail, 400)));
	return NEVER(REPLY_NEVER, "the authority found no proof");
}

static err answer_challenge(struct acme *c, str url, const json_t *authorization)
{
	OWNED(acme_answer_done) struct acme_answer begun = { 0 };
	OWNED(acme_answer_done) struct acme_answer ended = { 0 };
	const json_t *challenge = challenge_of(c, authorization);

	if (!challenge)
		return NEVER(UNSUPPORTED, "the authority does not offer the challenge that is configured");
	TRY(show_proof(c, acme_text(challenge, "token")));
	TRY(acme_post(c, acme_text(challenge, "url"), STR("{}"), &begun));
	TRY(wait_for(c, url, &ended));
	return str_same(acme_text(ended.json, "status"), STR("valid")) ? OK : explain_refusal(c, ended.json);
}

static err prove(struct acme *c, const json_t *order)
{
	const json_t *all = json_object_get(order, "authorizations"), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		OWNED(acme_answer_done) struct acme_answer authorization = { 0 };
		str url = json_is_string(one) ? str_of(json_string_value(one)) : STR_NONE;
		TRY(acme_post(c, url, STR_NONE, &authorization));
		if (!str_same(acme_text(authorization.json, "status"), STR("valid")))
			TRY(answer_challenge(c, url, authorization.json));
	}
	return OK;
}

/* ── Order ───────────────────────────────────────────────────────────────────────────────────────── */

static err finalize(struct acme *c, str url)
{
	OWNED(acme_answer_done) struct acme_answer answer = { 0 };
	struct buf payload;
	str csr;

	TRY(certificate_request(c->options->key, c->options->host, c->arena, &csr));
	TRY(buf_open(c->arena, CSR_MAX, &payload));
	buf_add(&payload, STR("{\"csr\":\""));
	buf_add_base64url(&payload, csr);
	buf_add(&payload, STR("\"}"));
	TRY(buf_check(&payload));
	return acme_post(c, url, buf_str(&payload), &answer);
}

static err download(struct acme *c, str url, str *chain)
{
	OWNED(acme_answer_done) struct acme_answer answer = { 0 };

	TRY(acme_post(c, url, STR_NONE, &answer));
	if (!str_starts(answer.body, STR("-----BEGIN CERTIFICATE-----")))
		return LATER(PROTOCOL, "the authority sent no certificate");
	*chain = answer.body;
	return OK;
}

static err order(struct acme *c, str *chain)
{
	OWNED(acme_answer_done) struct acme_answer begun = { 0 };
	OWNED(acme_answer_done) struct acme_answer ended = { 0 };
	str payload;

	TRY(str_format(c->arena, &payload, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"%.*s\"}]}",
		       STR_ARG(c->options->host)));
	TRY(acme_post(c, c->new_order, payload, &begun));
	TRY(prove(c, begun.json));
	TRY(finalize(c, acme_text(begun.json, "finalize")));
	TRY(wait_for(c, begun.location, &ended));
	if (!str_same(acme_text(ended.json, "status"), STR("valid")))
		return NEVER(REPLY_NEVER, "the authority gives no certificate");
	return download(c, acme_text(ended.json, "certificate"), chain);
}

static bool is_name(str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!((host.at[i] >= 'a' && host.at[i] <= 'z') || (host.at[i] >= 'A' && host.at[i] <= 'Z') ||
		      (host.at[i] >= '0' && host.at[i] <= '9') || host.at[i] == '-' || host.at[i] == '.'))
			return false;
	return host.len > 0 && host.len <= NAME_MAX_LEN;
}

err acme_obtain(struct arena *a, const struct acme_options *options, str *chain, struct fault *fault)
{
	struct acme c = { .options = options,
			  .arena = a,
			  .fault = fault,
			  .until = clock_ticks(&options->clock) + options->patience };

	if (!is_name(options->host))
		return NEVER(ADDRESS, "a certificate is for a name in ASCII");
	TRY(read_directory(&c));
	TRY(know_account(&c));
	return order(&c, chain);
}
