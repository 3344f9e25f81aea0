#include "wire/sigv4_inside.h"

#include "crypt/crypt.h"

#include <string.h>

static const str algorithm = STR("AWS4-HMAC-SHA256");

struct sigv4_rules sigv4_rules_of(str service, str region, moment at)
{
	bool s3 = str_same(service, STR("s3"));

	return (struct sigv4_rules){
		.region = region, .service = service, .at = at, .normalize = !s3, .path_is_final = s3
	};
}

/* What the scope is made of stands in a line that others split at '/', and in a URL. */
static bool is_word(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] == 0x7F || strchr("/,;=&", s.at[i]))
			return false;
	return s.len > 0;
}

static err check(const struct sigv4_request *request, const struct aws_credentials *who,
		 const struct sigv4_rules *rules)
{
	if (!is_word(rules->region) || !is_word(rules->service) || !is_word(who->access_key_id))
		return NEVER(SYNTAX, "region, service and access key id are single words");
	if (!who->secret_access_key.len || !str_clean(who->token))
		return NEVER(SYNTAX, "credentials that cannot sign");
	if (!request->method.len || !str_clean(request->method) || !str_clean(request->path) ||
	    !str_clean(request->query))
		return NEVER(SYNTAX, "a control byte in the request line");
	if (rules->expires > SIGV4_EXPIRES_MAX)
		return NEVER(LIMIT, "a presigned URL lives for seven days at the most");
	return OK;
}

static err write_date(moment at, char date[17])
{
	struct civil c = moment_civil(at);
	struct buf b = { .at = date, .max = 17 };

	if (at < 0 || c.year > 9999)
		return NEVER(SYNTAX, "a year of more than four digits");
	buf_add_format(&b, "%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
	(void)buf_c(&b);
	return buf_check(&b);
}

static err scope_of(struct arena *a, const struct sigv4_rules *rules, const char *date, str *out)
{
	return str_format(a, out, "%.8s/%.*s/%.*s/aws4_request", date, STR_ARG(rules->region), STR_ARG(rules->service));
}

static err string_to_sign(struct arena *a, const struct sigv4 *so_far, str scope, str *out)
{
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN];
	struct buf b = BUF_ON(hex);

	TRY(sha256(so_far->canonical_request, digest));
	buf_add_hex(&b, str_bytes(digest, sizeof digest));
	return str_format(a, out, "%.*s\n%s\n%.*s\n%.*s", STR_ARG(algorithm), so_far->date, STR_ARG(scope),
			  STR_ARG(buf_str(&b)));
}

/* A chain of MACs, each the key of the next: a key that leaks opens one day, region and service. */
static err key_of(str secret, const struct sigv4_rules *rules, str date, uint8_t key[SHA256_LEN])
{
	const str steps[] = { date, rules->region, rules->service, STR("aws4_request") };
	char first[4 + 256] = "AWS4";

	if (secret.len > sizeof first - 4)
		return NEVER(LIMIT, "a secret access key that is too long");
	memcpy(first + 4, secret.at, secret.len);
	err e = hmac_sha256(str_bytes(first, 4 + secret.len), steps[0], key);
	for (size_t i = 1; i < sizeof steps / sizeof *steps && !failed(e); i++)
		e = hmac_sha256(str_bytes(key, SHA256_LEN), steps[i], key);
	crypt_wipe(first, sizeof first);
	return e;
}

/* The day is one that never was, so that the password does not grow old. */
err aws_smtp_password(str secret_access_key, str region, struct buf *out)
{
	const struct sigv4_rules rules = { .region = region, .service = STR("ses") };
	uint8_t key[SHA256_LEN], versioned[1 + SHA256_LEN] = { 4 };

	if (!is_word(region) || !secret_access_key.len)
		return NEVER(SYNTAX, "a region is one word, and the key is not empty");
	err e = key_of(secret_access_key, &rules, STR("11111111"), key);
	if (!failed(e))
		e = hmac_sha256(str_bytes(key, sizeof key), STR("SendRawEmail"), versioned + 1);
	if (!failed(e))
		buf_add_base64(out, str_bytes(versioned, sizeof versioned));
	crypt_wipe(key, sizeof key);
	crypt_wipe(versioned, sizeof versioned);
	return failed(e) ? e : buf_check(out);
}

static err write_signature(str secret, const struct sigv4_rules *rules, struct sigv4 *s)
{
	uint8_t key[SHA256_LEN], mac[SHA256_LEN];
	struct buf b = { .at = s->signature, .max = sizeof s->signature };

	err e = key_of(secret, rules, str_bytes(s->date, 8), key);
	if (!failed(e))
		e = hmac_sha256(str_bytes(key, sizeof key), s->string_to_sign, mac);
	crypt_wipe(key, sizeof key);
	TRY(e);
	buf_add_hex(&b, str_bytes(mac, sizeof mac));
	(void)buf_c(&b);
	return buf_check(&b);
}

static err sign(struct arena *a, const struct sigv4_request *request, const struct aws_credentials *who,
		const struct sigv4_rules *rules, const struct sigv4_signed *fields, struct sigv4 *s, str *scope)
{
	TRY(sigv4_canonical(a, request, rules, fields, &s->canonical_request));
	TRY(scope_of(a, rules, s->date, scope));
	TRY(string_to_sign(a, s, *scope, &s->string_to_sign));
	return write_signature(who->secret_access_key, rules, s);
}

/* The given fields without those that we set or leave out; `room` for more. */
static err copy_fields(struct arena *a, const struct sigv4_request *request, const str *without, size_t room,
		       struct sigv4_field **fields, size_t *count)
{
	*count = 0;
	TRY(NEW_ARRAY(a, request->field_count + room, *fields));
	for (size_t i = 0; i < request->field_count; i++) {
		bool ours = false;
		for (const str *name = without; name->len; name++)
			ours = ours || str_same_nocase(request->fields[i].name, *name);
		if (!ours)
			(*fields)[(*count)++] = request->fields[i];
	}
	return OK;
}

err sigv4_sign(struct arena *a, const struct sigv4_request *request, const struct aws_credentials *who,
	       const struct sigv4_rules *rules, struct sigv4 *out)
{
	bool with_token = who->token.len && !rules->omit_session_token;
	const str ours[] = { STR("x-amz-date"), with_token ? STR("x-amz-security-token") : STR_NONE, STR_NONE };
	struct sigv4_field *fields;
	struct sigv4_signed signed_;
	struct sigv4 s = { 0 };
	size_t count;
	str scope;

	TRY(check(request, who, rules));
	TRY(write_date(rules->at, s.date));
	TRY(copy_fields(a, request, ours, 2, &fields, &count));
	fields[count++] = (struct sigv4_field){ ours[0], str_of(s.date) };
	if (with_token)
		fields[count++] = (struct sigv4_field){ ours[1], who->token };
	TRY(sigv4_fields(a, fields, count, &signed_));
	TRY(sign(a, request, who, rules, &signed_, &s, &scope));
	TRY(str_format(a, &s.authorization, "%.*s Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%s",
		       STR_ARG(algorithm), STR_ARG(who->access_key_id), STR_ARG(scope), STR_ARG(signed_.names),
		       s.signature));
	*out = s;
	return OK;
}

static void add_pair(struct buf *b, str name, str value)
{
	if (b->len)
		buf_add_char(b, '&');
	buf_add(b, name);
	buf_add_char(b, '=');
	buf_add_uri(b, value, false);
}

static err presigned_query(struct arena *a, const struct sigv4_request *request, const struct aws_credentials *who,
			   const struct sigv4_rules *rules, const struct sigv4 *s, str names, struct buf *b)
{
	str scope, credential;

	TRY(scope_of(a, rules, s->date, &scope));
	TRY(str_format(a, &credential, "%.*s/%.*s", STR_ARG(who->access_key_id), STR_ARG(scope)));
	TRY(buf_open(a, request->query.len + 3 * (credential.len + names.len + who->token.len) + 512, b));
	buf_add(b, request->query);
	add_pair(b, STR("X-Amz-Algorithm"), algorithm);
	add_pair(b, STR("X-Amz-Credential"), credential);
	add_pair(b, STR("X-Amz-Date"), str_of(s->date));
	add_pair(b, STR("X-Amz-SignedHeaders"), names);
	if (rules->expires) {
		char digits[12];
		struct buf number = BUF_ON(digits);
		buf_add_number(&number, rules->expires);
		add_pair(b, STR("X-Amz-Expires"), buf_str(&number));
	}
	if (who->token.len && !rules->omit_session_token)
		add_pair(b, STR("X-Amz-Security-Token"), who->token);
	return buf_check(b);
}

/* Nothing of the date or the login stands in a field: they are in the query. */
err sigv4_presign(struct arena *a, const struct sigv4_request *request, const struct aws_credentials *who,
		  const struct sigv4_rules *rules, struct sigv4 *out)
{
	static const str ours[] = { STR("x-amz-date"), STR("x-amz-security-token"), STR_NONE };
	struct sigv4_request asked = *request;
	struct sigv4_field *fields;
	struct sigv4_signed signed_;
	struct sigv4 s = { 0 };
	struct buf query;
	size_t count;
	str scope;

	TRY(check(request, who, rules));
	TRY(write_date(rules->at, s.date));
	TRY(copy_fields(a, request, ours, 0, &fields, &count));
	TRY(sigv4_fields(a, fields, count, &signed_));
	TRY(presigned_query(a, request, who, rules, &s, signed_.names, &query));
	asked.query = buf_str(&query);
	TRY(sign(a, &asked, who, rules, &signed_, &s, &scope));
	add_pair(&query, STR("X-Amz-Signature"), str_of(s.signature));
	if (who->token.len && rules->omit_session_token)
		add_pair(&query, STR("X-Amz-Security-Token"), who->token);
	s.query = buf_str(&query);
	TRY(buf_check(&query));
	*out = s;
	return OK;
}
