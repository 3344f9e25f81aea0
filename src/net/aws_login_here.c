/* Credentials that lie on this machine: named keys, the environment, the shared files. */
#include "net/aws_login_inside.h"
#include "sys/sys.h"
#include "wire/ini.h"

#include <stdlib.h>

str aws_variable(const char *name)
{
	const char *value = getenv(name);

	return value ? str_of(value) : STR_NONE;
}

/* ── Named keys ──────────────────────────────────────────────────────────────────────────────────── */

static bool gives_way(const struct aws_login *l, const struct aws_key *k)
{
	return clock_ticks(&l->options.clock) < l->refused_until && str_same(k->id, str_of(l->refused));
}

/* The newest that may sign; the newest of all if none may, so that its age is what is complained of. */
static const struct aws_key *choose(const struct aws_login *l)
{
	const struct aws_key *best = NULL;
	moment now = clock_now(&l->options.clock);

	for (size_t i = 0; i < l->options.key_count; i++) {
		const struct aws_key *k = &l->options.keys[i];
		if (k->created <= now + DAY && !gives_way(l, k) && (!best || k->created > best->created))
			best = k;
	}
	return best ? best : l->options.keys;
}

static err take_secret(struct arena *secret, const char *path, str *out, struct fault *fault)
{
	err e = file_read_private(secret, path, 4096, out);

	if (failed(e))
		fault_set(fault, "%s: %s", path, e.note);
	else
		*out = str_trim(*out);
	/* A file that is missing is a fault of the configuration, not a source that is not there. */
	return e.why == WHY_NOT_FOUND ? NEVER(KEY, "the file of the secret access key is missing") : e;
}

err aws_from_keys(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	if (!l->options.key_count)
		return NEVER(NOT_FOUND, "no keys are named");
	const struct aws_key *k = choose(l);
	TRY(take_secret(secret, k->secret_file, &out->who.secret_access_key, fault));
	out->who.access_key_id = k->id;
	out->created_at = k->created;
	return OK;
}

/* ── Environment ─────────────────────────────────────────────────────────────────────────────────── */

err aws_from_environment(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	(void)secret, (void)fault;
	out->who = (struct aws_credentials){ aws_variable("AWS_ACCESS_KEY_ID"), aws_variable("AWS_SECRET_ACCESS_KEY"),
					     aws_variable("AWS_SESSION_TOKEN") };
	out->created_at = l->options.created;
	return out->who.access_key_id.len ? OK : NEVER(NOT_FOUND, "no key is in the environment");
}

/* ── Shared files ────────────────────────────────────────────────────────────────────────────────── */

struct profile {
	struct aws_login *login;
	struct arena *secret;
	str name, credentials, config; /* the files' texts */
	str section;                   /* of the second file */
	const char *path[2];
	struct fault *fault;
};

/* $VARIABLE, or ~/.aws/NAME. A file that is not there is empty. */
static err read_file(struct profile *p, size_t which, const char *variable, const char *name, str *out)
{
	str path = aws_variable(variable), home = aws_variable("HOME");

	if (!path.len && !home.len)
		return OK;
	if (path.len)
		TRY(str_c(p->secret, path, &p->path[which]));
	else
		TRY(str_format(p->secret, &path, "%.*s/.aws/%s", STR_ARG(home), name));
	TRY(str_c(p->secret, path, &p->path[which]));
	err e = file_read_private(p->secret, p->path[which], AWS_FILE_MAX, out);
	if (e.why == WHY_NOT_FOUND)
		return OK;
	if (failed(e))
		fault_set(p->fault, "%s: %s", p->path[which], e.note);
	return e;
}

static err read_one(struct profile *p, size_t which, str text, str section, const char *name, str *out)
{
	struct ini_place wrong = { 0 };
	err e = ini_find(text, section, str_of(name), out, &wrong);

	if (e.why != WHY_SYNTAX)
		return e;
	fault_where(p->fault, str_of(p->path[which]), wrong.line, 0);
	fault_set(p->fault, "%s", e.note);
	return NEVER(KEY, "a shared file of credentials cannot be read");
}

/* The file of credentials goes before that of settings. Empty if neither says it. */
static err setting(struct profile *p, const char *name, str *out)
{
	err e = read_one(p, 0, p->credentials, p->name, name, out);

	if (e.why == WHY_NOT_FOUND)
		e = read_one(p, 1, p->config, p->section, name, out);
	return e.why == WHY_NOT_FOUND ? OK : e;
}

static err refuse_foreign(struct profile *p)
{
	static const char *const foreign[] = { "credential_process", "source_profile", "credential_source",
					       "sso_session", "sso_start_url" };
	str value = STR_NONE;

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		TRY(setting(p, foreign[i], &value));
		if (value.len) {
			fault_set(p->fault, "the profile %.*s gets its credentials by %s, which is not supported",
				  STR_ARG(p->name), foreign[i]);
			return NEVER(UNSUPPORTED, "a kind of profile that is not supported");
		}
	}
	return OK;
}

static err open_profile(struct profile *p)
{
	p->name = p->login->options.profile;
	if (!p->name.len)
		p->name = aws_variable("AWS_PROFILE");
	if (!p->name.len)
		p->name = STR("default");
	p->section = p->name;
	if (!str_same(p->name, STR("default")))
		TRY(str_format(p->secret, &p->section, "profile %.*s", STR_ARG(p->name)));
	TRY(read_file(p, 0, "AWS_SHARED_CREDENTIALS_FILE", "credentials", &p->credentials));
	TRY(read_file(p, 1, "AWS_CONFIG_FILE", "config", &p->config));
	if (ini_has_section(p->credentials, p->name) || ini_has_section(p->config, p->section))
		return OK;
	fault_set(p->fault, "there is no profile %.*s", STR_ARG(p->name));
	return NEVER(NOT_FOUND, "no such profile");
}

err aws_from_profile(struct aws_login *l, struct arena *secret, struct aws_found *out, struct fault *fault)
{
	struct profile p = { .login = l, .secret = secret, .fault = fault };
	struct aws_web_identity web = { 0 };

	TRY(open_profile(&p));
	TRY(setting(&p, "aws_access_key_id", &out->who.access_key_id));
	TRY(setting(&p, "aws_secret_access_key", &out->who.secret_access_key));
	TRY(setting(&p, "aws_session_token", &out->who.token));
	out->created_at = l->options.created;
	if (out->who.access_key_id.len)
		return OK;
	TRY(setting(&p, "web_identity_token_file", &web.token_file));
	TRY(setting(&p, "role_arn", &web.role));
	TRY(setting(&p, "role_session_name", &web.session));
	if (web.token_file.len && web.role.len)
		return aws_assume(l, secret, &web, out, fault);
	TRY(refuse_foreign(&p));
	return NEVER(NOT_FOUND, "the profile holds no credentials");
}
