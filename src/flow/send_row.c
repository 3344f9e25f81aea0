/* One row: everything that must be known before it is accepted is decided here. Ids, link and password are minted, the
 * proof is read, and a container's password is judged. */
#include "flow/enclose.h"
#include "flow/objects.h"
#include "flow/send_inside.h"

#include "seal/pdf.h"
#include "wire/phone.h"

/* What the recipient must show at the page: the password, or the values of the columns that were named. */
static err proof_parts(struct send *s, const struct list_row *row, str *parts, size_t *count, struct fault *fault)
{
	str rest = s->options.proof_columns, name;
	size_t have = 0;

	for (bool more = true; more; have++) {
		more = str_cut(rest, '+', &name, &rest);
		must(have < PROOF_COLUMNS_MAX);
		const str *value = value_find(row->values, name);
		if (!value || str_trim(*value).len == 0) {
			fault_set(fault, "there is nothing in column %.*s, which the recipient shall prove",
				  STR_ARG(name));
			return NEVER(PROOF, "a detail is missing");
		}
		parts[have] = *value;
	}
	*count = have;
	return OK;
}

static err join_details(struct arena *a, const str *parts, size_t count, str *out)
{
	struct buf b;
	size_t len = count;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	TRY(buf_open(a, len, &b));
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(&b, ' ');
		buf_add(&b, str_trim(parts[i]));
	}
	*out = buf_str(&b);
	return OK;
}

/* In the form that all its readers make of it. */
static err spell_container_password(struct send *s, struct send_row *out, struct fault *fault)
{
	if (out->to->seal != SEAL_PDF)
		return OK;
	err e = seal_pdf_password(s->arena, out->container_password, &out->container_password);
	if (failed(e))
		fault_set(fault, "--as pdf: %s", e.note);
	return e;
}

/* What stands in the mail is known to whoever has the mail. */
static const struct value *known_of(const struct recipient *to, struct value *address, struct value *name)
{
	*address = (struct value){ .name = STR("email"), .text = to->address.text };
	*name = (struct value){ .next = address, .name = STR("name"), .text = to->name };
	return name;
}

/* A container can be tried by anyone, for ever: its password passes the floor, or there is a written reason. */
static err judge_container_password(struct send *s, struct send_row *out, struct fault *fault)
{
	struct value address, name;
	str reason = s->line->config->password.allow_weak_reason;
	struct password_verdict verdict;

	TRY(check_password(s->arena, out->to->seal, out->container_password, known_of(out->to, &address, &name), true,
			   &verdict));
	if (verdict.accepted && verdict.bits >= (double)s->line->config->password.floor_bits)
		return OK;
	if (reason.len == 0) {
		fault_set(fault,
			  "%s; as a container's password it has about %.0f bits and %llu are needed: use --proof "
			  "password, or --as open, where tries are counted",
			  verdict.reason ? verdict.reason : "the password is too weak", verdict.bits,
			  (unsigned long long)s->line->config->password.floor_bits);
		return NEVER(WEAK_PASSWORD, "too weak for a container");
	}
	out->weak_reason = reason;
	s->count.weak++;
	return OK;
}

/* Left to us, a container is one of several ways: a proof that is too weak for it chooses another. */
static err weigh_proof(struct send *s, struct send_row *out)
{
	struct password_verdict verdict;
	struct value address, name;
	str spelt;

	/* What readers would spell in different ways is no password for a PDF. */
	err e = seal_pdf_password(s->arena, out->container_password, &spelt);
	if (e.fate == FATE_NEVER)
		return OK;
	TRY(e);
	out->container_password = spelt;
	TRY(check_password(s->arena, SEAL_PDF, out->container_password, known_of(out->to, &address, &name),
			   s->options.proof == PROOF_DETAILS, &verdict));
	out->strong = verdict.accepted && verdict.bits >= (double)s->line->config->password.floor_bits;
	return OK;
}

static err plan_details(struct send *s, const struct list_row *row, struct send_row *out, struct fault *fault)
{
	str parts[PROOF_COLUMNS_MAX];
	size_t count;

	TRY(proof_parts(s, row, parts, &count, fault));
	err e = link_proof_text(s->arena, PROOF_DETAILS, parts, count, &out->to->link.secret);
	if (failed(e)) {
		fault_set(fault, "nothing is left of the details to prove: %.*s", STR_ARG(s->options.proof_columns));
		return e;
	}
	out->to->link.prompt = s->options.proof_columns;
	if (s->options.seal == SEAL_OPEN)
		return OK;
	TRY(join_details(s->arena, parts, count, &out->container_password));
	if (s->options.seal == SEAL_AUTO)
		return weigh_proof(s, out);
	TRY(spell_container_password(s, out, fault));
	return judge_container_password(s, out, fault);
}

/* Kept in the one form gateways take, whatever sms.country says later. */
static err plan_code(struct send *s, struct send_row *out, struct fault *fault)
{
	struct link *l = &out->to->link;
	const char *reason = "the list has no such column";
	char number[PHONE_MAX];
	size_t len = 0;

	l->prompt = s->options.proof_columns;
	for (struct value *v = out->to->values; v; v = v->next) {
		if (!str_same(v->name, l->prompt))
			continue;
		if (failed(phone_read(v->text, s->line->config->sms.country, number, &len, &reason)))
			break;
		return str_copy(s->arena, str_bytes(number, len), &v->text);
	}
	fault_set(fault, "column %.*s: %s", STR_ARG(l->prompt), reason);
	return NEVER(PROOF, "no telephone number");
}

static err plan_password(struct send *s, const struct earlier *before, struct send_row *out, str *shown,
			 struct fault *fault)
{
	double bits;

	if (before && before->password.len)
		*shown = before->password;
	else
		TRY(check_password_new(s->arena, &s->line->entropy, (unsigned)s->line->config->password.floor_bits,
				       shown, &bits));
	out->container_password = *shown;
	TRY(s->options.seal == SEAL_AUTO ? weigh_proof(s, out) : spell_container_password(s, out, fault));
	return link_proof_text(s->arena, PROOF_PASSWORD, shown, 1, &out->to->link.secret);
}

/* A run that is carried on names another object and signs anew: nobody was told of the URL before. */
static err plan_presigned(struct send *s, struct recipient *to, str *url)
{
	TRY(id_new(&s->line->entropy, &to->link.object));
	TRY(objects_share(s->line->store, s->arena, clock_now(&s->line->clock), s->options.expires, &to->link));
	*url = to->link.url;
	return OK;
}

static err plan_link(struct send *s, const struct earlier *before, struct recipient *to, str *url)
{
	const struct config *c = s->line->config;

	TRY(link_mint(&s->line->entropy, s->arena, to));
	if (s->options.mode == LINK_PAGE && before && before->token.len == LINK_TOKEN_TEXT)
		to->link.token = before->token;
	to->link.expires_at = clock_now(&s->line->clock) + s->options.expires;
	to->link.proof = s->options.proof;
	to->link.tries_max = (uint32_t)c->link.tries;
	to->link.opens_max = (uint32_t)c->link.opens;
	if (s->options.mode == LINK_PRESIGNED)
		return plan_presigned(s, to, url);
	return link_url(s->arena, c->base_url, to->link.token, url);
}

static err plan_proof(struct send *s, const struct list_row *row, const struct earlier *before, struct send_row *out,
		      struct result *result, struct fault *fault)
{
	if (s->options.proof == PROOF_PASSWORD)
		return plan_password(s, before, out, &result->password, fault);
	return s->options.proof == PROOF_CODE ? plan_code(s, out, fault) : plan_details(s, row, out, fault);
}

/* A mail that carries its documents has no link, and nothing to prove but the key. */
static err plan_way(struct send *s, const struct list_row *row, const struct earlier *before, struct send_row *out,
		    struct result *result, struct fault *fault)
{
	if (enclose_is(out->to->seal)) {
		out->to->link.expires_at = clock_now(&s->line->clock) + s->options.expires; /* of the delivery */
		return OK;
	}
	TRY(plan_link(s, before, out->to, &result->link));
	TRY(plan_proof(s, row, before, out, result, fault));
	result->expires_at = out->to->link.expires_at;
	return OK;
}

/* A row that may go: everything that must be known before it is accepted is decided here. */
err send_plan_recipient(struct send *s, const struct list_row *row, const struct earlier *before, struct send_row *out,
			struct result *result, struct fault *fault)
{
	struct recipient *to;

	if (row->document_count == 0) {
		fault_set(fault, "this row names no document");
		return NEVER(DOCUMENT, "no document");
	}
	if (s->options.mode == LINK_PRESIGNED && s->options.seal == SEAL_PDF && row->document_count > 1) {
		fault_set(fault,
			  "a presigned URL opens one file, and --as pdf makes one of each document: use --as zip");
		return NEVER(DOCUMENT, "more documents than a URL opens");
	}
	TRY(NEW(s->arena, to));
	out->to = to;
	TRY(id_new(&s->line->entropy, &to->id));
	if (before && !id_none(before->delivery))
		to->delivery = before->delivery;
	else
		TRY(id_new(&s->line->entropy, &to->delivery));
	to->row = row->row;
	to->address = row->address;
	to->name = row->name;
	to->language = row->language;
	to->seal = s->options.seal == SEAL_AUTO ? SEAL_OPEN : s->options.seal; /* until it is chosen */
	to->values = row->values;
	TRY(plan_way(s, row, before, out, result, fault));
	result->delivery = to->delivery;
	out->document_names = row->documents;
	out->document_count = row->document_count;
	return OK;
}
