/* Signed requests: JSON Web Signatures in their flattened form (RFC 7515 7.2.2), as RFC 8555 6.2 narrows them down. */
#include "net/acme_inside.h"

#include "net/http.h"

enum { BODY_MAX = 64 * 1024, TRIES = 8, NONCE_MAX = 256, URL_MAX = 2048, POST_MAX = 32 * 1024, PROTECTED_MAX = 4096 };

str acme_text(const json_t *j, const char *name)
{
	const json_t *text = json_object_get(j, name);

	return text && json_is_string(text) ? str_bytes(json_string_value(text), json_string_length(text)) : STR_NONE;
}

void acme_answer_done(struct acme_answer *answer)
{
	json_decref(answer->json);
	answer->json = NULL;
}

/* ── Pieces ──────────────────────────────────────────────────────────────────────────────────────── */

/* In the order of RFC 7638 3, so that the same text is the key and what its thumbprint is made of. */
static err add_jwk(struct acme *c, struct buf *to)
{
	uint8_t x[32], y[32];

	TRY(ecdsa_key_point(c->options->account, x, y));
	buf_add(to, STR("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""));
	buf_add_base64url(to, str_bytes(x, sizeof x));
	buf_add(to, STR("\",\"y\":\""));
	buf_add_base64url(to, str_bytes(y, sizeof y));
	buf_add(to, STR("\"}"));
	return buf_check(to);
}

err acme_thumbprint(struct acme *c, struct buf *to)
{
	char text[256];
	struct buf jwk = BUF_ON(text);
	uint8_t digest[SHA256_LEN];

	TRY(add_jwk(c, &jwk));
	TRY(sha256(buf_str(&jwk), digest));
	buf_add_base64url(to, str_bytes(digest, sizeof digest));
	return buf_check(to);
}

/* What comes from the authority goes back inside of JSON: only what needs no escaping. */
static bool is_plain(str s, size_t max)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7F || s.at[i] == '"' || s.at[i] == '\\')
			return false;
	return s.len > 0 && s.len <= max;
}

static err add_protected(struct acme *c, str url, struct buf *to)
{
	if (!is_plain(url, URL_MAX) || !is_plain(c->nonce, NONCE_MAX) || (c->kid.len && !is_plain(c->kid, URL_MAX)))
		return LATER(PROTOCOL, "the authority sent what cannot be used");
	buf_add(to, STR("{\"alg\":\"ES256\","));
	if (c->kid.len) {
		buf_add_format(to, "\"kid\":\"%.*s\"", STR_ARG(c->kid));
	} else {
		buf_add(to, STR("\"jwk\":"));
		TRY(add_jwk(c, to));
	}
	buf_add_format(to, ",\"nonce\":\"%.*s\",\"url\":\"%.*s\"}", STR_ARG(c->nonce), STR_ARG(url));
	return buf_check(to);
}

static err make_body(struct acme *c, str url, str payload, struct buf *to)
{
	char text[PROTECTED_MAX], signing_text[POST_MAX];
	struct buf head = BUF_ON(text), signing = BUF_ON(signing_text);
	uint8_t signature[ECDSA_SIGNATURE];
	str protected_part, payload_part;

	TRY(add_protected(c, url, &head));
	buf_add_base64url(&signing, buf_str(&head));
	size_t dot = signing.len;
	buf_add_char(&signing, '.');
	buf_add_base64url(&signing, payload);
	TRY(buf_check(&signing));
	TRY(ecdsa_key_sign(c->options->account, buf_str(&signing), signature));
	protected_part = str_upto(buf_str(&signing), dot);
	payload_part = str_from(buf_str(&signing), dot + 1);
	buf_add_format(to, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"", STR_ARG(protected_part),
		       STR_ARG(payload_part));
	buf_add_base64url(to, str_bytes(signature, sizeof signature));
	buf_add(to, STR("\"}"));
	return buf_check(to);
}

/* ── Asking ──────────────────────────────────────────────────────────────────────────────────────── */

static void keep_nonce(struct acme *c, const struct http_result *r)
{
	const str *nonce = http_result_field(r, STR("replay-nonce"));

	c->nonce = nonce ? *nonce : STR_NONE;
}

static err ask(struct acme *c, const struct http_call *call, struct http_result *r)
{
	TRY(http_call(c->options->http, c->arena, call, r, c->fault));
	keep_nonce(c, r);
	return OK;
}

static err fresh_nonce(struct acme *c)
{
	struct http_result r;

	if (c->nonce.len)
		return OK;
	TRY(ask(c, &(struct http_call){ .method = STR("HEAD"), .url = c->new_nonce, .answer_max = 1024 }, &r));
	return c->nonce.len ? OK : LATER(PROTOCOL, "the authority gives no nonce");
}

static void read_answer(const struct http_result *r, struct acme_answer *out)
{
	const str *location = http_result_field(r, STR("location"));

	*out = (struct acme_answer){ .location = location ? *location : STR_NONE, .body = r->body };
	if (r->body.len && r->body.at[0] == '{')
		out->json = json_loadb(r->body.at, r->body.len, JSON_REJECT_DUPLICATES, NULL);
}

/* RFC 7807, as RFC 8555 6.7 uses it. */
static err judge(struct acme *c, const struct http_result *r, const struct acme_answer *answer)
{
	str detail = acme_text(answer->json, "detail");

	if (r->status >= 200 && r->status < 300)
		return OK;
	fault_set(c->fault, "the certificate authority says: %u %.*s", r->status,
		  STR_ARG(detail.len ? str_upto(detail, 400) : http_status_words(r->status)));
	if (r->status == 429 || r->status >= 500)
		return LATER(REPLY_LATER, "the authority said: later");
	return NEVER(REPLY_NEVER, "the authority said: no");
}

static bool wants_other_nonce(const struct acme_answer *answer)
{
	return str_same(acme_text(answer->json, "type"), STR("urn:ietf:params:acme:error:badNonce"));
}

static err post_once(struct acme *c, str url, str payload, struct acme_answer *out)
{
	static const struct http_field jose[] = { { { "Content-Type", 12 }, { "application/jose+json", 21 } } };
	struct buf body;
	struct http_result r;

	TRY(fresh_nonce(c));
	TRY(buf_open(c->arena, POST_MAX, &body));
	TRY(make_body(c, url, payload, &body));
	c->nonce = STR_NONE;
	TRY(ask(c,
		&(struct http_call){ .method = STR("POST"),
				     .url = url,
				     .fields = jose,
				     .field_count = 1,
				     .body = buf_str(&body),
				     .answer_max = BODY_MAX,
				     .repeatable = true }, /* its nonce is good for once */
		&r));
	read_answer(&r, out);
	return judge(c, &r, out);
}

err acme_post(struct acme *c, str url, str payload, struct acme_answer *out)
{
	err e = OK;

	for (int i = 0; i < TRIES; i++) {
		*out = (struct acme_answer){ 0 };
		e = post_once(c, url, payload, out);
		if (!failed(e) || !wants_other_nonce(out))
			break;
		acme_answer_done(out);
	}
	if (failed(e))
		acme_answer_done(out);
	return e;
}

err acme_get(struct acme *c, str url, struct acme_answer *out)
{
	struct http_result r;

	TRY(ask(c, &(struct http_call){ .method = STR("GET"), .url = url, .answer_max = BODY_MAX }, &r));
	read_answer(&r, out);
	err e = judge(c, &r, out);
	if (failed(e))
		acme_answer_done(out);
	return e;
}
