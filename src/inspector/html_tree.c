/* gumbo, with an end to its memory. It asks for memory without looking whether it got any and frees its tree by
 * recursion; so it gets an arena of its own, nothing is freed one by one, and where the arena ends gumbo is left by
 * a jump. It holds nothing but memory, so that nothing is lost. */
#include "inspector/html_tree.h"

#include <setjmp.h>

enum { TREE_MAX = 160 * 1024 * 1024, BLOCK = 256 * 1024, ALIGNMENT = 16 };

struct memory {
	struct arena *arena;
	char *at;
	size_t left;
	err why;
	jmp_buf out;
};

/* Pieces of one block after another: an arena clears and counts each piece, and gumbo asks for very many. */
static void *take(void *userdata, size_t len)
{
	struct memory *m = userdata;

	len = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (len > m->left) {
		size_t block = len > BLOCK ? len : BLOCK;
		m->why = arena_take(m->arena, block, (void **)&m->at);
		if (failed(m->why))
			longjmp(m->out, 1);
		m->left = block;
	}
	void *taken = m->at;
	m->at += len;
	m->left -= len;
	return taken;
}

static void give_back(void *userdata, void *piece)
{
	(void)userdata, (void)piece;
}

/* As if it stood in a <div>: so it begins in the middle of a body, and in no-quirks mode. */
static const GumboNode *parse(struct memory *m, str html)
{
	GumboOptions options = kGumboDefaultOptions;

	options.allocator = take;
	options.deallocator = give_back;
	options.userdata = m;
	options.max_errors = 0;
	options.fragment_context = GUMBO_TAG_DIV;
	if (setjmp(m->out))
		return NULL;
	return gumbo_parse_with_options(&options, html.len ? html.at : "", html.len)->root;
}

void html_tree_done(struct html_tree **t)
{
	struct arena *a = *t ? (*t)->arena : NULL;
	*t = NULL;
	arena_close(a);
}

err html_tree_make(str html, struct html_tree **out, struct fault *f)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct html_tree *t;
	struct memory m = { 0 };

	TRY(arena_open(TREE_MAX, &a));
	TRY(NEW(a, t));
	m.arena = a;
	t->root = parse(&m, html);
	if (!t->root) {
		fault_set(f, "the HTML is too tangled to be cleaned");
		return failed(m.why) ? m.why : BROKEN(SYSTEM, "gumbo gave no tree");
	}
	t->arena = a;
	a = NULL;
	*out = t;
	return OK;
}
