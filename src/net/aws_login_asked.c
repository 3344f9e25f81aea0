/* Credentials of sessions, which others are asked for: STS, a container's endpoint, the metadata of an instance. */
#include "net/aws_login_inside.h"
#include "sys/sys.h"
#include "wire/xml.h"

#include <jansson.h>
#include <string.h>

#define PATIENCE (5 * SECOND)
#define UNSAID (15 * MINUTE) /* the life of credentials whose end is not told */

struct asking {
	struct aws_login *login;
	struct arena *secret;
	struct fault *fault;
	struct http_client *http;
};

static void asking_done(struct asking *a)
{
	http_client_done(&a->http);
}

/* Variables as the SDKs know them. The names that they lead to are the operator's. */
static err begin(struct asking *a, bool plain)
{
	const char *ca = NULL;

	if (aws_variable("AWS_CA_BUNDLE").len)
		TRY(str_c(a->secret, aws_variable("AWS_CA_BUNDLE"), &ca));
	const struct http_client_options options = { .ca_file = ca, .plain_metadata = plain, .stop_fd = -1 };
	return http_client_open(&options, &a->http, a->fault);
}

static err ask(struct asking *a, const struct http_call *call, struct http_result *out)
{
	struct http_call bounded = *call;

	bounded.patience = PATIENCE;
	bounded.answer_max = AWS_ANSWER_MAX;
	TRY(http_call(a->http, a->secret, &bounded, out, a->fault));
	if (out->status == 200)
		return OK;
	fault_set(a->fault, "who gives credentials answered with status %u", out->status);
	return out->status >= 500 || out->status == 429 ? LATER(KEY, "who gives credentials said: later")
							: NEVER(KEY, "who gives credentials refuses");
}

/* ── JSON, of containers and instances ───────────────────────────────────────────────────────────── */

static void json_done(json_t **j)
{
	json_decref(*j);
}

static err take(struct asking *a, json_t *from, const char *name, str *out)
{
	json_t *text = json_object_get(from, name);

	if (!json_is_string(text))
		return OK;
	TRY(str_copy(a->secret, str_bytes(json_string_value(text), json_string_length(text)), out));
	explicit_bzero((char *)(uintptr_t)json_string_value(text), json_string_length(text));
	return OK;
}

static err take_end(const struct asking *a, str text, moment *out)
{
	*out = clock_now(&a->login->options.clock) + UNSAID;
	if (text.len && failed(moment_parse(text, out)))
		return LATER(PROTOCOL, "credentials end at no moment that can be read");
	return OK;
}

static err read_json(struct asking *a, str body, struct aws_found *out)
{
	OWNED(json_done) json_t *j = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, NULL);
	str end = STR_NONE;

	if (!json_is_object(j))
		return LATER(PROTOCOL, "credentials came in a form that cannot be read");
	TRY(take(a, j, "AccessKeyId", &out->who.access_key_id));
	TRY(take(a, j, "SecretAccessKey", &out->who.secret_access_key));
	TRY(take(a, j, "Token", &out->who.token));
	TRY(take(a, j, "Expiration", &end));
	return take_end(a, end, &out->expires_at);
}

/* ── Web identity: AssumeRoleWithWebIdentity of STS, which needs no signature ────────────────────── */

static err read_sts(struct asking *a, str body, struct aws_found *out)
{
	static const char root[] = "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/";
	enum xml_event event = XML_OPEN;
	struct xml x = XML(body);
	str end = STR_NONE;
	struct {
		const char *name;
		str *to;
	} const rows[] = { { "AccessKeyId", &out->who.access_key_id },
			   { "SecretAccessKey", &out->who.secret_access_key },
			   { "SessionToken", &out->who.token },
			   { "Expiration", &end } };

	while (event != XML_END) {
		TRY(xml_next(&x, &event));
		for (size_t i = 0; i < sizeof rows / sizeof *rows && event == XML_CLOSE; i++) {
			char path[160];
			struct buf b = BUF_ON(path);
			buf_add_format(&b, "%s%s", root, rows[i].name);
			if (xml_at(&x, buf_c(&b)))
				TRY(xml_text(a->secret, &x, rows[i].to));
		}
	}
	return take_end(a, end, &out->expires_at);
}

static err sts_url(struct asking *a, str *out)
{
	*out = aws_variable("AWS_ENDPOINT_URL_STS");
	return out->len ? OK
			: str_format(a->secret, out, "https://sts.%.*s.amazonaws.com/",
				     STR_ARG(a->login->options.region));
}

static err sts_form(struct asking *a, const struct aws_web_identity *who, str token, str *out)
{
	struct buf b;

	TRY(buf_open(a->secret, 4096 + 3 * (token.len + who->role.len + who->session.len), &b));
	buf_add(&b, STR("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="));
	buf_add_uri(&b, who->role, false);
	buf_add(&b, STR("&RoleSessionName="));
	buf_add_uri(&b, who->session.len ? who->session : STR("letterlock"), false);
	buf_add(&b, STR("&WebIdentityToken="));
	buf_add_uri(&b, token, false);
	*out = buf_str(&b);
	return buf_check(&b);
}

err aws_assume(struct aws_login *l, struct arena *secret, const struct aws_web_identity *who, struct aws_found *out,
	       struct fault *fault)
{
	OWNED(asking_done) struct asking a = { l, secret, fault, NULL };
	static const struct http_field type = { STR("Content-Type"), STR("application/x-www-form-urlencoded") };
	struct http_call call = { .method = STR("POST"), .fields = &type, .field_count = 1, .repeatable = true };
	struct http_result result;
	const char *path;
	str token;

	TRY(str_c(secret, who->token_file, &path));
	err e = file_read_all(secret, path, AWS_FILE_MAX, &token);
	if (failed(e)) {
		fault_set(fault, "%s: %s", path, e.note);
		return NEVER(KEY, "the token of the web identity cannot be read");
	}
	TRY(begin(&a, false));
	TRY(sts_url(&a, &call.url));
	TRY(sts_form(&a, who, str_trim(token), &call.body));
	TRY(ask(&a, &call, &result));
	return read_sts(&a, result.body, out);
}

err aws_from_web_identity(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	const struct aws_web_identity who = { aws_variable("AWS_ROLE_ARN"), aws_variable("AWS_ROLE_SESSION_NAME"),
					      aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE") };

	if (!who.role.len || !who.token_file.len)
		return NEVER(NOT_FOUND, "there is no web identity");
	return aws_assume(l, secret, &who, out, fault);
}

/* ── Container: ECS and EKS ──────────────────────────────────────────────────────────────────────── */

static err container_token(struct asking *a, str *out)
{
	str file = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *path;

	*out = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	if (!file.len)
		return OK;
	TRY(str_c(a->secret, file, &path));
	err e = file_read_all(a->secret, path, AWS_FILE_MAX, out);
	if (failed(e))
		fault_set(a->fault, "%s: %s", path, e.note);
	*out = str_trim(*out);
	return failed(e) ? NEVER(KEY, "the token for the container's endpoint cannot be read") : OK;
}

err aws_from_container(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	OWNED(asking_done) struct asking a = { l, secret, fault, NULL };
	str below = aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	struct http_call call = { .method = STR("GET"), .url = aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") };
	struct http_field authorization = { STR("Authorization"), STR_NONE };
	struct http_result result;

	if (!below.len && !call.url.len)
		return NEVER(NOT_FOUND, "there is no container's endpoint");
	if (below.len)
		TRY(str_format(secret, &call.url, "http://169.254.170.2%.*s", STR_ARG(below)));
	TRY(container_token(&a, &authorization.value));
	if (authorization.value.len) {
		call.fields = &authorization;
		call.field_count = 1;
	}
	TRY(begin(&a, true));
	TRY(ask(&a, &call, &result));
	return read_json(&a, result.body, out);
}

/* ── Instance: IMDSv2 ────────────────────────────────────────────────────────────────────────────── */

static err imds(struct asking *a, str token, const char *path, str rest, struct http_result *out)
{
	str at = aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const struct http_field fields[] = { { STR("X-aws-ec2-metadata-token"), token },
					     { STR("X-aws-ec2-metadata-token-ttl-seconds"), STR("300") } };
	struct http_call call = { .method = token.len ? STR("GET") : STR("PUT"),
				  .fields = token.len ? &fields[0] : &fields[1],
				  .field_count = 1 };

	if (!at.len)
		at = STR("http://169.254.169.254");
	if (str_ends(at, STR("/")))
		at.len--;
	TRY(str_format(a->secret, &call.url, "%.*s%s%.*s", STR_ARG(at), path, STR_ARG(rest)));
	return ask(a, &call, out);
}

err aws_from_instance(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	static const char where[] = "/latest/meta-data/iam/security-credentials/";
	OWNED(asking_done) struct asking a = { l, secret, fault, NULL };
	struct http_result result;
	str token, role, rest;

	if (str_same_nocase(aws_variable("AWS_EC2_METADATA_DISABLED"), STR("true")))
		return NEVER(NOT_FOUND, "the instance's metadata are not to be asked");
	TRY(begin(&a, true));
	err e = imds(&a, STR_NONE, "/latest/api/token", STR_NONE, &result);
	if (failed(e)) /* not a machine of EC2 */
		return l->options.source == AWS_INSTANCE ? e : NEVER(NOT_FOUND, "there are no instance's metadata");
	token = str_trim(result.body);
	TRY(imds(&a, token, where, STR_NONE, &result));
	(void)str_cut(str_trim(result.body), '\n', &role, &rest);
	if (!role.len || !token.len || str_has(role, '/'))
		return NEVER(KEY, "the instance has no role");
	TRY(imds(&a, token, where, role, &result));
	return read_json(&a, result.body, out);
}
