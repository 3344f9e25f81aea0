/* Making and retiring keys in the directory. A new key is written under a number of its own and never over
 * another; two that are made at once differ in number or one of the makers is told. Retiring changes one
 * word of the first line; the key stays in its file until the operator deletes it. */
#include "crypt/key_file.h"

#include "sys/sys.h"

enum { RSA_BITS = 2048, SECRET_MAX = 64u << 20, BODY_MAX = 64 };

static uint32_t highest(const struct key_file *files, enum key_kind kind)
{
	uint32_t most = 0;

	for (const struct key_file *f = files; f; f = f->next)
		if (f->kind == kind && f->number > most)
			most = f->number;
	return most;
}

static err raw_body(struct arena *secret, const struct entropy *e, str *body)
{
	struct buf b;
	void *key;

	TRY(arena_take(secret, RAW_KEY, &key));
	TRY(entropy_fill(e, key, RAW_KEY));
	TRY(buf_open(secret, BODY_MAX, &b));
	buf_add_base64(&b, str_bytes(key, RAW_KEY));
	buf_add_char(&b, '\n');
	*body = buf_str(&b);
	return buf_check(&b);
}

static err check_names(str domain, str selector, struct fault *fault)
{
	if (key_name_fit(domain) && key_name_fit(selector))
		return OK;
	fault_set(fault, "'%.*s' and '%.*s' must be a domain and a selector in lower-case letters, digits and hyphens",
		  STR_ARG(domain), STR_ARG(selector));
	return NEVER(KEY, "the domain or the selector is malformed");
}

static err number_it(struct arena *secret, const char *dir, struct key_file *f, struct fault *fault)
{
	struct key_file *files;

	TRY(key_files_read(secret, dir, &files, fault));
	f->number = highest(files, f->kind) + 1;
	if (f->kind == KEY_LOOKUP && f->number > 1) {
		fault_set(fault, "the lookup key is never replaced: addresses in the database are found by it");
		return NEVER(EXISTS, "there is a lookup key");
	}
	return OK;
}

err keyring_key_new(const char *dir, enum key_kind kind, str domain, str selector, enum signature_algorithm how,
		    moment now, const struct entropy *e, struct fault *fault)
{
	struct key_file f = { .kind = kind, .created_at = now, .domain = domain, .selector = selector };
	OWNED(arena_done) struct arena *secret = NULL;

	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(dir_make(dir, 0700));
	TRY(key_files_check_dir(dir, fault));
	if (kind == KEY_DKIM) {
		TRY(check_names(domain, selector, fault));
		TRY(signing_key_new(how, RSA_BITS, secret, &f.body));
	} else {
		TRY(number_it(secret, dir, &f, fault));
		TRY(kind == KEY_OPENPGP ? signing_key_new(SIGNATURE_ED25519_SHA256, 0, secret, &f.body)
					: raw_body(secret, e, &f.body));
	}
	return key_file_write(dir, &f, false, fault);
}

static struct key_file *find(struct key_file *files, enum key_kind kind, uint32_t number, str domain, str selector)
{
	for (struct key_file *f = files; f; f = f->next) {
		if (f->kind != kind)
			continue;
		if (kind == KEY_DKIM ? str_same(f->domain, domain) && str_same(f->selector, selector)
				     : f->number == number)
			return f;
	}
	return NULL;
}

/* Another of its kind must be there to take over; newer, so that retiring never brings an older one back. */
static bool has_successor(const struct key_file *files, const struct key_file *of)
{
	for (const struct key_file *f = files; f; f = f->next)
		if (f->kind == of->kind && !f->retired && f->number > of->number)
			return true;
	return false;
}

err keyring_key_retire(const char *dir, enum key_kind kind, uint32_t number, str domain, str selector,
		       struct fault *fault)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct key_file *files;

	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(key_files_read(secret, dir, &files, fault));
	struct key_file *f = find(files, kind, number, domain, selector);
	if (!f) {
		fault_set(fault, "there is no such key in '%s'; `letterlock key list` shows all", dir);
		return NEVER(NOT_FOUND, "no such key");
	}
	if (f->retired)
		return OK;
	if (kind != KEY_DKIM && !has_successor(files, f)) {
		fault_set(fault, "%.*s key %u is in use and has no successor; make one with `letterlock key new %.*s`",
			  STR_ARG(key_kind_name(kind)), number, STR_ARG(key_kind_name(kind)));
		return NEVER(STATE, "the key is in use");
	}
	f->retired = true;
	return key_file_write(dir, f, true, fault);
}
