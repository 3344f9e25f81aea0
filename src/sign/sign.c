#include "sign/sign.h"

#include "sign/signed_part.h"

enum { LINE_WIDTH = 76, ED25519_SIGNATURE = 64 };

/* Listed once more than they occur. Without the last mention a second Subject, or a Content-Type above ours, could
 * be added to a signed message and shown to the reader (RFC 6376 8.15, THREATS B-52). */
static const str oversigned[] = {
	STR("From"),
	STR("To"),
	STR("Cc"),
	STR("Subject"),
	STR("Date"),
	STR("Reply-To"),
	STR("Message-ID"),
	STR("MIME-Version"),
	STR("Content-Type"),
	STR("Content-Transfer-Encoding"),
	STR("Content-Disposition"),
	STR("Content-ID"),
	STR("Content-Description"),
	STR("Content-Language"),
};

/* The same, but only if the message has them: a mailing list that adds its own does no harm. RFC 8058 4 asks for
 * the pair of List-Unsubscribe. */
static const str oversigned_if_present[] = {
	STR("Sender"),           STR("In-Reply-To"),           STR("References"),
	STR("List-Unsubscribe"), STR("List-Unsubscribe-Post"), STR("List-Id"),
	STR("Auto-Submitted"),   STR("Feedback-ID"),
};

struct names {
	str list[SIGNED_NAMES_MAX];
	size_t count;
};

static err mention(struct names *n, str name, size_t times)
{
	if (times > SIGNED_NAMES_MAX - n->count)
		return NEVER(LIMIT, "too many header fields to sign");
	while (times--)
		n->list[n->count++] = name;
	return OK;
}

static bool is_rewritten(str name)
{
	return str_same(name, STR("Date")) || str_same(name, STR("Message-ID"));
}

static err choose_names(const struct header *h, bool rewritten, struct names *n)
{
	for (size_t i = 0; i < sizeof oversigned / sizeof *oversigned; i++)
		if (!(rewritten && is_rewritten(oversigned[i])))
			TRY(mention(n, oversigned[i], header_count(h, oversigned[i]) + 1));
	for (size_t i = 0; i < sizeof oversigned_if_present / sizeof *oversigned_if_present; i++) {
		size_t count = header_count(h, oversigned_if_present[i]);
		TRY(mention(n, oversigned_if_present[i], count ? count + 1 : 0));
	}
	return OK;
}

/* ── The field ───────────────────────────────────────────────────────────────────────────────────── */

/* One message's share of all its signatures. */
struct signing {
	struct arena *arena;
	struct keyring *keyring;
	struct names names;
	str fields; /* canonical */
	uint8_t body_digest[SHA256_LEN];
	moment now, expires_at; /* 0: never */
	struct fault *fault;
};

/* h=, folded at colons. */
static void add_names(struct buf *b, const struct names *n)
{
	size_t column = 2;

	buf_add(b, STR("\th="));
	for (size_t i = 0; i < n->count; i++) {
		if (column + n->list[i].len + 1 > LINE_WIDTH) {
			buf_add(b, STR("\r\n\t "));
			column = 2;
		}
		buf_add(b, n->list[i]);
		buf_add_char(b, i + 1 < n->count ? ':' : ';');
		column += n->list[i].len + 1;
	}
	buf_add(b, STR("\r\n"));
}

static void add_field_before_signature(struct buf *b, const struct signing *s, const struct sign_rule *rule)
{
	buf_add(b, STR("DKIM-Signature: v=1; a="));
	buf_add(b, algorithm_name(rule->algorithm));
	buf_add(b, STR("; c=relaxed/relaxed;\r\n\td="));
	buf_add(b, rule->domain);
	buf_add(b, STR("; s="));
	buf_add(b, rule->selector);
	buf_add(b, STR(";\r\n\tt="));
	buf_add_number(b, (uint64_t)(s->now / SECOND));
	if (s->expires_at) {
		buf_add(b, STR("; x="));
		buf_add_number(b, (uint64_t)(s->expires_at / SECOND));
	}
	buf_add(b, STR(";\r\n"));
	add_names(b, &s->names);
	buf_add(b, STR("\tbh="));
	buf_add_base64(b, str_bytes(s->body_digest, SHA256_LEN));
	buf_add(b, STR(";\r\n\tb="));
}

static err add_signature(struct buf *b, str signature)
{
	char room[4 * SIGNATURE_MAX / 3 + 4];
	struct buf text = BUF_ON(room);

	buf_add_base64(&text, signature);
	TRY(buf_check(&text));
	for (str rest = buf_str(&text); rest.len; rest = str_from(rest, LINE_WIDTH - 4)) {
		buf_add(b, rest.at == text.at ? STR("") : STR("\r\n\t "));
		buf_add(b, str_upto(rest, LINE_WIDTH - 4));
	}
	buf_add(b, STR("\r\n"));
	return buf_check(b);
}

/* What is hashed is the field as it will stand there, relaxed, with nothing after b= (RFC 6376 3.7). */
static err digest_with(const struct signing *s, str unsigned_field, uint8_t digest[SHA256_LEN])
{
	const size_t name = STR("DKIM-Signature").len;
	const struct header_field field = { .raw = unsigned_field,
					    .name = str_upto(unsigned_field, name),
					    .body = str_from(unsigned_field, name + 1) };
	struct buf canonical;

	TRY(buf_open(s->arena, unsigned_field.len + 4, &canonical));
	canon_field(CANON_RELAXED, &field, &canonical);
	TRY(buf_check(&canonical));
	return header_digest(s->fields, str_upto(buf_str(&canonical), canonical.len - 2), digest);
}

/* The keyring says no algorithm; the length does. A field that names the wrong one could never be verified. */
static bool fits(enum signature_algorithm how, str signature)
{
	return (how == SIGNATURE_ED25519_SHA256) == (signature.len == ED25519_SIGNATURE);
}

static err held(const struct signing *s, const struct sign_rule *rule, err e)
{
	if (fault_empty(s->fault))
		fault_set(s->fault, "the message is held: signing for %.*s with selector %.*s failed: %s",
			  STR_ARG(rule->domain), STR_ARG(rule->selector), e.note);
	e.why = WHY_SIGNATURE;
	return e;
}

/* Of one signature field at most: two names of 253 bytes, h= with its folds, the hash and the signature. */
static size_t field_room(const struct names *n)
{
	size_t room = 1024 + 2 * SIGNATURE_MAX;

	for (size_t i = 0; i < n->count; i++)
		room += n->list[i].len + sizeof ":\r\n\t ";
	return room;
}

static err sign_once(const struct signing *s, const struct sign_rule *rule, struct buf *out)
{
	char room[SIGNATURE_MAX];
	struct buf signature = BUF_ON(room);
	uint8_t digest[SHA256_LEN];
	size_t from = out->len;

	if (!key_name_fit(rule->domain) || !key_name_fit(rule->selector))
		return NEVER(SIGNATURE, "the domain or the selector is malformed");
	add_field_before_signature(out, s, rule);
	TRY(buf_check(out));
	TRY(digest_with(s, str_bytes(out->at + from, out->len - from), digest));
	TRY(keyring_sign(s->keyring, rule->domain, rule->selector, digest, &signature));
	if (!fits(rule->algorithm, buf_str(&signature)))
		return NEVER(SIGNATURE, "the key is of another algorithm than the rule");
	return add_signature(out, buf_str(&signature));
}

/* ── The message ─────────────────────────────────────────────────────────────────────────────────── */

static err check_request(const struct sign_rule *rules, moment now, moment until, struct fault *fault)
{
	if (!rules) {
		fault_set(fault, "the message is held: no DKIM key is configured for its sender");
		return NEVER(SIGNATURE, "there is nothing to sign with");
	}
	if (now < SECOND || (until && until - now < SECOND)) {
		fault_set(fault, "the message is held: its signature would have expired before it is sent");
		return NEVER(SIGNATURE, "the time of a signature is out of bounds");
	}
	return OK;
}

static err check_from(const struct header *h, struct fault *fault)
{
	size_t count = header_count(h, STR("From"));

	if (count == 1)
		return OK;
	fault_set(fault, "a message has one From field, this one has %zu", count);
	return NEVER(HEADER, "a message has one From field");
}

static err prepare(struct signing *s, str message, moment until, bool rewritten)
{
	struct header header;
	str body;
	uint64_t size;

	TRY(header_split(s->arena, message, &header, &body, s->fault));
	TRY(check_from(&header, s->fault));
	TRY(choose_names(&header, rewritten, &s->names));
	TRY(signed_fields(s->arena, &header, s->names.list, s->names.count, CANON_RELAXED, NULL, &s->fields));
	TRY(body_digest(body, CANON_RELAXED, UINT64_MAX, s->body_digest, &size));
	s->expires_at = until && until - s->now <= SIGN_VALID_MAX ? until : 0;
	return OK;
}

err sign_message(struct keyring *k, const struct sign_rule *rules, moment now, moment until, struct arena *a,
		 struct message *m, struct fault *fault)
{
	struct signing s = { .arena = a, .keyring = k, .now = now, .fault = fault };
	struct buf out;
	bool rewritten = false;
	size_t count = 0;

	TRY(check_request(rules, now, until, fault));
	for (const struct sign_rule *r = rules; r; r = r->next) {
		count++;
		rewritten = rewritten || r->rewritten;
	}
	TRY(prepare(&s, m->bytes, until, rewritten));
	TRY(buf_open(a, count * field_room(&s.names) + m->bytes.len, &out));
	for (const struct sign_rule *r = rules; r; r = r->next) {
		err e = sign_once(&s, r, &out);
		if (failed(e))
			return held(&s, r, e);
	}
	buf_add(&out, m->bytes);
	TRY(buf_check(&out));
	m->bytes = buf_str(&out);
	return OK;
}

bool sign_aligned(str signing_domain, str from_domain)
{
	if (str_same_nocase(signing_domain, from_domain))
		return true;
	return from_domain.len > signing_domain.len &&
	       from_domain.at[from_domain.len - signing_domain.len - 1] == '.' &&
	       str_same_nocase(str_from(from_domain, from_domain.len - signing_domain.len), signing_domain);
}

void sign_record(struct buf *b, enum signature_algorithm how, str public_key)
{
	buf_add(b, how == SIGNATURE_ED25519_SHA256 ? STR("v=DKIM1; k=ed25519; p=") : STR("v=DKIM1; k=rsa; p="));
	buf_add_base64(b, public_key);
}
