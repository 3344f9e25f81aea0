#include "inspector/file_inside.h"

#include <stdarg.h>
#include <stdlib.h>

/* ── Verdicts ────────────────────────────────────────────────────────────────────────────────────── */

err look_refuse(struct look *l, const char *format, ...)
{
	char sentence[sizeof l->reason], text[sizeof sentence + sizeof l->inside + 16];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	snprintf(text, sizeof text, "%s%s%s%s", l->inside, l->inside[0] ? " in it: " : "",
		 str_starts(str_of(sentence), STR("its ")) ? "" : "it ", sentence);
	escaped_copy(l->reason, sizeof l->reason, str_of(text));
	return NEVER(DOCUMENT, "the document is not let in");
}

err look_active(struct look *l, enum file_active what)
{
	bool tolerated = l->rules->tolerated & ACTIVE_BIT(what);

	l->active |= ACTIVE_BIT(what);
	if (tolerated || (what != ACTIVE_ENCRYPTED && l->rules->active != POLICY_REFUSE))
		return OK;
	l->held = what == ACTIVE_ENCRYPTED;
	return look_refuse(l, "%s (\"%.*s\" in check.tolerate would let it in)", file_active_sentence(what),
			   STR_ARG(file_active_word(what)));
}

err look_time(struct look *l)
{
	if (clock_ticks(l->clock) < l->ends_at)
		return OK;
	return look_refuse(l, "takes longer to look into than it may");
}

/* ── Name and type ───────────────────────────────────────────────────────────────────────────────── */

static err look_name(struct look *l, str name, str declared, enum file_type *type)
{
	err judged = file_name_judge(name);
	enum file_type named = file_type_of_name(name);

	if (failed(judged))
		return look_refuse(l, "%s", judged.note);
	if (named == FILE_TYPES)
		return look_refuse(l, "has an extension that is not among the types let in");
	if (!(l->rules->types & FILE_BIT(named)))
		return look_refuse(l, "is named as %s, which is not among the types let in", file_type_called(named));
	if (!file_type_agrees(named, declared))
		return look_refuse(l, "is named as %s but declared as %.*s", file_type_called(named),
				   STR_ARG(str_upto(declared, 100)));
	*type = named;
	return OK;
}

static bool is_text(enum file_type t)
{
	return t == FILE_TXT || t == FILE_CSV;
}

/* What the first bytes must look like for this type. */
static enum file_type begins_as(enum file_type t)
{
	return t == FILE_DOCX || t == FILE_XLSX || t == FILE_PPTX || t == FILE_ODT || t == FILE_ODS ? FILE_ZIP : t;
}

static err mismatch(struct look *l, enum file_type named, str head)
{
	enum file_type seen = sniff_type(head);
	const char *foreign = sniff_foreign(head);
	str opinion;

	if (seen != FILE_TYPES)
		return look_refuse(l, "is named as %s but is %s", file_type_called(named), file_type_called(seen));
	if (foreign)
		return look_refuse(l, "is named as %s but is %s", file_type_called(named), foreign);
	opinion = magic_opinion(head);
	return look_refuse(l, "is named as %s but is none%s%.*s", file_type_called(named),
			   opinion.len ? ": it reads as " : "", STR_ARG(opinion));
}

static err look_head(struct look *l, enum file_type named, str head)
{
	enum file_type seen = sniff_type(head);

	if (is_text(named) ? seen != FILE_TYPES : seen != begins_as(named))
		return mismatch(l, named, head);
	return OK;
}

static err look_content(struct look *l, enum file_type type, str bytes)
{
	struct text_look text = { 0 };
	struct csv_look table = { 0 };

	TRY(look_time(l));
	TRY(sniff_second_face(l, begins_as(type), bytes));
	switch (type) {
	case FILE_PDF:
		return look_pdf(l, bytes);
	case FILE_PNG:
		return look_png(l, bytes);
	case FILE_JPEG:
		return look_jpeg(l, bytes);
	case FILE_GIF:
		return look_gif(l, bytes);
	case FILE_TXT:
	case FILE_CSV:
		TRY(look_text(l, &text, bytes));
		if (type == FILE_CSV)
			TRY(look_csv(l, &table, bytes));
		return look_text_end(l, &text);
	default:
		return look_archive(l, type, bytes);
	}
}

err look_file(struct look *l, str name, str declared, str bytes, enum file_type *type)
{
	l->name = name;
	TRY(look_name(l, name, declared, type));
	TRY(look_head(l, *type, str_upto(bytes, STREAM_WINDOW)));
	return look_content(l, *type, bytes);
}

/* ── The document ────────────────────────────────────────────────────────────────────────────────── */

void held_done(struct held *h)
{
	free(h->at);
}

static err held_room(struct held *h, size_t room)
{
	char *more = realloc(h->at, room);

	if (!more)
		return LATER(MEMORY, "memory ran out over a document");
	h->at = more;
	h->room = room;
	return OK;
}

err look_hold(struct look *l, struct source *from, struct held *h)
{
	for (size_t got = 1; got;) {
		if (h->len == h->room)
			TRY(held_room(h, h->room ? 2 * h->room : 4 * STREAM_WINDOW));
		TRY(source_read(from, h->at + h->len, h->room - h->len, &got));
		h->len += got;
		if (h->len > l->rules->look_bytes)
			return look_refuse(l, "is larger than the %llu MiB that can be looked into",
					   (unsigned long long)(l->rules->look_bytes >> 20));
	}
	return OK;
}

static err stream_text(struct look *l, enum file_type type, struct source *from)
{
	char window[STREAM_WINDOW];
	struct text_look text = { 0 };
	struct csv_look table = { 0 };
	size_t got;

	for (bool first = true;; first = false) {
		TRY(source_read_full(from, window, sizeof window, &got));
		if (first)
			TRY(look_head(l, type, str_bytes(window, got)));
		if (got == 0)
			return look_text_end(l, &text);
		TRY(look_text(l, &text, str_bytes(window, got)));
		if (type == FILE_CSV)
			TRY(look_csv(l, &table, str_bytes(window, got)));
		TRY(look_time(l));
	}
}

static err look_document(struct look *l, const struct file_question *q, struct source *from, enum file_type *type)
{
	OWNED(held_done) struct held h = { 0 };

	TRY(look_name(l, q->name, q->declared, type));
	if (is_text(*type))
		return stream_text(l, *type, from);
	TRY(look_hold(l, from, &h));
	l->packed = h.len;
	return look_file(l, q->name, q->declared, str_bytes(h.at, h.len), type);
}

err file_look(struct arena *a, const struct clock *clock, const struct file_question *q, struct source *document,
	      struct file_verdict *out)
{
	struct look l = { .arena = a, .clock = clock, .rules = &q->rules };
	struct file_verdict v = { .type = FILE_TYPES };

	TRY(file_ready());
	l.ends_at = clock_ticks(clock) + q->rules.time_max;
	err e = look_document(&l, q, document, &v.type);
	if (failed(e) && (e.fate != FATE_NEVER || e.why != WHY_DOCUMENT))
		return e;
	v.outcome = !failed(e) ? FILE_ALLOWED : l.held ? FILE_HELD : FILE_REFUSED;
	v.active = q->rules.active == POLICY_ALLOW ? 0 : l.active;
	if (failed(e))
		TRY(str_copy(a, str_of(l.reason), &v.reason));
	*out = v;
	return OK;
}
