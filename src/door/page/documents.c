/* GET /d/TOKEN: the question, or to who has answered it the documents; GET /a/TOKEN: all of them as one zip. */
#include "door/page/inside.h"

#define BUNDLE_NAME STR("documents.zip")

/* How long the zip will be: its records are written to where bytes are counted, no document is read. */
static err measure_bundle(struct visit *v, const struct fetch_view *view, const struct link_session *session,
			  uint64_t *size)
{
	OWNED(source_done) struct source unread = { 0 };

	return flow_fetch_bundle(v->page->options.fetch, v->arena, view, session, size, &unread);
}

static err answer_documents(struct visit *v, const struct fetch_view *view, const struct link_session *session)
{
	struct page_values values = visit_values(v, language_for(view->to->language, v->request->head));
	bool several = view->to->objects && view->to->objects->next;
	uint64_t size = 0;

	add_sender(&values, v->page, view);
	add_flag(&values, "one", !several);
	add_flag(&values, "by_password", view->link.proof == PROOF_PASSWORD);
	add_flag(&values, "by_details", view->link.proof == PROOF_DETAILS);
	add_documents(&values, view);
	/* Opened as often as it may be: the page still lists what there was. */
	if (several && failed(measure_bundle(v, view, session, &size)))
		several = false;
	add_text(&values, "bundle", several ? STR("yes") : STR_NONE);
	add_size(&values, "bundle_size", size);
	return answer_page(v, PAGE_DOCUMENTS, &values);
}

/* The look is noted, and changes nothing. */
static err answer_to_stranger(struct visit *v, const struct fetch_view *view)
{
	flow_fetch_seen(v->page->options.fetch, view);
	return answer_question(v, view);
}

err visit_page(struct visit *v)
{
	OWNED(fetch_view_done) struct fetch_view view = { 0 };
	struct link_session session;

	err e = flow_fetch_view(v->page->options.fetch, v->arena, v->token, &view);
	if (failed(e))
		return e.why == WHY_NOT_FOUND ? answer_closed(v, 404, false) : e;
	if (failed(visit_session(v, &view, &session)))
		return answer_to_stranger(v, &view);
	return answer_documents(v, &view, &session);
}

/* ── All of them ─────────────────────────────────────────────────────────────────────────────────── */

static err add_fields(struct visit *v)
{
	char room[256];
	struct buf field = BUF_ON(room);

	buf_add_attachment(&field, BUNDLE_NAME);
	TRY(buf_check(&field));
	TRY(http_answer_field(v->answer, STR("Content-Disposition"), buf_str(&field)));
	TRY(http_answer_field(v->answer, STR("Accept-Ranges"), STR("none")));
	return http_answer_field(v->answer, STR("Content-Type"), STR("application/zip"));
}

static err send_bundle(struct visit *v, struct transfer **t)
{
	OWNED(source_done) struct source stream = { 0 };
	struct object *all;

	TRY(NEW(v->arena, all));
	all->name = BUNDLE_NAME;
	(*t)->object = all;
	TRY(flow_fetch_bundle(v->page->options.fetch, v->arena, &(*t)->view, &(*t)->session, &all->size, &stream));
	(*t)->len = all->size;
	TRY(transfer_begin(v, t, &stream));
	return add_fields(v);
}

err visit_bundle(struct visit *v)
{
	OWNED(transfer_done) struct transfer *t = NULL;

	TRY(NEW(v->arena, t));
	t->page = v->page;
	err e = flow_fetch_view(v->page->options.fetch, v->arena, v->token, &t->view);
	if (!failed(e))
		e = visit_session(v, &t->view, &t->session);
	if (e.why == WHY_NOT_FOUND || e.why == WHY_DENIED)
		return answer_see(v);
	TRY(e);
	e = send_bundle(v, &t);
	return failed(e) && t ? transfer_refused(v, t, e) : e;
}
