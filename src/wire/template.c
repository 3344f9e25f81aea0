/* Rendering and checking: two walks over the same nodes with the same scopes. */
#include "wire/template_inner.h"

/* ── Rendering ───────────────────────────────────────────────────────────────────────────────────── */

struct render {
	const struct template *template;
	struct buf *out;
	struct fault *fault;
	unsigned steps;
};

static err complain_at(const struct template *t, const struct node *n, err e, struct fault *f)
{
	fault_where(f, t->file, n->line, n->column);
	fault_set(f, "{{%.*s}}: %s", STR_ARG(n->text), e.note);
	return e;
}

static err find(struct render *r, const struct node *n, const struct scope *s, const struct template_value **out)
{
	const struct template_value *v = scope_find(s, n->text);

	if (!v)
		return complain_at(r->template, n, NEVER(TEMPLATE, "there is no value of this name"), r->fault);
	if (v->kind == VALUE_REFUSED) {
		fault_where(r->fault, r->template->file, n->line, n->column);
		fault_set(r->fault, "{{%.*s}} cannot be used: %.*s", STR_ARG(n->text), STR_ARG(v->text));
		return NEVER(TEMPLATE, "a value that may not be used");
	}
	*out = v;
	return OK;
}

static err render_nodes(struct render *r, const struct node *n, const struct scope *s);

static err render_item(struct render *r, const struct node *n, const struct scope *s, const struct template_value *item)
{
	struct scope inner = { .outer = s, .fields = item->fields, .self = item };

	return render_nodes(r, n->children, &inner);
}

static err render_section(struct render *r, const struct node *n, const struct scope *s)
{
	const struct template_value *v = NULL;

	TRY(find(r, n, s, &v));
	must(v != NULL);
	if (n->kind == NODE_INVERTED)
		return value_is_true(v) ? OK : render_nodes(r, n->children, s);
	if (v->kind != VALUE_LIST)
		return value_is_true(v) ? render_item(r, n, s, v) : OK;
	for (const struct template_value *item = v->items; item; item = item->next)
		TRY(render_item(r, n, s, item));
	return OK;
}

static err render_variable(struct render *r, const struct node *n, const struct scope *s)
{
	const struct template_value *v = NULL;

	TRY(find(r, n, s, &v));
	must(v != NULL);
	if (v->kind != VALUE_TEXT)
		return complain_at(r->template, n, NEVER(TEMPLATE, "this is a group of values, not a text"), r->fault);
	err e = template_escape(r->out, n->place, n->in_html, v->text);
	return failed(e) ? complain_at(r->template, n, e, r->fault) : OK;
}

static err render_node(struct render *r, const struct node *n, const struct scope *s)
{
	switch (n->kind) {
	case NODE_LITERAL:
		buf_add(r->out, n->text);
		return OK;
	case NODE_VARIABLE:
		return render_variable(r, n, s);
	case NODE_SECTION:
	case NODE_INVERTED:
		return render_section(r, n, s);
	}
	return BROKEN(STATE, "a node of no kind");
}

static err render_nodes(struct render *r, const struct node *n, const struct scope *s)
{
	for (; n; n = n->next) {
		if (++r->steps > TEMPLATE_STEPS_MAX || r->out->overflow)
			return complain_at(r->template, n, NEVER(LIMIT, "the text grows too long"), r->fault);
		TRY(render_node(r, n, s));
	}
	return OK;
}

err template_render(const struct template *t, const struct template_value *values, struct buf *out, struct fault *f)
{
	struct render r = { .template = t, .out = out, .fault = f };
	struct scope s = { .fields = values };

	TRY(render_nodes(&r, t->nodes, &s));
	err e = buf_check(out);
	if (failed(e)) {
		fault_where(f, t->file, 0, 0);
		fault_set(f, "the text grows beyond %zu bytes", out->max);
	}
	return e;
}

/* ── Checking ────────────────────────────────────────────────────────────────────────────────────── */

struct check {
	struct arena *arena;
	struct template_problem **end;
};

static err problem(struct check *c, const struct node *n, const struct scope *s, const struct template_value *v)
{
	struct template_problem *p;

	TRY(NEW(c->arena, p));
	p->name = n->text;
	p->line = n->line;
	p->column = n->column;
	p->refused = v ? v->text : STR_NONE;
	p->nearest = v ? STR_NONE : scope_nearest(c->arena, s, n->text);
	*c->end = p;
	c->end = &p->next;
	return OK;
}

static err check_nodes(struct check *c, const struct node *n, const struct scope *s);

static err check_section(struct check *c, const struct node *n, const struct scope *s, const struct template_value *v)
{
	const struct template_value *self = v->kind == VALUE_LIST ? v->items : v;

	if (n->kind == NODE_INVERTED)
		return check_nodes(c, n->children, s);
	if (!self)
		return OK;
	struct scope inner = { .outer = s, .fields = self->fields, .self = self };
	return check_nodes(c, n->children, &inner);
}

static err check_nodes(struct check *c, const struct node *n, const struct scope *s)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_LITERAL)
			continue;
		const struct template_value *v = scope_find(s, n->text);
		if (!v || v->kind == VALUE_REFUSED)
			TRY(problem(c, n, s, v));
		else if (n->kind != NODE_VARIABLE)
			TRY(check_section(c, n, s, v));
	}
	return OK;
}

err template_check(struct arena *a, const struct template *t, const struct template_value *values,
		   struct template_problem **out)
{
	struct template_problem *first = NULL;
	struct check c = { .arena = a, .end = &first };
	struct scope s = { .fields = values };

	TRY(check_nodes(&c, t->nodes, &s));
	*out = first;
	return OK;
}

err template_complain(const struct template *t, const struct template_problem *p, struct fault *f)
{
	if (!p)
		return OK;
	fault_where(f, t->file, p->line, p->column);
	if (p->refused.len)
		fault_set(f, "{{%.*s}} cannot be used: %.*s", STR_ARG(p->name), STR_ARG(p->refused));
	else if (p->nearest.len)
		fault_set(f, "there is no value {{%.*s}}; did you mean {{%.*s}}?", STR_ARG(p->name),
			  STR_ARG(p->nearest));
	else
		fault_set(f, "there is no value {{%.*s}}", STR_ARG(p->name));
	return NEVER(TEMPLATE, "a variable that no value answers");
}
