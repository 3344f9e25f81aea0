/* Reading templates: the built-in ones and a directory of them. Everything is parsed here, so that a mistake
 * in a template is told before the first recipient. */
#include "compose/compose_inner.h"
#include "sys/sys.h"

struct opening {
	struct arena *arena;
	struct compose *compose;
	struct fault *fault;
};

static err parse_file(struct opening *o, str path, str content, struct variant *v)
{
	if (str_ends(path, STR("subject.txt")))
		return template_parse(o->arena, TEMPLATE_LINE, content, path, &v->subject, o->fault);
	if (str_ends(path, STR("text.txt")))
		return template_parse(o->arena, TEMPLATE_TEXT, content, path, &v->text, o->fault);
	return template_parse(o->arena, TEMPLATE_HTML, content, path, &v->html, o->fault);
}

static struct layout *layout_find(struct layout *list, str name)
{
	while (list && !str_same(list->name, name))
		list = list->next;
	return list;
}

static err layout_add(struct opening *o, str name, struct layout **out)
{
	struct layout *l, **end = &o->compose->layouts;

	TRY(NEW(o->arena, l));
	l->name = name;
	while (*end)
		end = &(*end)->next;
	*end = l;
	*out = l;
	return OK;
}

static err variant_add(struct opening *o, struct layout *l, str language, struct variant **out)
{
	struct variant *v;

	TRY(NEW(o->arena, v));
	TRY(str_lower(o->arena, language, &v->language));
	v->next = l->variants;
	l->variants = v;
	*out = v;
	return OK;
}

/* ── Built in ────────────────────────────────────────────────────────────────────────────────────── */

static struct variant *variant_find(const struct layout *l, str language)
{
	struct variant *v = l->variants;

	while (v && !str_same(v->language, language))
		v = v->next;
	return v;
}

static err open_builtin(struct opening *o, const struct compose_file *file, struct layout *l)
{
	struct variant *v = variant_find(l, file->language);
	str path;

	if (!v)
		TRY(variant_add(o, l, file->language, &v));
	TRY(str_format(o->arena, &path, "built-in %.*s/%.*s/%.*s", STR_ARG(file->template_name),
		       STR_ARG(file->language), STR_ARG(file->file)));
	return parse_file(o, path, file->content, v);
}

/* A directory's template of the same name replaces a built-in one as a whole. */
static err open_builtins(struct opening *o)
{
	struct layout *theirs = o->compose->layouts, *ours = NULL;

	for (size_t i = 0; compose_builtin(i); i++) {
		const struct compose_file *file = compose_builtin(i);
		if (layout_find(theirs, file->template_name) && (!ours || !str_same(ours->name, file->template_name)))
			continue;
		if (!ours || !str_same(ours->name, file->template_name))
			TRY(layout_add(o, file->template_name, &ours));
		TRY(open_builtin(o, file, ours));
	}
	return OK;
}

/* ── A directory ─────────────────────────────────────────────────────────────────────────────────── */

static err read_file(struct opening *o, const char *dir, str name, bool optional, struct variant *v)
{
	const char *path;
	str content;

	TRY(path_join(o->arena, dir, name, &path));
	if (optional && !file_exists(path))
		return OK;
	err e = file_read_all(o->arena, path, TEMPLATE_MAX, &content);
	if (failed(e)) {
		fault_where(o->fault, str_of(path), 0, 0);
		fault_set(o->fault, "a template needs this file, and it cannot be read");
		return e;
	}
	return parse_file(o, str_of(path), content, v);
}

static err read_variant(struct opening *o, struct layout *l, const char *dir, str language)
{
	struct variant *v;

	TRY(variant_add(o, l, language, &v));
	TRY(read_file(o, dir, STR("subject.txt"), false, v));
	TRY(read_file(o, dir, STR("text.txt"), false, v));
	return read_file(o, dir, STR("html.html"), true, v);
}

static bool is_language(str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && c != '-')
			return false;
	}
	return name.len >= 2 && name.len <= 16 && name.at[0] != '-';
}

static err has_file(struct opening *o, const char *dir, str name, bool *out)
{
	const char *path;

	TRY(path_join(o->arena, dir, name, &path));
	*out = file_exists(path);
	return OK;
}

static err read_layout(struct opening *o, const char *dir, str name)
{
	struct layout *l;
	str *names;
	size_t count;
	bool is;

	TRY(layout_add(o, name, &l));
	TRY(has_file(o, dir, STR("text.txt"), &is));
	if (is)
		TRY(read_variant(o, l, dir, STR_NONE));
	TRY(dir_list(o->arena, dir, &names, &count));
	for (size_t i = 0; i < count; i++) {
		const char *inner;
		if (!is_language(names[i]))
			continue;
		TRY(path_join(o->arena, dir, names[i], &inner));
		TRY(has_file(o, inner, STR("text.txt"), &is));
		if (is)
			TRY(read_variant(o, l, inner, names[i]));
	}
	if (l->variants)
		return OK;
	fault_where(o->fault, str_of(dir), 0, 0);
	fault_set(o->fault, "a template has the files subject.txt and text.txt, here or in a directory for a language");
	return NEVER(TEMPLATE, "a template without files");
}

/* Directories alone are templates; a README beside them is not. */
static err read_directory(struct opening *o, const char *dir)
{
	str *names, *inner;
	size_t count, inner_count;

	TRY(dir_list(o->arena, dir, &names, &count));
	for (size_t i = 0; i < count; i++) {
		const char *path;
		TRY(path_join(o->arena, dir, names[i], &path));
		if (names[i].at[0] == '.' || failed(dir_list(o->arena, path, &inner, &inner_count)))
			continue;
		TRY(read_layout(o, path, names[i]));
	}
	return OK;
}

err compose_open(struct arena *a, const struct compose_settings *settings, struct compose **out, struct fault *f)
{
	struct opening o = { .arena = a, .fault = f };

	TRY(NEW(a, o.compose));
	o.compose->language = settings->language.len ? settings->language : STR("en");
	o.compose->utc_offset_minutes = settings->utc_offset_minutes;
	o.compose->show_digests = settings->show_digests;
	o.compose->labels = settings->labels;
	if (settings->dir)
		TRY(read_directory(&o, settings->dir));
	TRY(open_builtins(&o));
	*out = o.compose;
	return OK;
}
