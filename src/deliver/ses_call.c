/* One request to SES: its body made as it is read, hashed, signed, sent once, its refusal understood. */
#include "deliver/ses.h"

#include "crypt/crypt.h"

enum { SECRET_ROOM = 64 * 1024, FIELDS = 6, SIGN_TRIES = 3, GROUP = 3 * 1024, EDGE_MAX = 4096 };

/* ── The body ────────────────────────────────────────────────────────────────────────────────────── */

/* What stands before the message, the message in base64, what stands after it. */
struct body {
	str before, message, after;
	char window[GROUP / 3 * 4];
	struct buf encoded;
	str ready; /* of any of the three */
};

static uint64_t length_of(str before, str message, str after)
{
	return before.len + (message.len + 2) / 3 * 4 + after.len;
}

static str next_piece(struct body *b)
{
	str piece = b->before;

	if (piece.len) {
		b->before = STR_NONE;
		return piece;
	}
	if (b->message.len) {
		b->encoded = BUF_ON(b->window);
		buf_add_base64(&b->encoded, str_upto(b->message, GROUP));
		b->message = str_from(b->message, b->message.len < GROUP ? b->message.len : GROUP);
		return buf_str(&b->encoded);
	}
	piece = b->after;
	b->after = STR_NONE;
	return piece;
}

static err read_body(void *state, void *to, size_t max, size_t *got)
{
	struct body *b = state;
	size_t have = 0;

	while (have < max) {
		if (!b->ready.len)
			b->ready = next_piece(b);
		if (!b->ready.len)
			break;
		str part = str_upto(b->ready, max - have);
		memcpy((char *)to + have, part.at, part.len);
		have += part.len;
		b->ready = str_from(b->ready, part.len);
	}
	*got = have;
	return OK;
}

static const struct source_ops body_ops = { .read = read_body };

/* SigV4 signs the hash of what is sent; SES believes no UNSIGNED-PAYLOAD. */
static err hash_body(struct body whole, char hex[2 * SHA256_LEN])
{
	OWNED(hash_done) struct hash *h = NULL;
	uint8_t digest[SHA256_LEN];
	struct buf out = { .at = hex, .max = 2 * SHA256_LEN };
	char part[8192];
	size_t got;

	TRY(hash_open(&h));
	do {
		TRY(read_body(&whole, part, sizeof part, &got));
		TRY(hash_add(h, str_bytes(part, got)));
	} while (got);
	TRY(hash_finish(h, digest));
	buf_add_hex(&out, str_bytes(digest, sizeof digest));
	return buf_check(&out);
}

/* ── Signing ─────────────────────────────────────────────────────────────────────────────────────── */

struct signing {
	struct http_field fields[FIELDS];
	size_t count;
	str key_id; /* of who signed */
};

static void add(struct signing *g, const char *name, str value)
{
	must(g->count < FIELDS);
	g->fields[g->count++] = (struct http_field){ str_of(name), value };
}

span ses_skew(struct ses *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	span skew = s->skew;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return skew;
}

static err sign(struct ses_session *s, struct arena *a, const struct ses_request *r, str payload, struct signing *g)
{
	OWNED(arena_done) struct arena *secret = NULL;
	const struct transport_options *o = &s->transport->options;
	struct sigv4_field fields[FIELDS + 1];
	struct clock clock =
		sys_clock(); /* SES believes the clock of the wall, whatever moment is taken for the work */
	const struct sigv4_rules rules = sigv4_rules_of(STR("ses"), o->region, clock_now(&clock) + ses_skew(s->ses));
	struct aws_credentials who = { 0 };
	struct sigv4 signed_;

	if (r->mail)
		add(g, "content-type", STR("application/json"));
	for (size_t i = 0; i < g->count; i++)
		fields[i] = (struct sigv4_field){ g->fields[i].name, g->fields[i].value };
	fields[g->count] = (struct sigv4_field){ STR("host"), str_of(s->ses->host) };
	const struct sigv4_request request = { r->method, r->path, STR_NONE, fields, g->count + 1, payload };
	TRY(arena_open_secret(SECRET_ROOM, &secret));
	TRY(aws_login_get(o->signer, secret, &who));
	TRY(sigv4_sign(a, &request, &who, &rules, &signed_));
	str date, token;
	TRY(str_copy(a, str_of(signed_.date), &date));
	TRY(str_copy(a, who.token, &token));
	TRY(str_copy(a, who.access_key_id, &g->key_id));
	add(g, "x-amz-date", date);
	if (token.len)
		add(g, "x-amz-security-token", token);
	add(g, "authorization", signed_.authorization);
	return OK;
}

/* ── Once ────────────────────────────────────────────────────────────────────────────────────────── */

static err make_body(struct arena *a, const struct ses_request *r, struct body *out)
{
	struct buf after;

	if (!r->mail)
		return OK;
	TRY(buf_open(a, EDGE_MAX, &after));
	ses_mail_end(r->mail, &after);
	TRY(buf_check(&after));
	*out = (struct body){ .before = SES_MAIL_BEGIN, .message = r->message, .after = buf_str(&after) };
	return OK;
}

static err ask_once(struct ses_session *s, struct arena *a, const struct ses_request *r, str *key_id,
		    struct http_result *out, bool *sent)
{
	struct body body = { 0 };
	struct source stream = { &body_ops, &body };
	struct signing g = { 0 };
	char payload[2 * SHA256_LEN];
	str url;

	TRY(make_body(a, r, &body));
	TRY(hash_body(body, payload));
	TRY(sign(s, a, r, str_bytes(payload, sizeof payload), &g));
	TRY(str_format(a, &url, "%s%.*s", s->ses->origin, STR_ARG(r->path)));
	*key_id = g.key_id;
	const struct http_call call = {
		.method = r->method,
		.url = url,
		.fields = g.fields,
		.field_count = g.count,
		.stream = r->mail ? &stream : NULL,
		.stream_len = r->mail ? length_of(body.before, body.message, body.after) : 0,
		.answer_max = SES_ANSWER_MAX,
		.patience = r->patience,
		.once = r->mail,
		.sent = r->mail ? sent : NULL,
	};
	return http_call(s->http, a, &call, out, &s->fault);
}

/* A clock that is off is told by their Date, and from then on we sign by theirs; `config check` says so. */
static bool learn_skew(struct ses *s, const struct http_result *result)
{
	const str *date = http_result_field(result, STR("date"));
	struct clock clock = sys_clock();
	moment theirs;

	if (!date || failed(moment_parse_http(*date, &theirs)))
		return false;
	span skew = theirs - clock_now(&clock), size = skew < 0 ? -skew : skew;
	must(pthread_mutex_lock(&s->lock) == 0);
	span known = s->skew, off = skew > known ? skew - known : known - skew;
	bool better = size < SES_SKEW_MAX && off > SES_SKEW_BORNE;
	if (better)
		s->skew = size > SES_SKEW_BORNE ? skew : 0;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return better;
}

/* Refused before anything was done: by their clock, or with another key, it is another request. */
static bool is_corrected(struct ses_session *s, const struct http_result *result, const struct ses_refusal *refusal,
			 str key_id)
{
	if (refusal->fault == SES_CLOCK && learn_skew(s->ses, result))
		return true;
	return (refusal->fault == SES_KEY || refusal->fault == SES_CLOCK) &&
	       aws_login_refused(s->transport->options.signer, key_id);
}

err ses_call(struct ses_session *s, struct arena *a, const struct ses_request *r, struct ses_answer *out, bool *sent)
{
	const struct transport_options *o = &s->transport->options;
	struct http_result result;
	str key_id = STR_NONE;

	for (unsigned tried = 1;; tried++) {
		struct ses_answer answer = { 0 };
		*sent = false;
		s->fault = (struct fault){ 0 };
		TRY(ask_once(s, a, r, &key_id, &result, sent));
		answer.status = result.status;
		answer.body = result.body;
		*out = answer;
		if (result.status == 200)
			return OK;
		const str *type = http_result_field(&result, STR("x-amzn-errortype"));
		ses_read_refusal(result.status, type ? *type : STR_NONE, result.body, o->sender, &out->refusal);
		if (tried == SIGN_TRIES || !is_corrected(s, &result, &out->refusal, key_id))
			return OK;
	}
}
