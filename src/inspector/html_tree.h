/* Inside the cleaner of HTML: the tree, as gumbo makes it. Only html_tree.c and html_write.c look here. */
#ifndef LETTERLOCK_INSPECTOR_HTML_TREE_H
#define LETTERLOCK_INSPECTOR_HTML_TREE_H

#include "inspector/html_inside.h"

#include <gumbo.h>

struct html_tree {
	struct arena *arena; /* of the tree alone */
	const GumboNode *root;
};

#endif
