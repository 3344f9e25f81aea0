/* A recipient that strains the template, and the names it uses. */
#include "compose/lint_inner.h"

static const str text_of_column = STR("A text of forty characters, more or less");

/* A submission with everything that a template can speak of. */
struct sample {
	struct submission submission;
	struct recipient recipient;
	struct document documents[COMPOSE_DOCUMENTS_SHOWN + 1];
};

static struct address address(str local)
{
	return (struct address){ local, STR("northwind.example"), STR("letters@northwind.example"), false };
}

static void sample_make(struct sample *s)
{
	for (size_t i = 0; i < sizeof s->documents / sizeof *s->documents; i++)
		s->documents[i] = (struct document){ .name = STR("a document with a name of fifty characters 2026.pdf"),
						     .type = STR("application/pdf"),
						     .size = 1234567,
						     .next = i ? &s->documents[i - 1] : NULL };
	s->submission = (struct submission){ .from = address(STR("letters")),
					     .from_name = STR("Northwind Insurance"),
					     .expires_at = 1800000000 * SECOND };
	s->recipient = (struct recipient){ .address = address(STR("letters")),
					   .name = STR("Maximiliane Hohenlohe"),
					   .seal = SEAL_ZIP,
					   .documents = &s->documents[COMPOSE_DOCUMENTS_SHOWN] };
	s->recipient.link.proof = PROOF_DETAILS;
	s->recipient.link.prompt = STR("birth_date+policy_number");
}

static err tell(struct linting *l, str language, struct template_value **out)
{
	struct secrets *none;
	struct sample *s;

	TRY(NEW(l->arena, s));
	sample_make(s);
	TRY(secrets_gather(l->arena, &s->recipient, &none));
	struct telling telling = { .submission = &s->submission,
				   .recipient = &s->recipient,
				   .secrets = none,
				   .tongue = tongue_find(language),
				   .link_url = STR("https://letters.northwind.example/l/"
						   "0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjk") };
	static const struct notice_item item = { .email = STR("maximiliane.hohenlohe@northwind.example"),
						 .delivery = STR("0123456789abcdefghjkmnpqrs") };
	static const struct notice notice = { .kind = NOTICE_LOCKED, .items = &item, .count = 1000 };

	if (l->kind == LINT_NOTICE)
		telling.notice = &notice;
	if (l->kind == LINT_CODE)
		telling.code = STR("000000");
	return values_tell(l->arena, &telling, out);
}

/* ── Names that only the list can answer ─────────────────────────────────────────────────────────── */

/* recipient.nmae is a slip, whatever the list holds. */
static bool is_ours(const struct template_value *values, str name)
{
	str first, rest;

	str_cut(name, '.', &first, &rest);
	if (str_same(first, STR("values")))
		return false;
	for (const struct template_value *v = values; v; v = v->next)
		if (str_same(v->name, first))
			return true;
	return false;
}

static str column_of(str name)
{
	return str_starts(name, STR("values.")) ? str_from(name, 7) : name;
}

static err judge_unknown(struct linting *l, const struct template_value *values, const struct template_problem *p)
{
	str name = p->name;

	if (p->refused.len)
		return lint_say(l, true, p->line, "variable", "{{%.*s}} cannot be used: %.*s", STR_ARG(name),
				STR_ARG(p->refused));
	bool ours = is_ours(values, name);
	if (!ours && (!l->rules->columns.at || lint_listed(l->rules->columns, column_of(name))))
		return OK;
	if (p->nearest.len)
		return lint_say(l, true, p->line, "variable", "there is no value {{%.*s}}; did you mean {{%.*s}}?",
				STR_ARG(name), STR_ARG(p->nearest));
	return lint_say(l, true, p->line, "variable",
			ours ? "there is no value {{%.*s}}: take it out, or correct its name"
			     : "the list has no column for {{%.*s}}: add it, or take it out",
			STR_ARG(name));
}

static err use(struct linting *l, struct lint_used **used, str name)
{
	struct lint_used *u;

	for (u = *used; u; u = u->next)
		if (str_same(u->name, name))
			return OK;
	TRY(NEW(l->arena, u));
	*u = (struct lint_used){ *used, name };
	*used = u;
	return OK;
}

static err answer(struct linting *l, str name, struct template_value **values)
{
	struct template_value *v;

	TRY(NEW(l->arena, v));
	*v = (struct template_value){ .next = *values, .name = name, .kind = VALUE_TEXT, .text = text_of_column };
	*values = v;
	return OK;
}

err lint_values(struct linting *l, const struct template *t, str language, struct lint_used **used,
		struct template_value **out)
{
	struct template_problem *problems = NULL;
	struct template_value *values = NULL, *ours;

	TRY(tell(l, language, &values));
	ours = values;
	TRY(template_check(l->arena, t, values, &problems));
	for (; problems; problems = problems->next) {
		TRY(judge_unknown(l, ours, problems));
		TRY(use(l, used, column_of(problems->name)));
		TRY(answer(l, problems->name, &values));
	}
	*out = values;
	return OK;
}
