/* The pages as they were compiled in, and how one is made from its values. Not for other doors. */
#ifndef LETTERLOCK_DOOR_PAGE_HTML_H
#define LETTERLOCK_DOOR_PAGE_HTML_H

#include "net/http.h"
#include "wire/template.h"
#include "wire/tongue.h"

enum page_name {
	PAGE_QUESTION,
	PAGE_DOCUMENTS,
	PAGE_CLOSED,
	PAGE_WAIT,
	PAGE_DAMAGED,
	PAGE_DISOWN,
	PAGE_DISOWNED,
	PAGE_HELP,
	PAGE_LATE,
	PAGE_ASKED,
	PAGE_SEND,
	PAGES
};
/* In the order of the tongues. */
enum page_language { LANGUAGE_EN, LANGUAGE_DE, LANGUAGE_FR, LANGUAGE_ES, LANGUAGES };
extern const str page_sources[PAGES][LANGUAGES];
extern const str page_style;

struct pages {
	struct template *made[PAGES][LANGUAGES];
};
err pages_open(struct arena *a, struct pages *out, struct fault *fault);

/* What the reader chose on the page (?lang=de), else the language of the recipient ("de", "de-CH"), else of the
 * browser, else English. */
enum page_language language_for(str recipient, const struct http_head *head);
bool language_chosen(const struct http_head *head, enum page_language *out);
str language_name(enum page_language l); /* "de" */

/* Values of a page, gathered in order; a failure sticks and is asked for by page_make(). */
struct page_values {
	struct arena *arena;
	enum page_language language;
	int utc_offset_minutes;
	struct template_value *first, **end;
	size_t weight; /* bytes that their page may take */
	err failed;
};
struct page_values page_values(struct arena *a, enum page_language language, int utc_offset_minutes);
void add_text(struct page_values *v, const char *name, str text);
void add_flag(struct page_values *v, const char *name, bool is);
void add_number(struct page_values *v, const char *name, uint64_t number);
void add_size(struct page_values *v, const char *name, uint64_t bytes); /* "107 kB" */
void add_hex(struct page_values *v, const char *name, str bytes);
void add_moment(struct page_values *v, const char *name, moment at); /* in words, and .rfc3339 */
/* What is added to the result stands in it. */
struct page_values add_object(struct page_values *v, const char *name);
struct page_values add_item(struct page_values *v, struct template_value *list);
struct template_value *add_list(struct page_values *v, const char *name);
void add_done(struct page_values *outer, const struct page_values *inner);

err page_make(const struct pages *p, enum page_name name, const struct page_values *values, struct http_answer *answer);

#endif
