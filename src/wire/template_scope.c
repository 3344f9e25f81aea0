/* Looking names up: innermost scope first. A name is tried whole and then at each of its dots, so columns
 * whose names hold dots are found too. */
#include "wire/template_inner.h"

static const struct template_value *find_in(const struct template_value *fields, str name)
{
	for (const struct template_value *v = fields; v; v = v->next) {
		if (str_same(v->name, name))
			return v;
		if (!v->fields || !str_starts(name, v->name) || name.len <= v->name.len || name.at[v->name.len] != '.')
			continue;
		const struct template_value *inner = find_in(v->fields, str_from(name, v->name.len + 1));
		if (inner)
			return inner;
	}
	return NULL;
}

const struct template_value *scope_find(const struct scope *s, str name)
{
	/* {{.}} is the item itself. */
	if (str_same(name, STR(".")))
		return s->self;
	for (; s; s = s->outer) {
		const struct template_value *found = find_in(s->fields, name);
		if (found)
			return found;
	}
	return NULL;
}

bool value_is_true(const struct template_value *v)
{
	if (v->kind == VALUE_LIST)
		return v->items != NULL;
	return v->kind == VALUE_OBJECT || v->text.len > 0;
}

/* ── The nearest name, for errors ────────────────────────────────────────────────────────────────── */

enum { NEAR_MAX = 64 };

/* Levenshtein's distance, case aside; NEAR_MAX or more for long names. */
static size_t distance(str a, str b)
{
	size_t row[NEAR_MAX + 1];

	if (a.len > NEAR_MAX || b.len > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = str_same_nocase((str){ a.at + i - 1, 1 }, (str){ b.at + j - 1, 1 });
			size_t best = corner + !same;
			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.len];
}

struct search {
	struct arena *arena;
	str wanted, best;
	size_t best_distance;
};

/* A refused name is no help. */
static err look_at(struct search *s, const struct template_value *v, str path)
{
	size_t d = distance(s->wanted, path);

	if (v->kind == VALUE_REFUSED || d >= s->best_distance)
		return OK;
	s->best_distance = d;
	s->best = path;
	return OK;
}

static err look_in(struct search *s, const struct template_value *fields, str prefix, int depth)
{
	for (const struct template_value *v = fields; v && depth < 4; v = v->next) {
		str path = v->name;
		if (prefix.len)
			TRY(str_format(s->arena, &path, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(v->name)));
		TRY(look_at(s, v, path));
		TRY(look_in(s, v->fields, path, depth + 1));
	}
	return OK;
}

str scope_nearest(struct arena *a, const struct scope *scope, str name)
{
	struct search s = { .arena = a, .wanted = name, .best_distance = name.len / 2 < 3 ? name.len / 2 + 1 : 4 };

	for (; scope; scope = scope->outer)
		if (failed(look_in(&s, scope->fields, STR_NONE, 0)))
			break;
	return s.best;
}
