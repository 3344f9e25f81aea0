/* GET /d/TOKEN: the question. What it tells before a proof, and why no more, stands in page.h. */
#include "door/page/inside.h"

/* "birth_date+policy" asks twice. */
static void add_details(struct page_values *values, const struct page *p, str prompt)
{
	const struct tongue *tongue = tongue_find(language_name(values->language));
	struct template_value *list = add_list(values, "details");
	str one, label = STR_NONE, field = STR_NONE;

	for (unsigned n = 1; prompt.len; n++) {
		(void)str_cut(prompt, '+', &one, &prompt);
		struct page_values item = add_item(values, list);
		item.failed = err_first(item.failed,
					tongue_label(tongue, &p->options.look.labels, values->arena, one, &label));
		add_text(&item, "label", label);
		item.failed = err_first(item.failed, str_format(values->arena, &field, "proof%u", n));
		add_text(&item, "field", field);
		add_text(&item, "autocomplete", label_autocomplete(one));
		add_flag(&item, "date", label_is_date(one));
		add_done(values, &item);
	}
}

static bool kind_was_before(const struct object *first, const struct object *o)
{
	for (; first != o; first = first->next)
		if (str_same(first->type, o->type))
			return true;
	return false;
}

enum { KINDS_SAID = 5, LOOKED_AT = 100 };

/* Each kind once: "2 documents, 1.3 MB (PDF document, image)". */
static void add_kinds(struct page_values *values, const struct object *objects)
{
	struct template_value *list = add_list(values, "kinds");
	const struct object *said[KINDS_SAID];
	size_t count = 0, seen = 0;

	for (const struct object *o = objects; o && count < KINDS_SAID && seen < LOOKED_AT; o = o->next, seen++)
		if (!kind_was_before(objects, o))
			said[count++] = o;
	for (size_t i = 0; i < count; i++) {
		struct page_values item = add_item(values, list);
		add_kind(&item, said[i]->type);
		add_flag(&item, "last", i + 1 == count);
		add_done(values, &item);
	}
}

static void add_waiting(struct page_values *values, const struct page *p, const struct fetch_view *view)
{
	uint64_t count = 0, total = 0;

	for (const struct object *o = view->to->objects; o; o = o->next) {
		count++;
		total += o->size;
	}
	add_number(values, "count", count);
	add_flag(values, "one", count == 1);
	add_size(values, "total", total);
	add_kinds(values, view->to->objects);
	add_flag(values, "show_names", p->options.look.show_names_before_proof);
	if (p->options.look.show_names_before_proof)
		add_documents(values, view);
}

static void add_proof(struct page_values *values, const struct page *p, const struct fetch_view *view)
{
	enum proof_kind proof = view->link.proof;

	add_flag(values, "password", proof == PROOF_PASSWORD);
	add_flag(values, "code", proof == PROOF_CODE);
	add_flag(values, "code_asked", proof == PROOF_CODE && view->link.codes > 0);
	add_flag(values, "code_first", proof == PROOF_CODE && view->link.codes == 0);
	add_flag(values, "code_more", view->link.codes < fetch_rules_of(p->options.fetch)->codes);
	add_flag(values, "by_details", proof == PROOF_DETAILS);
	add_details(values, p, proof == PROOF_DETAILS ? view->prompt : STR_NONE);
	/* Only who holds a live link reads this page, so it may say what guessing has cost. */
	if (view->link.tries > 0)
		add_number(values, "tries_left", view->link.tries_max - view->link.tries);
	else
		add_text(values, "tries_left", STR_NONE);
}

err answer_question(struct visit *v, const struct fetch_view *view)
{
	struct page_values values = visit_values(v, language_for(view->to->language, v->request->head));
	str form;

	TRY(flow_fetch_form(v->page->options.fetch, v->arena, v->token, &form));
	add_text(&values, "form", form);
	add_sender(&values, v->page, view);
	add_text(&values, "why", v->page->options.look.why[values.language]);
	add_waiting(&values, v->page, view);
	add_proof(&values, v->page, view);
	return answer_page(v, PAGE_QUESTION, &values);
}
