/* The little XML that object stores and their like answer with: elements, text, the five named entities and character
 * references. No DOCTYPE, no CDATA, no comment, no processing instruction but the declaration, no attribute but xmlns:
 * what a list of names has no need for is refused, and with it everything that XML parsers have been broken by.
 * Documents of strangers are not read with this; they go to the inspector. */
#ifndef LETTERLOCK_WIRE_XML_H
#define LETTERLOCK_WIRE_XML_H

#include "base/base.h"

enum { XML_DEPTH_MAX = 8, XML_NAME_MAX = 64 };
enum xml_event { XML_OPEN, XML_CLOSE, XML_END };

struct xml {
	str rest;
	unsigned depth; /* of the element that was opened or closed last; the root's is 1 */
	str path[XML_DEPTH_MAX];
	str text; /* at XML_CLOSE: what stood in the element since it, or its last child, began; not decoded */
	bool begun, closes_next;
};
#define XML(s) ((struct xml){ .rest = (s) })

/* NEVER SYNTAX for anything else than the above. path[depth - 1] is the element's name. */
err xml_next(struct xml *x, enum xml_event *event);
/* At XML_CLOSE: is this the element a/b/c? A * stands for any name. */
bool xml_at(const struct xml *x, const char *path);
/* Entities and references in x->text made into what they stand for. */
err xml_text(struct arena *a, const struct xml *x, str *out);
/* "&<>\"'" as entities; for what is sent. */
void buf_add_xml(struct buf *b, str text);

#endif
