/* GET /f/TOKEN/ID, and /v/TOKEN/ID to be shown: one object, whole or one range of it. */
#include "door/page/inside.h"

/* RFC 9110 8.8.3: strong, since it is of the bytes. */
static err etag_of(struct arena *a, const struct object *o, str *out)
{
	struct buf tag;

	TRY(buf_open(a, 2 * SHA256_LEN + 2, &tag));
	buf_add_char(&tag, '"');
	buf_add_hex(&tag, str_bytes(o->sha256, SHA256_LEN));
	buf_add_char(&tag, '"');
	*out = buf_str(&tag);
	return buf_check(&tag);
}

static err choose_part(struct visit *v, struct transfer *t, str etag, bool *outside)
{
	const str *range = http_head_field(v->request->head, STR("range"));
	const str *only_if = http_head_field(v->request->head, STR("if-range"));
	str spelt;

	t->len = t->object->size;
	if (!range || v->request->head->method != HTTP_GET || (only_if && !str_same(*only_if, etag)))
		return OK;
	switch (range_of(*range, t->object->size, &t->first, &t->len)) {
	case RANGE_WHOLE:
		return OK;
	case RANGE_OUTSIDE:
		*outside = true;
		v->answer->status = 416;
		TRY(str_format(v->arena, &spelt, "bytes */%llu", (unsigned long long)t->object->size));
		break;
	case RANGE_PART:
		v->answer->status = 206;
		TRY(str_format(v->arena, &spelt, "bytes %llu-%llu/%llu", (unsigned long long)t->first,
			       (unsigned long long)(t->first + t->len - 1), (unsigned long long)t->object->size));
		break;
	}
	return http_answer_field(v->answer, STR("Content-Range"), spelt);
}

/* Text is shown as what it most probably is; a browser's own guess could make markup of it. */
static str type_of(const struct object *o, bool to_be_shown)
{
	if (to_be_shown && str_same(o->type, STR("text/plain")))
		return STR("text/plain; charset=utf-8");
	return o->type.len ? o->type : STR("application/octet-stream");
}

static err add_fields(struct visit *v, const struct object *o, str etag, bool to_be_shown)
{
	char room[2048];
	struct buf field = BUF_ON(room);

	if (to_be_shown)
		buf_add_inline(&field, str_upto(o->name, 400));
	else
		buf_add_attachment(&field, str_upto(o->name, 400));
	TRY(buf_check(&field));
	TRY(http_answer_field(v->answer, STR("Content-Disposition"), buf_str(&field)));
	TRY(http_answer_field(v->answer, STR("Content-Type"), type_of(o, to_be_shown)));
	TRY(http_answer_field(v->answer, STR("Accept-Ranges"), STR("bytes")));
	return http_answer_field(v->answer, STR("ETag"), etag);
}

/* Nothing is allowed to what is shown, but what browsers need to show it: their own styles for an image or text. Their
 * PDF viewers run outside of the document's policy, yet refuse to start in a sandbox. */
static str policy_of(str type)
{
	if (str_same(type, STR("application/pdf")))
		return STR("default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
			   "form-action 'none'; frame-ancestors 'none'");
	return STR("default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
		   "form-action 'none'; frame-ancestors 'none'; sandbox");
}

static err begin_stream(struct visit *v, struct transfer **t)
{
	OWNED(source_done) struct source stream = { 0 };

	TRY(flow_fetch_stream(v->page->options.fetch, v->arena, &(*t)->view, &(*t)->session, (*t)->object, (*t)->first,
			      (*t)->len, &stream));
	return transfer_begin(v, t, &stream);
}

/* Where the container lies in the bucket as it is. A look (HEAD) is no opening. */
static err answer_lent(struct visit *v, struct transfer *t)
{
	str url;

	if (v->request->head->method != HTTP_GET)
		return answer_see(v);
	TRY(flow_fetch_lend(v->page->options.fetch, v->arena, &t->view, &t->session, t->object, &url));
	v->answer->status = 303;
	return http_answer_field(v->answer, STR("Location"), url);
}

static err answer_object(struct visit *v, struct transfer **t, bool to_be_shown)
{
	const struct object *object = (*t)->object;
	bool outside = false;
	str etag;

	if (object->direct)
		return answer_lent(v, *t);
	if (to_be_shown && !may_be_shown(object->type))
		return answer_see(v);
	TRY(etag_of(v->arena, object, &etag));
	TRY(choose_part(v, *t, etag, &outside));
	if (outside)
		return OK;
	if (to_be_shown)
		v->answer->policy = policy_of(object->type);
	TRY(add_fields(v, object, etag, to_be_shown));
	return begin_stream(v, t);
}

/* Everything that cannot be had now leads to the link's own page, which says what there is to say. */
static err look(struct visit *v, str object, struct transfer *t)
{
	id which;

	if (failed(id_parse(object, &which)))
		return NEVER(DENIED, "no object is spelt so");
	TRY(flow_fetch_view_object(v->page->options.fetch, v->arena, v->token, which, &t->view));
	t->object = t->view.to->objects;
	return visit_session(v, &t->view, &t->session);
}

err visit_object(struct visit *v, str object, bool to_be_shown)
{
	OWNED(transfer_done) struct transfer *t = NULL;

	TRY(NEW(v->arena, t));
	t->page = v->page;
	err e = look(v, object, t);
	if (e.why == WHY_NOT_FOUND || e.why == WHY_DENIED)
		return answer_see(v);
	TRY(e);
	e = answer_object(v, &t, to_be_shown);
	return failed(e) && t ? transfer_refused(v, t, e) : e;
}
