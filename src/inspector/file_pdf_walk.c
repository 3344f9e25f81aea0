#include "inspector/file_inside.h"

#include <stdlib.h>

#include <qpdf/qpdf-c.h>

/* qpdf reads what our own scan could not: compressed objects, and which of the names it came upon are names at all.
 * It does so without mending anything, since other readers mend in other ways. */

enum { OBJECTS_MAX = 8388607, NODES_MAX = 4000000 };

struct walk {
	qpdf_data pdf;
	struct look *look;
	struct pdf_names *names;
	qpdf_oh *stack; /* what is still to be looked at */
	size_t count, room;
	unsigned char *seen; /* a bit for each numbered object */
	uint64_t nodes;
};

static void pdf_done(qpdf_data *pdf)
{
	if (*pdf)
		qpdf_cleanup(pdf);
}

static void walk_done(struct walk *w)
{
	free(w->stack);
	free(w->seen);
}

static err damaged(struct look *l)
{
	return look_refuse(l, "is a damaged PDF: readers would mend it, each in its own way");
}

static err push(struct walk *w, qpdf_oh one)
{
	if (w->count == w->room) {
		size_t room = w->room ? 2 * w->room : 1024;
		qpdf_oh *more = realloc(w->stack, room * sizeof *more);
		if (!more)
			return LATER(MEMORY, "memory ran out over the objects of a PDF");
		w->stack = more;
		w->room = room;
	}
	w->stack[w->count++] = one;
	return OK;
}

/* True the first time. Direct objects have no number, and hang in one place only. */
static bool is_new(struct walk *w, qpdf_oh one)
{
	int number = qpdf_oh_get_object_id(w->pdf, one);
	unsigned char bit = (unsigned char)(1u << (number & 7));

	if (number <= 0 || number > OBJECTS_MAX)
		return number <= 0;
	if (w->seen[number >> 3] & bit)
		return false;
	w->seen[number >> 3] |= bit;
	return true;
}

/* An action that only goes to a place in this document, or turns a page. */
static bool harmless(struct walk *w, qpdf_oh opening)
{
	qpdf_oh kind, next;

	if (qpdf_oh_is_array(w->pdf, opening) || qpdf_oh_is_null(w->pdf, opening))
		return true;
	if (!qpdf_oh_is_dictionary(w->pdf, opening))
		return false;
	kind = qpdf_oh_get_key(w->pdf, opening, "/S");
	next = qpdf_oh_get_key(w->pdf, opening, "/Next");
	return qpdf_oh_is_null(w->pdf, next) && (qpdf_oh_is_name_and_equals(w->pdf, kind, "/GoTo") ||
						 qpdf_oh_is_name_and_equals(w->pdf, kind, "/Named"));
}

static err walk_dictionary(struct walk *w, qpdf_oh dictionary)
{
	size_t first = w->count;

	qpdf_oh_begin_dict_key_iter(w->pdf, dictionary);
	while (qpdf_oh_dict_more_keys(w->pdf)) {
		str key = str_of(qpdf_oh_dict_next_key(w->pdf));
		qpdf_oh value = qpdf_oh_get_key(w->pdf, dictionary, key.at);
		pdf_name_meaning(str_from(key, 1), w->names);
		if (str_same(key, STR("/OpenAction")) && !harmless(w, value))
			w->names->unclear_opening = true;
		TRY(push(w, value));
	}
	w->nodes += w->count - first;
	return OK;
}

static err walk_array(struct walk *w, qpdf_oh array)
{
	int count = qpdf_oh_get_array_n_items(w->pdf, array);

	if (count < 0 || count > NODES_MAX)
		return look_refuse(w->look, "is a PDF of more objects than anyone needs");
	for (int i = 0; i < count; i++)
		TRY(push(w, qpdf_oh_get_array_item(w->pdf, array, i)));
	w->nodes += (uint64_t)count;
	return OK;
}

static err walk_one(struct walk *w, qpdf_oh one)
{
	if (!is_new(w, one))
		return OK;
	switch (qpdf_oh_get_type_code(w->pdf, one)) {
	case ot_name:
		pdf_name_meaning(str_from(str_of(qpdf_oh_get_name(w->pdf, one)), 1), w->names);
		return OK;
	case ot_array:
		return walk_array(w, one);
	case ot_dictionary:
		return walk_dictionary(w, one);
	case ot_stream:
		return push(w, qpdf_oh_get_dict(w->pdf, one));
	default:
		return OK;
	}
}

static err walk_all(struct walk *w)
{
	TRY(push(w, qpdf_get_trailer(w->pdf)));
	while (w->count) {
		qpdf_oh one = w->stack[--w->count];
		TRY(walk_one(w, one));
		qpdf_oh_release(w->pdf, one);
		if (w->nodes > NODES_MAX)
			return look_refuse(w->look, "is a PDF of more objects than anyone needs");
		if (w->nodes % 256 == 0)
			TRY(look_time(w->look));
	}
	return OK;
}

static err walk_begin(struct walk *w)
{
	w->seen = calloc(1, OBJECTS_MAX / 8 + 1);
	return w->seen ? OK : LATER(MEMORY, "memory ran out over the objects of a PDF");
}

/* QPDF_WARNINGS alone is a file that qpdf read by guessing. */
static err pdf_read(struct look *l, qpdf_data pdf, str bytes, struct pdf_names *out)
{
	qpdf_set_suppress_warnings(pdf, QPDF_TRUE);
	qpdf_silence_errors(pdf);
	qpdf_set_attempt_recovery(pdf, QPDF_FALSE);
	QPDF_ERROR_CODE code = qpdf_read_memory(pdf, "document", bytes.at, bytes.len, NULL);
	if ((code & QPDF_ERRORS) && qpdf_has_error(pdf) &&
	    qpdf_get_error_code(pdf, qpdf_get_error(pdf)) == qpdf_e_password) {
		out->active |= ACTIVE_BIT(ACTIVE_ENCRYPTED);
		return OK;
	}
	return code == QPDF_SUCCESS ? OK : damaged(l);
}

err pdf_walk(struct look *l, str bytes, struct pdf_names *out)
{
	OWNED(pdf_done) qpdf_data pdf = qpdf_init();
	OWNED(walk_done) struct walk w = { .pdf = pdf, .look = l, .names = out };

	TRY(look_time(l));
	TRY(walk_begin(&w));
	TRY(pdf_read(l, pdf, bytes, out));
	if (out->active & ACTIVE_BIT(ACTIVE_ENCRYPTED))
		return OK;
	TRY(walk_all(&w));
	return qpdf_has_error(pdf) || qpdf_more_warnings(pdf) ? damaged(l) : OK;
}
