/* Bytes of documents on their way out, and what is said when they are not what was put in. */
#include "door/page/inside.h"

enum { FIRST_BYTES = 64 * 1024 };

void transfer_done(struct transfer **t)
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

static err read_first(struct visit *v, uint64_t len, struct source *stream, str *out)
{
	void *room;
	size_t got = 0, want = len < FIRST_BYTES ? (size_t)len : FIRST_BYTES;

	TRY(arena_room(v->arena, want + 1, &room));
	if (want)
		TRY(source_read_full(stream, room, want, &got));
	*out = str_bytes(room, got);
	return OK;
}

err transfer_begin(struct visit *v, struct transfer **t, struct source *stream)
{
	struct http_answer *a = v->answer;

	TRY(read_first(v, (*t)->len, stream, &a->first));
	a->stream = *stream;
	*stream = (struct source){ 0 };
	a->stream_len = (*t)->len;
	a->sent = note_sent;
	a->sent_state = *t;
	*t = NULL; /* note_sent() releases it */
	return OK;
}

/* ── What could not begin ────────────────────────────────────────────────────────────────────────── */

static bool is_over(err e)
{
	return e.why == WHY_EXPIRED || e.why == WHY_LOCKED || e.why == WHY_CANCELLED || e.why == WHY_LIMIT;
}

static bool is_damage(err e)
{
	return e.why == WHY_TAMPERED || e.why == WHY_KEY || e.why == WHY_NOT_FOUND;
}

/* Said to who has proven it is theirs, so it may be said plainly: neither the answer nor the connection was at fault.
 */
static err answer_damaged(struct visit *v, struct transfer *t)
{
	struct page_values values = visit_values(v, language_for(t->view.to->language, v->request->head));
	err e = flow_fetch_damaged(v->page->options.fetch, &t->view, t->object);

	if (failed(e) && v->page->options.failed)
		v->page->options.failed(v->page->options.state, e);
	v->answer->status = 500;
	return answer_page(v, PAGE_DAMAGED, &values);
}

err transfer_refused(struct visit *v, struct transfer *t, err why)
{
	/* What was said of the document is not true of a page. */
	v->answer->fields = (struct buf){ 0 };
	v->answer->policy = STR_NONE;
	if (why.fate == FATE_NEVER && is_over(why))
		return answer_closed(v, 403, false);
	if (why.fate == FATE_NEVER && is_damage(why))
		return answer_damaged(v, t);
	return why;
}
