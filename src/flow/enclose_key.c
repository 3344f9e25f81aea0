/* Whose key is on file, and how it stands. */
#include "flow/enclose_key.h"

bool enclose_is(enum seal_kind kind)
{
	must(kind <= SEAL_AUTO);
	return kind == SEAL_SMIME || kind == SEAL_PGP;
}

/* ── What is on file ─────────────────────────────────────────────────────────────────────────────── */

err enclose_certificate(const struct line *line, const struct intake *in, moment now, const struct recipient_key *key,
			struct mail_certificate **out, struct fault *fault)
{
	str address = in->to->address.text;
	const struct mail_rules rules = {
		.use = MAIL_ENCRYPT,
		.now = now,
		.address = address,
		.authorities = line->authorities,
	};

	err e = mail_certificate_read(key->bytes, out, fault);
	if (!failed(e))
		e = mail_certificate_judge(*out, &rules, fault);
	if (failed(e))
		fault_where(fault, address, 0, 0);
	return e;
}

static err on_file(struct line *line, struct db *db, struct arena *a, struct intake *in, enum recipient_key_kind kind)
{
	err e = recipient_key_find(db, a, line->keys, in->to->address.text, kind, &in->keys[kind]);

	return e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND ? OK : e;
}

static bool is_over(const struct recipient_key *key, moment now)
{
	return key->expires_at && key->expires_at <= now;
}

/* A certificate is judged here and now. An OpenPGP key is parsed by the inspector alone, which does so when it
 * encrypts: if it finds fault with it then, decide_without_key() is next. */
static enum key_standing standing(const struct line *line, struct intake *in, enum recipient_key_kind kind)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = NULL;
	const struct recipient_key *key = in->keys[kind];
	moment now = clock_now(&line->clock);
	struct fault why = { 0 };

	if (!key)
		return KEY_NONE;
	if (kind == RECIPIENT_KEY_PGP)
		return is_over(key, now) ? KEY_UNUSABLE : KEY_USABLE;
	return failed(enclose_certificate(line, in, now, key, &c, &why)) ? KEY_UNUSABLE : KEY_USABLE;
}

err enclose_weigh(struct line *line, struct db *db, struct arena *a, struct intake *in)
{
	struct fault unsaid = in->fault;
	size_t room;

	TRY(on_file(line, db, a, in, RECIPIENT_KEY_SMIME));
	TRY(on_file(line, db, a, in, RECIPIENT_KEY_PGP));
	in->certificate = standing(line, in, RECIPIENT_KEY_SMIME);
	in->pgp_key = standing(line, in, RECIPIENT_KEY_PGP);
	in->mail_too_large = failed(enclose_measure(line, in, &room));
	in->fault = unsaid;
	return OK;
}

/* ── The one that is used ────────────────────────────────────────────────────────────────────────── */

static err no_key(struct intake *in)
{
	str kind = seal_kind_name(in->to->seal);

	if (in->search_words.len)
		fault_set(&in->fault, "no %.*s key is on file for %.*s, and none was found: %.*s", STR_ARG(kind),
			  STR_ARG(in->to->address.text), STR_ARG(in->search_words));
	else
		fault_set(&in->fault,
			  "no %.*s key is on file for %.*s: `letterlock recipient key add` puts one there; --as open "
			  "needs none",
			  STR_ARG(kind), STR_ARG(in->to->address.text));
	return NEVER(KEY, "no key on file");
}

static err say_over(const struct recipient_key *key, struct intake *in)
{
	char room[40];
	struct buf at = BUF_ON(room);

	buf_add_moment(&at, key->expires_at);
	fault_set(&in->fault, "the key on file for %.*s expired at %.*s: ask for a renewed one%s%.*s",
		  STR_ARG(key->address), STR_ARG(buf_str(&at)), in->search_words.len ? ". " : "",
		  STR_ARG(in->search_words));
	return NEVER(KEY, "the key on file has expired");
}

static err say_doubted(struct intake *in)
{
	fault_set(&in->fault, "%.*s", STR_ARG(in->search_words));
	return NEVER(KEY, "another key is published");
}

err enclose_find_key(struct line *line, struct intake *in)
{
	bool pgp = in->to->seal == SEAL_PGP;
	struct recipient_key *key = in->keys[pgp ? RECIPIENT_KEY_PGP : RECIPIENT_KEY_SMIME];

	if (pgp && in->pgp_key == KEY_DOUBTED)
		return say_doubted(in);
	if (!key)
		return no_key(in);
	if (is_over(key, clock_now(&line->clock)))
		return say_over(key, in);
	in->key = key;
	in->link = in->to->link;
	in->to->link = (struct link){ .expires_at = in->link.expires_at }; /* of the delivery */
	return OK;
}

void enclose_no_more(struct intake *in)
{
	in->key = NULL;
	in->to->link = in->link;
}
