#include "door/cli/message.h"

#include "crypt/crypt.h"
#include "sys/sys.h"
#include "wire/http_text.h"
#include "wire/sigv4.h"

#include <jansson.h>

enum { REQUEST_MAX = 64 * 1024 * 1024, CONTEXT_MAX = 64 * 1024 };

struct context {
	struct aws_credentials who;
	struct sigv4_rules rules;
	bool sign_body;
};

static err refuse(struct cli *cli, const char *why)
{
	fault_where(&cli->fault, str_of(cli_value(cli, "--context")), 0, 0);
	fault_set(&cli->fault, "%s", why);
	return NEVER(SYNTAX, "not a signing context");
}

static err read_json(struct cli *cli, struct arena *secret, json_t **out)
{
	const char *path = cli_value(cli, "--context");
	json_error_t where;
	str text;

	if (!path) {
		fault_set(&cli->fault, "--context FILE is needed; see --help for what stands in it");
		return NEVER(USAGE, "no context");
	}
	err e = file_read_all(secret, path, CONTEXT_MAX, &text);
	if (failed(e)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		return e;
	}
	*out = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &where);
	if (json_is_object(*out))
		return OK;
	fault_where(&cli->fault, str_of(path), *out ? 1 : (uint64_t)where.line, *out ? 1 : (uint64_t)where.column);
	fault_set(&cli->fault, "the context is one JSON object");
	return NEVER(SYNTAX, "not a signing context");
}

static str text_of(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return json_is_string(v) ? str_bytes(json_string_value(v), json_string_length(v)) : STR_NONE;
}

static bool flag_of(const json_t *object, const char *name, bool otherwise)
{
	const json_t *v = json_object_get(object, name);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

/* A misspelt name would sign something else than was meant. */
static err check_names(struct cli *cli, json_t *object, const char *const *known)
{
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v)
	{
		const char *const *k = known;
		while (*k && !str_same(str_of(*k), str_of(name)))
			k++;
		if (!*k) {
			fault_where(&cli->fault, str_of(cli_value(cli, "--context")), 0, 0);
			fault_set(&cli->fault, "nothing is known by the name \"%s\"", name);
			return NEVER(SYNTAX, "not a signing context");
		}
	}
	return OK;
}

static err read_rules(struct cli *cli, const json_t *json, struct context *c)
{
	const json_t *expires = json_object_get(json, "expiration_in_seconds");
	moment at = clock_now(&cli->clock);
	str timestamp = text_of(json, "timestamp");

	if (timestamp.len && failed(moment_parse(timestamp, &at)))
		return refuse(cli, "timestamp is a moment such as 2015-08-30T12:36:00Z");
	c->rules = sigv4_rules_of(text_of(json, "service"), text_of(json, "region"), at);
	if (!c->rules.service.len || !c->rules.region.len)
		return refuse(cli, "region and service are needed");
	c->rules.normalize = flag_of(json, "normalize", c->rules.normalize);
	c->rules.omit_session_token = flag_of(json, "omit_session_token", false);
	c->sign_body = flag_of(json, "sign_body", false);
	if (expires && (!json_is_integer(expires) || json_integer_value(expires) < 1 ||
			json_integer_value(expires) > SIGV4_EXPIRES_MAX))
		return refuse(cli, "expiration_in_seconds is a number from 1 to 604800");
	c->rules.expires = expires ? (uint32_t)json_integer_value(expires) : 0;
	return OK;
}

static err read_context(struct cli *cli, json_t *json, struct context *c)
{
	static const char *const names[] = { "credentials", "expiration_in_seconds",
					     "normalize",   "omit_session_token",
					     "region",      "service",
					     "sign_body",   "timestamp",
					     NULL };
	static const char *const credential_names[] = { "access_key_id", "secret_access_key", "token", NULL };
	json_t *credentials = json_object_get(json, "credentials");

	TRY(check_names(cli, json, names));
	if (!json_is_object(credentials))
		return refuse(cli, "credentials with access_key_id and secret_access_key are needed");
	TRY(check_names(cli, credentials, credential_names));
	c->who = (struct aws_credentials){ text_of(credentials, "access_key_id"),
					   text_of(credentials, "secret_access_key"), text_of(credentials, "token") };
	if (!c->who.access_key_id.len || !c->who.secret_access_key.len)
		return refuse(cli, "credentials with access_key_id and secret_access_key are needed");
	return read_rules(cli, json, c);
}

static err body_digest(struct arena *a, str body, str *out)
{
	uint8_t digest[SHA256_LEN];
	struct buf b;

	TRY(sha256(body, digest));
	TRY(buf_open(a, 2 * sizeof digest, &b));
	buf_add_hex(&b, str_bytes(digest, sizeof digest));
	*out = buf_str(&b);
	return buf_check(&b);
}

/* A request that says what its body hashes to is believed: UNSIGNED-PAYLOAD is said that way. */
static err fill_request(struct cli *cli, const struct http_text *text, const struct context *c, bool presign,
			struct sigv4_request *r, str *digest_to_send)
{
	static const str name = STR("x-amz-content-sha256");
	bool s3 = str_same(c->rules.service, STR("s3"));
	struct sigv4_field *fields;

	TRY(NEW_ARRAY(cli->arena, text->field_count + 1, fields));
	*r = (struct sigv4_request){ text->method, text->path, text->query, fields, text->field_count, STR_NONE };
	for (size_t i = 0; i < text->field_count; i++) {
		fields[i] = (struct sigv4_field){ text->fields[i].name, text->fields[i].value };
		if (str_same_nocase(fields[i].name, name))
			r->payload = fields[i].value;
	}
	*digest_to_send = STR_NONE;
	if (r->payload.len)
		return OK;
	if (s3 && presign) {
		r->payload = STR("UNSIGNED-PAYLOAD");
		return OK;
	}
	TRY(body_digest(cli->arena, text->body, &r->payload));
	if (c->sign_body || (s3 && !presign)) {
		*digest_to_send = r->payload;
		fields[r->field_count++] = (struct sigv4_field){ name, r->payload };
	}
	return OK;
}

static void add_header(struct buf *b, const char *name, str value)
{
	buf_add(b, str_of(name));
	buf_add_char(b, ':');
	buf_add(b, value);
	buf_add_char(b, '\n');
}

static void add_fields(struct buf *b, const struct http_text *text, bool presign, bool with_token)
{
	for (size_t i = 0; i < text->field_count; i++) {
		str name = text->fields[i].name;
		if (str_same_nocase(name, STR("authorization")) ||
		    (!presign && (str_same_nocase(name, STR("x-amz-date")) ||
				  (with_token && str_same_nocase(name, STR("x-amz-security-token"))))))
			continue;
		buf_add(b, text->fields[i].line);
		buf_add_char(b, '\n');
	}
}

static err signed_text(struct cli *cli, const struct http_text *text, const struct context *c, bool presign,
		       const struct sigv4 *s, str digest, str *out)
{
	size_t room = 4096 + text->target.len + text->body.len + s->query.len + s->authorization.len + c->who.token.len;
	struct buf b;

	for (size_t i = 0; i < text->field_count; i++)
		room += text->fields[i].line.len + 1;
	TRY(buf_open(cli->arena, room, &b));
	buf_add_format(&b, "%.*s ", STR_ARG(text->method));
	buf_add(&b, presign ? text->path : text->target);
	if (presign) {
		buf_add_char(&b, '?');
		buf_add(&b, s->query);
	}
	buf_add_format(&b, " %.*s\n", STR_ARG(text->version));
	add_fields(&b, text, presign, c->who.token.len > 0);
	if (digest.len)
		add_header(&b, "x-amz-content-sha256", digest);
	if (!presign) {
		add_header(&b, "Authorization", s->authorization);
		add_header(&b, "X-Amz-Date", str_of(s->date));
		if (c->who.token.len)
			add_header(&b, "X-Amz-Security-Token", c->who.token);
	}
	buf_add_char(&b, '\n');
	buf_add(&b, text->body);
	*out = buf_str(&b);
	return buf_check(&b);
}

static err sign(struct cli *cli, const struct context *c, bool presign)
{
	struct http_text *text;
	struct sigv4_request request;
	struct sigv4 s;
	str input, digest, signed_request;

	TRY(NEW(cli->arena, text));
	TRY(cli_stdin(cli, cli->arena, REQUEST_MAX, &input));
	TRY(http_text_read(input, text, &cli->fault));
	TRY(fill_request(cli, text, c, presign, &request, &digest));
	TRY((presign ? sigv4_presign : sigv4_sign)(cli->arena, &request, &c->who, &c->rules, &s));
	TRY(signed_text(cli, text, c, presign, &s, digest, &signed_request));
	/* A body may be any bytes; those that are not UTF-8 are shown as \xNN. */
	cli_out_json(cli, json_pack("{s:o, s:o, s:s, s:o}", "canonical_request",
				    cli_text_json(cli->arena, s.canonical_request), "string_to_sign",
				    cli_text_json(cli->arena, s.string_to_sign), "signature", s.signature,
				    "signed_request", cli_text_json(cli->arena, signed_request)));
	return OK;
}

static void json_done(json_t **json)
{
	json_decref(*json);
}

static err run(struct cli *cli, bool presign)
{
	OWNED(arena_done) struct arena *secret = NULL;
	OWNED(json_done) json_t *json = NULL;
	struct context context;

	TRY(arena_open_secret(2 * CONTEXT_MAX, &secret));
	TRY(read_json(cli, secret, &json));
	TRY(read_context(cli, json, &context));
	return sign(cli, &context, presign);
}

static err run_sign(struct cli *cli)
{
	return run(cli, false);
}

static err run_presign(struct cli *cli)
{
	return run(cli, true);
}

static const struct cli_option options[] = {
	{ "--context", "FILE", "credentials and rules, as JSON" },
	{ 0 },
};

const struct cli_command command_s3_sign = {
	.name = "s3 sign",
	.usage = "--context FILE",
	.summary = "sign an HTTP request with AWS Signature Version 4",
	.details = "Reads a request as text (request line, headers, empty line, body) from standard input and prints "
		   "{\"canonical_request\", \"string_to_sign\", \"signature\", \"signed_request\"}.\n\n"
		   "The context is a JSON object: credentials (access_key_id, secret_access_key, token), region, "
		   "service, timestamp (else now or --now), normalize (dots and empty segments of the path; for s3 no, "
		   "else yes), sign_body (send the body's digest; s3 always does), omit_session_token. The service s3 "
		   "signs the path as it is sent, all others encoded once more. A request that has "
		   "X-Amz-Content-Sha256 already, such as UNSIGNED-PAYLOAD, keeps it.",
	.examples =
		"# Why does the server say SignatureDoesNotMatch?\n"
		"$ printf 'GET /bucket/key HTTP/1.1\\nHost:s3.example.com\\n\\n' | letterlock s3 sign --context c.json",
	.options = options,
	.run = run_sign,
};

const struct cli_command command_s3_presign = {
	.name = "s3 presign",
	.usage = "--context FILE",
	.summary = "sign a URL that somebody else will fetch",
	.details = "As `s3 sign`, but login, date and signature go into the query. The context also says "
		   "expiration_in_seconds, at most 604800: seven days. Such a URL ends earlier when the credentials "
		   "that signed it do.",
	.examples = "# A URL that opens for a minute\n"
		    "$ printf 'GET /bucket/key HTTP/1.1\\nHost:s3.example.com\\n\\n' | letterlock s3 presign --context "
		    "c.json",
	.options = options,
	.run = run_presign,
};
