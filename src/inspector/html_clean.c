/* The steps of cleaning, and the list of what went. */
#include "inspector/html_inside.h"

#include <string.h>

enum { ROUNDS_MAX = 3, NAME_MAX_LEN = 32 };

/* ── What went ───────────────────────────────────────────────────────────────────────────────────── */

/* Names come from the input: what is shown of them can do nothing on a terminal, in a log or in a page. */
static size_t tame(str name, char out[NAME_MAX_LEN])
{
	size_t len = 0;

	for (; len < name.len && len < NAME_MAX_LEN; len++) {
		char c = name.at[len];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '_' ||
			      c == '.';
		out[len] = letter ? c : c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : '?';
	}
	return len;
}

static struct html_removed *find(struct html_report *r, const char *what, str name)
{
	for (struct html_removed *one = r->first; one; one = one->next)
		if (strcmp(one->what, what) == 0 && str_same(one->name, name))
			return one;
	return NULL;
}

/* A report is for people: if there is no memory for a line of it, the cleaning goes on. */
static struct html_removed *append(struct html_report *r, const char *what, str name)
{
	struct html_removed *one;

	if (failed(NEW(r->arena, one)) || failed(str_copy(r->arena, name, &one->name)))
		return NULL;
	one->what = what;
	*r->last = one;
	r->last = &one->next;
	r->count++;
	return one;
}

void html_report(struct html_report *r, const char *what, str name)
{
	char room[NAME_MAX_LEN];

	if (!r)
		return;
	str tamed = { room, tame(name, room) };
	struct html_removed *one = find(r, what, tamed);
	if (!one && r->count >= HTML_REMOVED_MAX) {
		what = "other";
		tamed = STR_NONE;
		one = find(r, what, tamed);
	}
	if (!one)
		one = append(r, what, tamed);
	if (one)
		one->count++;
}

/* ── Steps ───────────────────────────────────────────────────────────────────────────────────────── */

static err once(struct html_writer *w, str html, str *out)
{
	OWNED(html_tree_done) struct html_tree *t = NULL;
	size_t before = w->out->len;

	TRY(html_tree_make(html, &t, w->fault));
	err e = html_write(w, t);
	if (w->out->overflow)
		fault_set(w->fault, "the HTML becomes larger than %d bytes when it is cleaned", HTML_OUT_MAX);
	*out = str_from(buf_str(w->out), before);
	return e;
}

/* Each byte may become an entity. */
static size_t room_for(str html)
{
	size_t room = 8 * html.len + 65536;
	return room < HTML_OUT_MAX ? room : HTML_OUT_MAX;
}

/* Misnested markup may need to be read twice until it says the same each time: a link in a link, a paragraph that a
 * table left. What does not settle is nothing that was written by hand. */
static err settle(struct arena *a, const struct html_writer *with, str html, str *out)
{
	struct html_writer w = *with;
	struct buf rooms[2];
	str last, now;

	TRY(buf_open(a, room_for(html), &rooms[0]));
	TRY(buf_open(a, room_for(html), &rooms[1]));
	w.out = &rooms[0];
	TRY(once(&w, html, &last));
	w.report = NULL;
	for (int round = 1; round <= ROUNDS_MAX; round++) {
		w.out = &rooms[round % 2];
		w.out->len = 0;
		TRY(once(&w, last, &now));
		if (str_same(last, now)) {
			*out = now;
			return OK;
		}
		last = now;
	}
	fault_set(w.fault, "the HTML becomes something else each time it is read; it may be meant to deceive");
	return NEVER(SYNTAX, "the HTML does not come out the same twice");
}

err html_clean(struct arena *a, str html, const struct html_rules *rules, struct html_result *out, struct fault *f)
{
	struct html_report report = { .arena = a, .last = &report.first };
	const struct html_writer w = { .rules = rules, .report = &report, .fault = f };
	struct buf filtered;
	str clean;

	if (html.len > HTML_MAX) {
		fault_set(f, "the HTML is larger than %d bytes", HTML_MAX);
		return NEVER(LIMIT, "the HTML is too large");
	}
	TRY(buf_open(a, room_for(html), &filtered));
	TRY(html_filter(html, &report, &filtered, f));
	TRY(settle(a, &w, buf_str(&filtered), &clean));
	/* A byte order mark is no text at the beginning, wherever it came from. */
	while (str_starts(clean, STR("\xEF\xBB\xBF")))
		clean = str_from(clean, 3);
	if (!str_utf8(clean)) {
		fault_set(f, "the HTML is not well-formed UTF-8");
		return NEVER(SYNTAX, "the HTML is not UTF-8");
	}
	*out = (struct html_result){ .html = clean, .removed = report.first };
	return OK;
}
