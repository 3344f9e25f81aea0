#include "compose/lint_inner.h"

#include <stdarg.h>
#include <stdio.h>

enum { RENDERED_MAX = 1024 * 1024, WORDS_MAX = 400 };

static err add_finding(struct linting *l, const struct lint_finding *like)
{
	struct lint_finding *f;

	TRY(NEW(l->arena, f));
	*f = *like;
	TRY(str_copy(l->arena, like->words, &f->words));
	*l->end = f;
	l->end = &f->next;
	l->last = f;
	l->count++;
	return OK;
}

/* The same is told once; that not all are told is an error, so that none is lost behind many warnings. */
err lint_say(struct linting *l, bool error, uint64_t line, const char *rule, const char *format, ...)
{
	struct lint_finding f = { .file = l->file, .line = line, .error = error, .rule = rule };
	char words[WORDS_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	f.words = str_of(words);
	if (l->count > LINT_FINDINGS_MAX)
		return OK;
	if (l->last && l->last->line == line && str_same(l->last->file, l->file) && str_same(l->last->words, f.words))
		return OK;
	if (l->count == LINT_FINDINGS_MAX) {
		f.error = true;
		f.words = STR("there are more findings than are told: correct these first");
	}
	return add_finding(l, &f);
}

static bool separates(char c)
{
	return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The next word of a list, or an empty one at its end. */
static str next_word(str *list)
{
	size_t skip = 0, len = 0;

	while (skip < list->len && separates(list->at[skip]))
		skip++;
	*list = str_from(*list, skip);
	while (len < list->len && !separates(list->at[len]))
		len++;
	str word = str_upto(*list, len);
	*list = str_from(*list, len);
	return word;
}

bool lint_listed(str list, str word)
{
	for (str one = next_word(&list); one.len; one = next_word(&list))
		if (str_same_nocase(one, word))
			return true;
	return false;
}

/* ── One file ────────────────────────────────────────────────────────────────────────────────────── */

/* What the files of one language have in common. */
struct together {
	struct lint_used *used;
	str language;
	bool bulk;
};

static bool says(str source, str what)
{
	return str_find(source, what) >= 0;
}

static err lint_subject(struct linting *l, str rendered)
{
	size_t characters = 0;

	for (size_t i = 0; i < rendered.len; i++)
		characters += (rendered.at[i] & 0xC0) != 0x80;
	if (!str_trim(rendered).len)
		return lint_say(l, true, 1, "subject", "the subject is empty: say what the mail is about");
	if (characters <= LINT_SUBJECT_LONG)
		return OK;
	return lint_say(l, characters > LINT_SUBJECT_MAX, 1, "subject",
			"the subject becomes %zu characters long, and readers show %d at most: shorten it", characters,
			LINT_SUBJECT_LONG);
}

static err lint_text(struct linting *l, str source, str rendered)
{
	if (!str_trim(rendered).len)
		return lint_say(l, true, 0, "text", "the text is empty: readers without HTML show nothing else");
	if (l->kind == LINT_DOCUMENTS && !says(source, STR("{{link.url}}")))
		TRY(lint_say(l, true, 0, "text", "the text lacks {{link.url}}: without it nothing can be opened"));
	return lint_links_in_text(l, source);
}

static err lint_html(struct linting *l, str source, str rendered)
{
	if (rendered.len > LINT_HTML_MAX)
		TRY(lint_say(l, true, 0, "size",
			     "filled in it is %zu kB, and Gmail cuts off what is beyond 102 kB: shorten it",
			     rendered.len / 1024));
	if (l->kind == LINT_DOCUMENTS && !says(source, STR("{{link.url}}")))
		TRY(lint_say(l, true, 0, "text", "the HTML lacks {{link.url}}: without it nothing can be opened"));
	return lint_markup(l, source);
}

static err lint_unsubscribe(struct linting *l, str source, bool bulk)
{
	if (!bulk || says(source, STR("unsubscribe")))
		return OK;
	return lint_say(
		l, true, 0, "unsubscribe",
		"this template is for many people at once and offers no way out: add a link to {{unsubscribe_url}} or "
		"mailto:…?subject=unsubscribe");
}

static err render(struct linting *l, const struct template *t, struct together *all, str *out)
{
	struct template_value *values = NULL;
	struct fault f = { 0 };
	struct buf b;

	TRY(lint_values(l, t, all->language, &all->used, &values));
	TRY(buf_open(l->arena, RENDERED_MAX, &b));
	err e = template_render(t, values, &b, &f);
	*out = buf_str(&b);
	if (failed(e) && e.fate != FATE_NEVER)
		return e;
	/* A name that is refused was told already, and a text where a URL should be is the list's business. */
	return e.why == WHY_LIMIT
		       ? lint_say(l, true, f.line, "size", "filled in it passes %d kB: shorten it", RENDERED_MAX / 1024)
		       : OK;
}

static err lint_file(struct linting *l, const struct template *t, struct together *all)
{
	str rendered = STR_NONE, source = template_source(t);
	enum template_form form = template_form_of(t);

	l->file = template_file(t);
	TRY(render(l, t, all, &rendered));
	if (form == TEMPLATE_LINE)
		return lint_subject(l, rendered);
	TRY(lint_unsubscribe(l, source, all->bulk));
	return form == TEMPLATE_HTML ? lint_html(l, source, rendered) : lint_text(l, source, rendered);
}

err compose_lint_file(struct arena *a, enum template_form form, str path, str source, const struct lint_rules *rules,
		      struct lint_finding **out)
{
	struct lint_finding *first = NULL;
	struct linting l = { .arena = a, .rules = rules, .file = path, .end = &first };
	struct together all = { .bulk = rules->bulk || says(source, STR("{{! stream: bulk }}")) };
	struct fault f = { 0 };
	struct template *t;

	err e = template_parse(a, form, source, path, &t, &f);
	if (!failed(e))
		TRY(lint_file(&l, t, &all));
	else if (e.fate == FATE_NEVER)
		TRY(lint_say(&l, true, f.line, "syntax", "%s", f.what[0] ? f.what : e.note));
	else
		return e;
	*out = first;
	return OK;
}

/* ── A template, in all its languages ────────────────────────────────────────────────────────────── */

static err lint_columns(struct linting *l, const struct together *all)
{
	str list = l->rules->columns;

	for (str column = next_word(&list); column.len; column = next_word(&list)) {
		bool found = lint_listed(STR("email name language document"), column);
		for (const struct lint_used *u = all->used; u && !found; u = u->next)
			found = str_same(u->name, column);
		if (!found)
			TRY(lint_say(l, false, 0, "variable",
				     "no file uses the column %.*s; leave it out of the list if no proof asks for it",
				     STR_ARG(column)));
	}
	return OK;
}

static err lint_variant(struct linting *l, const struct variant *v)
{
	const struct template *files[] = { v->subject, v->text, v->html };
	struct together all = { .language = v->language, .bulk = l->rules->bulk };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		all.bulk = all.bulk || (files[i] && says(template_source(files[i]), STR("{{! stream: bulk }}")));
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i])
			TRY(lint_file(l, files[i], &all));
	return lint_columns(l, &all);
}

static enum lint_kind kind_of(str name)
{
	static const str names[] = {
		[LINT_NOTICE] = STR("notice"), [LINT_REMINDER] = STR("reminder"), [LINT_CODE] = STR("code")
	};

	for (size_t i = LINT_NOTICE; i < sizeof names / sizeof *names; i++)
		if (str_same(name, names[i]))
			return (enum lint_kind)i;
	return LINT_DOCUMENTS;
}

err compose_lint(struct arena *a, const struct compose *c, str name, const struct lint_rules *rules,
		 struct lint_finding **out, struct fault *f)
{
	struct lint_finding *first = NULL;
	struct linting l = { .arena = a, .rules = rules, .kind = kind_of(name), .end = &first };
	const struct layout *layout = c->layouts;

	while (layout && !str_same(layout->name, name))
		layout = layout->next;
	if (!layout) {
		fault_set(f, "there is no template '%.*s'", STR_ARG(name));
		return NEVER(TEMPLATE, "no such template");
	}
	for (const struct variant *v = layout->variants; v; v = v->next)
		TRY(lint_variant(&l, v));
	*out = first;
	return OK;
}

str compose_template_name(const struct compose *c, size_t index)
{
	const struct layout *l = c->layouts;

	while (l && index--)
		l = l->next;
	return l ? l->name : STR_NONE;
}
