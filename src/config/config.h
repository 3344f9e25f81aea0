/* config: one table of all settings (settings.def). From it come this struct, the reader, the defaults,
 * `config show`, the commented file that `init` writes, letterlock.yaml(5) and the JSON Schema.
 *
 * The file is YAML without its traps: no anchors, aliases, tags or second documents; an unknown, repeated
 * or empty key is an error with line, column and the nearest known name. Empty never means "no check":
 * what has no bound says `unlimited`, and a protection is given up only with a written reason.
 *
 * A secret never stands in the file: `{ file: … }`, `{ credential: … }` (systemd's $CREDENTIALS_DIRECTORY) or
 * `{ command: […] }` says where it is, and config_secret() fetches it when it is used. A file that others may
 * write is refused, a secret's file that others may read is refused.
 *
 * The config lives in the arena it was read into and does not change. Paths are absolute. */
#ifndef LETTERLOCK_CONFIG_H
#define LETTERLOCK_CONFIG_H

#include "base/base.h"

enum config_transport { CONFIG_MAILDIR, CONFIG_SMTP, CONFIG_SES };
enum config_security { CONFIG_IMPLICIT, CONFIG_STARTTLS, CONFIG_CLEAR };
enum config_auth { CONFIG_LOGIN_NONE, CONFIG_LOGIN_PLAIN, CONFIG_LOGIN_LOGIN, CONFIG_LOGIN_XOAUTH2 };
/* In the order of the model's seal_kind, proof_kind and crypt's signature_algorithm, which stand above this folder
 * or are no words for people. */
enum config_seal { CONFIG_OPEN, CONFIG_ZIP, CONFIG_PDF, CONFIG_SMIME, CONFIG_PGP, CONFIG_AUTO };
enum config_proof { CONFIG_PASSWORD, CONFIG_DETAILS, CONFIG_CODE };
enum config_cipher { CONFIG_CBC, CONFIG_GCM }; /* as crypt's cms_cipher */
enum config_algorithm { CONFIG_RSA, CONFIG_ED25519 };
enum config_active { CONFIG_REFUSE, CONFIG_FLAG, CONFIG_ALLOW }; /* as wire's file_policy */
enum config_sms_method { SMS_POST, SMS_PUT };
enum config_sms_type { SMS_JSON, SMS_FORM };
/* In the order of net's aws_source. */
enum config_aws_login {
	AWS_LOGIN_AUTO,
	AWS_LOGIN_KEYS,
	AWS_LOGIN_ENVIRONMENT,
	AWS_LOGIN_WEB_IDENTITY,
	AWS_LOGIN_PROFILE,
	AWS_LOGIN_CONTAINER,
	AWS_LOGIN_INSTANCE
};
enum config_renewal { RENEWAL_NEVER, RENEWAL_ASK, RENEWAL_ALLOWED };
/* In the order of net's acme_challenge. */
enum config_acme { CONFIG_ACME_TLS_ALPN, CONFIG_ACME_HTTP };
enum config_key_search { KEY_SEARCH_NEVER, KEY_SEARCH_ALWAYS };
enum config_sandbox { SANDBOX_WANTED, SANDBOX_REQUIRED };
enum config_log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum config_log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Where a secret is; all null if it is not given. */
struct config_secret {
	const char *file, *credential;
	const char *const *command; /* ended by null */
};

#define KIND(name, type, choices, words, pattern) typedef type config_##name;
#include "config/kinds.def"
#undef KIND

#define ROOT(kind, name, fallback, least, most, about, example)
#define SECTION(name, about)
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example)
#define SECRET(section, name, about, example)
#define RECORDS(name, about) struct config_##name {
#define FIELD(kind, records, name, fallback, least, most, about, example) config_##kind name;
#define RECORDS_END(name)                                                                                              \
	}                                                                                                              \
	;
#include "config/settings.def"
#undef ROOT
#undef SECTION
#undef SECTION_END
#undef SETTING
#undef SECRET
#undef RECORDS
#undef FIELD
#undef RECORDS_END

/* An unset text is empty, an unset path null; an unlimited quota or rate is 0. */
struct config {
#define ROOT(kind, name, fallback, least, most, about, example) config_##kind name;
#define SECTION(name, about) struct {
#define SECTION_END(name)                                                                                              \
	}                                                                                                              \
	name;
#define SETTING(kind, section, name, fallback, least, most, about, example) config_##kind name;
#define SECRET(section, name, about, example) struct config_secret name;
#define RECORDS(name, about)                                                                                           \
	const struct config_##name *name;                                                                              \
	size_t name##_count;
#define FIELD(kind, records, name, fallback, least, most, about, example)
#define RECORDS_END(name)
#include "config/settings.def"
#undef ROOT
#undef SECTION
#undef SECTION_END
#undef SETTING
#undef SECRET
#undef RECORDS
#undef FIELD
#undef RECORDS_END
	const char *path; /* of the file */
	const struct config_mark *marks;
	size_t mark_count;
};

/* Reads and checks a configuration; without a path ./letterlock.yaml, else /etc/letterlock/letterlock.yaml.
 * NEVER CONFIG (or NOT_FOUND) with the fault filled. */
err config_open(struct arena *a, const char *path, const struct config **out, struct fault *fault);

/* The same from memory; `path` is absolute and stands in faults and for relative paths. */
err config_from_text(struct arena *a, const char *path, str text, const struct config **out, struct fault *fault);

err config_day(str text, moment *out);   /* the beginning of a day written 2026-09-01, UTC; NEVER SYNTAX */
str config_host(const struct config *c); /* of base_url, without port and brackets */

/* Fetches a secret, without one final newline. NEVER KEY if it is not given, not there or readable by others. */
err config_secret(const struct config *c, const struct config_secret *s, struct arena *secret, str *out,
		  struct fault *fault);
bool config_secret_given(const struct config_secret *s);

/* ── The table ───────────────────────────────────────────────────────────────────────────────────── */

enum config_kind {
#define KIND(name, type, choices, words, pattern) KIND_##name,
#include "config/kinds.def"
#undef KIND
	KIND_SECRET,
	KIND_SECTION, /* holds the rows after it that begin with its name */
	KIND_RECORDS, /* a list; its rows are "signing[].domain" */
};

struct config_setting {
	const char *name; /* "link.expires" */
	enum config_kind kind;
	const char *fallback; /* null: must be given */
	int64_t least, most;
	const char *about, *example;
	size_t offset; /* in struct config, or in the record */
};
const struct config_setting *config_settings(size_t *count);
const struct config_setting *config_setting(str name); /* null if there is none */

const char *config_kind_words(enum config_kind k);   /* how a value is written */
const char *config_kind_choices(enum config_kind k); /* "maildir|smtp", or null */

/* The value in force as it would be written in the file; of a record's field, the n-th. Secrets show where they are. */
void config_print(const struct config *c, const struct config_setting *s, size_t n, struct buf *out);
/* The line that sets it; 0 if it is the default. */
uint64_t config_line(const struct config *c, const struct config_setting *s, size_t n);
size_t config_records(const struct config *c, const struct config_setting *s); /* how many, of a list or a field */

/* ── What is written from the table ──────────────────────────────────────────────────────────────── */

/* A commented file: settings given in `values` ("name", "text" pairs, ended by null) stand open, all others are
 * commented out with their defaults. A list is given by its name with its YAML lines as text. */
err config_write_file(const char *const *values, struct buf *out);
err config_write_schema(struct buf *out);                   /* JSON Schema, draft 2020-12 */
err config_write_manual(const char *date, struct buf *out); /* letterlock.yaml(5), mdoc */

#endif
