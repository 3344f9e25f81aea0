/* GET /f/TOKEN/ID: one object, whole or one range of it. */
#include "door/page/inside.h"

#include "wire/http_value.h"

/* What has to live until the last byte has left. */
struct transfer {
	struct page *page;
	struct fetch_view view;
	struct link_session session;
	const struct object *object;
	uint64_t first, len;
};

static void transfer_done(struct transfer **t)
{
	if (*t)
		fetch_view_done(&(*t)->view);
	*t = NULL;
}

/* The end of the object counts, wherever this part of it began: the rest came before. */
static void note_sent(void *state, uint64_t bytes, bool whole)
{
	struct transfer *t = state;
	const struct page_options *o = &t->page->options;
	bool to_the_end = whole && t->first + t->len == t->object->size;

	if (bytes > 0 || to_the_end) {
		err e = flow_fetch_sent(o->fetch, &t->view, &t->session, t->object, bytes, to_the_end);
		if (failed(e) && o->failed)
			o->failed(o->state, e);
	}
	transfer_done(&t);
}

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

static err add_fields(struct visit *v, const struct object *o, str etag)
{
	char room[2048];
	struct buf field = BUF_ON(room);

	buf_add_attachment(&field, str_upto(o->name, 400));
	TRY(buf_check(&field));
	TRY(http_answer_field(v->answer, STR("Content-Disposition"), buf_str(&field)));
	TRY(http_answer_field(v->answer, STR("Content-Type"), o->type.len ? o->type : STR("application/octet-stream")));
	TRY(http_answer_field(v->answer, STR("Accept-Ranges"), STR("bytes")));
	return http_answer_field(v->answer, STR("ETag"), etag);
}

static err begin_stream(struct visit *v, struct transfer **t)
{
	struct http_answer *a = v->answer;

	TRY(flow_fetch_stream(v->page->options.fetch, v->arena, &(*t)->view, &(*t)->session, (*t)->object, (*t)->first,
			      (*t)->len, &a->stream));
	a->stream_len = (*t)->len;
	a->sent = note_sent;
	a->sent_state = *t;
	*t = NULL; /* note_sent() releases it */
	return OK;
}

static err answer_object(struct visit *v, struct transfer **t)
{
	bool outside = false;
	str etag;

	TRY(etag_of(v->arena, (*t)->object, &etag));
	TRY(choose_part(v, *t, etag, &outside));
	if (outside)
		return OK;
	TRY(add_fields(v, (*t)->object, etag));
	return begin_stream(v, t);
}

static bool is_over(err e)
{
	return e.fate == FATE_NEVER && (e.why == WHY_EXPIRED || e.why == WHY_LOCKED || e.why == WHY_CANCELLED ||
					e.why == WHY_LIMIT || e.why == WHY_NOT_FOUND);
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

err visit_object(struct visit *v, str object)
{
	OWNED(transfer_done) struct transfer *t = NULL;

	TRY(NEW(v->arena, t));
	t->page = v->page;
	err e = look(v, object, t);
	if (e.why == WHY_NOT_FOUND || e.why == WHY_DENIED)
		return answer_see(v);
	TRY(e);
	e = answer_object(v, &t);
	return is_over(e) ? answer_closed(v, 403, false) : e;
}
