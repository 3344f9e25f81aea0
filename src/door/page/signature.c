/* GET /s/TOKEN/ID: the signature beside an object, for who may have the object. It is small, and no transfer: an object
 * is not opened by it. */
#include "door/page/inside.h"

static err add_fields(struct visit *v, const struct object *o)
{
	char room[2048];
	struct buf field = BUF_ON(room), name;

	TRY(buf_open(v->arena, 512, &name));
	buf_add(&name, str_upto(o->name, 400));
	buf_add(&name, STR(".p7s"));
	buf_add_attachment(&field, buf_str(&name));
	TRY(buf_check(&field));
	TRY(http_answer_field(v->answer, STR("Content-Disposition"), buf_str(&field)));
	return http_answer_field(v->answer, STR("Content-Type"), STR("application/pkcs7-signature"));
}

static err look(struct visit *v, str object, struct fetch_view *view)
{
	struct link_session session;
	id which;

	if (failed(id_parse(object, &which)))
		return NEVER(DENIED, "no object is spelt so");
	TRY(flow_fetch_view_object(v->page->options.fetch, v->arena, v->token, which, view));
	TRY(visit_session(v, view, &session));
	return view->to->objects->signature.len ? OK : NEVER(NOT_FOUND, "it has no signature");
}

err visit_signature(struct visit *v, str object)
{
	OWNED(fetch_view_done) struct fetch_view view = { 0 };
	err e = look(v, object, &view);

	if (e.why == WHY_NOT_FOUND || e.why == WHY_DENIED)
		return answer_see(v);
	TRY(e);
	v->answer->body = view.to->objects->signature;
	return add_fields(v, view.to->objects);
}
