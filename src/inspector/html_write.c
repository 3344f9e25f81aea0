/* A tree, written through the allow-list. This is what safety rests on: whatever the tree holds, only names of our
 * tables, values that fit their grammar and escaped text are written. */
#include "inspector/html_tree.h"

enum { VALUE_MAX = 8192, LEVELS_MAX = 4 * HTML_DEPTH_MAX };

/* ── Text ────────────────────────────────────────────────────────────────────────────────────────── */

static const char *escape_of(const char *at, size_t len, size_t *taken)
{
	*taken = 1;
	switch (at[0]) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '`':
		return "&#96;";
	case '\t':
	case '\n':
		return NULL;
	default:
		break;
	}
	if (len > 1 && at[0] == '\xC2' && (unsigned char)at[1] <= 0xA0) { /* C1 controls; no-break space */
		*taken = 2;
		return at[1] == '\xA0' ? "&nbsp;" : "";
	}
	return (unsigned char)at[0] < 0x20 || at[0] == 0x7F ? "" : NULL;
}

static const bool
	plain[256] = {
		['\t'] = true,          ['\n'] = true,          [' ' ... '!'] = true, ['#' ... '%'] = true,
		['(' ... ';'] = true,   ['='] = true,           ['?' ... '_'] = true, ['a' ... '~'] = true,
		[0x80 ... 0xC1] = true, [0xC3 ... 0xFF] = true,
	};

void html_write_text(struct buf *out, str text)
{
	struct reader r = READER(text);

	while (r.rest.len) {
		size_t taken;
		buf_add(out, reader_while(&r, plain));
		if (r.rest.len == 0)
			return;
		const char *escape = escape_of(r.rest.at, r.rest.len, &taken);
		buf_add(out, escape ? str_of(escape) : str_upto(r.rest, taken));
		reader_take(&r, taken);
	}
}

/* ── Elements ────────────────────────────────────────────────────────────────────────────────────── */

/* gumbo has a number for each name, and one for all that it does not know; none of ours is among those. */
static const struct html_element *element_of(const GumboElement *e)
{
	if (e->tag >= GUMBO_TAG_UNKNOWN)
		return &html_elements[ELEMENT_NONE];
	return &html_elements[html_element_find(str_of(gumbo_normalized_tagname(e->tag)))];
}

static void write_attribute(struct html_writer *w, enum html_attribute_id which, str value)
{
	char room[VALUE_MAX];
	struct buf made = BUF_ON(room);

	if (!html_value(w, which, value, &made) || made.overflow) {
		enum html_value kind = html_attributes[which].kind;
		if (made.overflow || (kind != VALUE_LINK && kind != VALUE_IMAGE && kind != VALUE_STYLE))
			html_report(w->report, "attribute", str_of(html_attributes[which].name));
		return;
	}
	buf_add_char(w->out, ' ');
	buf_add(w->out, str_of(html_attributes[which].name));
	buf_add(w->out, STR("=\""));
	html_write_text(w->out, buf_str(&made));
	buf_add_char(w->out, '"');
	/* A page that was opened from the mail learns nothing of where from, and cannot steer it. */
	if (which == ATTRIBUTE_HREF && str_starts(buf_str(&made), STR("https:")))
		buf_add(w->out, STR(" target=\"_blank\" rel=\"noopener noreferrer\""));
}

/* In the order of the table, each once. */
static uint64_t sort_attributes(const GumboElement *e, uint64_t allowed, const char *values[ATTRIBUTE_COUNT])
{
	uint64_t have = 0;

	for (unsigned i = 0; i < e->attributes.length; i++) {
		const GumboAttribute *a = e->attributes.data[i];
		int which = html_attribute_find(str_of(a->name));
		if (a->attr_namespace != GUMBO_ATTR_NAMESPACE_NONE || which < 0 ||
		    !(allowed & ~have & (UINT64_C(1) << which)))
			continue;
		have |= UINT64_C(1) << which;
		values[which] = a->value;
	}
	return have;
}

static void write_start(struct html_writer *w, const struct html_element *mine, const GumboElement *e)
{
	const char *values[ATTRIBUTE_COUNT];
	uint64_t have = sort_attributes(e, mine->attributes, values);

	buf_add_char(w->out, '<');
	buf_add(w->out, mine->name);
	for (int which = 0; have; which++, have >>= 1)
		if (have & 1)
			write_attribute(w, (enum html_attribute_id)which, str_of(values[which]));
	buf_add_char(w->out, '>');
	/* The first line end after it is not part of the text (13.2.6.4.7), so that one of the text may follow. */
	if (e->tag == GUMBO_TAG_PRE)
		buf_add_char(w->out, '\n');
}

static void write_end(struct html_writer *w, const struct html_element *mine)
{
	buf_add(w->out, STR("</"));
	buf_add(w->out, mine->name);
	buf_add_char(w->out, '>');
}

/* ── The walk ────────────────────────────────────────────────────────────────────────────────────── */

struct level {
	const GumboNode *node;
	const struct html_element *written; /* null: only its children are */
	unsigned next;
};

struct walk {
	struct html_writer *w;
	struct level levels[LEVELS_MAX];
	size_t depth;
};

static err enter(struct walk *walk, const GumboNode *node, const struct html_element *written)
{
	if (walk->depth == LEVELS_MAX) {
		fault_set(walk->w->fault, "the HTML is nested too deep");
		return NEVER(LIMIT, "elements are nested too deep");
	}
	walk->levels[walk->depth++] = (struct level){ .node = node, .written = written };
	return OK;
}

static void leave(struct walk *walk)
{
	const struct html_element *written = walk->levels[--walk->depth].written;

	if (written)
		write_end(walk->w, written);
}

/* Elements of svg and math, and those that go with their content: nothing of them is looked at. */
static err visit_element(struct walk *walk, const GumboNode *node)
{
	const GumboElement *e = &node->v.element;
	const struct html_element *mine = element_of(e);

	if (e->tag_namespace != GUMBO_NAMESPACE_HTML || mine->nature == HTML_RAW || mine->nature == HTML_DROP)
		return OK;
	if (!html_allowed(mine))
		return enter(walk, node, NULL);
	write_start(walk->w, mine, e);
	return html_is_void(mine) ? OK : enter(walk, node, mine);
}

static err visit(struct walk *walk, const GumboNode *node)
{
	switch (node->type) {
	case GUMBO_NODE_ELEMENT:
		return visit_element(walk, node);
	case GUMBO_NODE_TEXT:
	case GUMBO_NODE_WHITESPACE:
		html_write_text(walk->w->out, str_of(node->v.text.text));
		return OK;
	default: /* comments, CDATA, template contents */
		return OK;
	}
}

err html_write(struct html_writer *w, const struct html_tree *t)
{
	struct walk walk = { .w = w };

	TRY(enter(&walk, t->root, NULL));
	while (walk.depth) {
		struct level *level = &walk.levels[walk.depth - 1];
		const GumboVector *children = &level->node->v.element.children;
		if (level->next < children->length)
			TRY(visit(&walk, children->data[level->next++]));
		else
			leave(&walk);
	}
	return buf_check(w->out);
}
