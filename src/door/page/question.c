/* GET /d/TOKEN: the question, or to who has answered it the documents. */
#include "door/page/inside.h"

#include "wire/template.h"

static void add_sender(struct page_values *values, const struct fetch_view *view)
{
	struct page_values sender = add_object(values, "sender");

	add_text(&sender, "name", view->sub->from_name);
	add_text(&sender, "domain", view->sub->from.domain);
	add_done(values, &sender);
	add_moment(values, "expires", view->link.expires_at);
}

/* birth_date reads "birth date", as in the mail. */
static err label_of(struct arena *a, str column, str *out)
{
	struct buf b;

	TRY(buf_open(a, column.len, &b));
	for (size_t i = 0; i < column.len; i++)
		buf_add_char(&b, column.at[i] == '_' ? ' ' : column.at[i]);
	*out = buf_str(&b);
	return OK;
}

/* "birth_date+policy" asks twice. */
static void add_details(struct page_values *values, str prompt)
{
	struct template_value *list = add_list(values, "details");
	str one, label = STR_NONE, field = STR_NONE;

	for (unsigned n = 1; prompt.len; n++) {
		(void)str_cut(prompt, '+', &one, &prompt);
		struct page_values item = add_item(values, list);
		item.failed = err_first(item.failed, label_of(values->arena, one, &label));
		add_text(&item, "label", label);
		item.failed = err_first(item.failed, str_format(values->arena, &field, "proof%u", n));
		add_text(&item, "field", field);
		add_done(values, &item);
	}
}

static err answer_question(struct visit *v, const struct fetch_view *view)
{
	struct page_values values = visit_values(v);
	bool password = view->link.proof == PROOF_PASSWORD;
	str form;

	TRY(flow_fetch_form(v->page->options.fetch, v->arena, v->token, &form));
	add_sender(&values, view);
	add_text(&values, "form", form);
	add_text(&values, "password", password ? STR("yes") : STR_NONE);
	add_details(&values, password ? STR_NONE : view->prompt);
	/* Only who holds a live link reads this page, so it may say what guessing has cost. */
	if (view->link.tries > 0)
		add_number(&values, "tries_left", view->link.tries_max - view->link.tries);
	else
		add_text(&values, "tries_left", STR_NONE);
	return page_make(&v->page->pages, PAGE_QUESTION, language_for(view->to->language, v->request->head), &values,
			 v->answer);
}

static void add_document(struct page_values *values, struct template_value *list, const struct object *object)
{
	struct page_values item = add_item(values, list);
	char room[ID_TEXT];
	struct buf text = BUF_ON(room);
	str spelt = STR_NONE;

	buf_add_id(&text, object->id);
	item.failed = err_first(item.failed, str_copy(values->arena, buf_str(&text), &spelt));
	add_text(&item, "id", spelt);
	add_text(&item, "name", object->name);
	add_text(&item, "type", object->type);
	add_size(&item, "size", object->size);
	add_hex(&item, "sha256", str_bytes(object->sha256, SHA256_LEN));
	add_done(values, &item);
}

static err answer_documents(struct visit *v, const struct fetch_view *view)
{
	struct page_values values = visit_values(v);

	add_sender(&values, view);
	struct template_value *list = add_list(&values, "documents");
	for (const struct object *o = view->to->objects; o; o = o->next)
		add_document(&values, list, o);
	return page_make(&v->page->pages, PAGE_DOCUMENTS, language_for(view->to->language, v->request->head), &values,
			 v->answer);
}

err visit_page(struct visit *v)
{
	OWNED(fetch_view_done) struct fetch_view view = { 0 };
	struct link_session session;

	err e = flow_fetch_view(v->page->options.fetch, v->arena, v->token, &view);
	if (failed(e))
		return e.why == WHY_NOT_FOUND ? answer_closed(v, 404, false) : e;
	if (failed(visit_session(v, &view, &session)))
		return answer_question(v, &view);
	return answer_documents(v, &view);
}
