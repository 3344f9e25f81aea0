#include "door/page/html.h"

#include "wire/http_value.h"

/* Bytes of markup that are there without any value. */
enum { PAGE_FRAME = 48 * 1024 };

/* Styles, a logo and forms of our own, and nothing else at all. */
#define PAGE_POLICY                                                                                                    \
	STR("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "              \
	    "frame-ancestors 'none'")

static const str language_names[LANGUAGES] = { STR("en"), STR("de"), STR("fr"), STR("es") };

err pages_open(struct arena *a, struct pages *out, struct fault *fault)
{
	for (int page = 0; page < PAGES; page++)
		for (int language = 0; language < LANGUAGES; language++)
			TRY(template_parse(a, TEMPLATE_HTML, page_sources[page][language], language_names[language],
					   &out->made[page][language], fault));
	return OK;
}

str language_name(enum page_language l)
{
	return language_names[l];
}

static bool language_named(str name, enum page_language *out)
{
	for (int l = 0; l < LANGUAGES; l++)
		if (str_same(name, language_names[l])) {
			*out = (enum page_language)l;
			return true;
		}
	return false;
}

bool language_chosen(const struct http_head *head, enum page_language *out)
{
	str one, name, value, query = head->query;

	while (query.len) {
		(void)str_cut(query, '&', &one, &query);
		if (str_cut(one, '=', &name, &value) && str_same(name, STR("lang")))
			return language_named(value, out);
	}
	return false;
}

enum page_language language_for(str recipient, const struct http_head *head)
{
	const str *accepted = http_head_field(head, STR("accept-language"));
	str found = language_of(recipient, language_names, LANGUAGES);
	enum page_language l = LANGUAGE_EN;

	if (language_chosen(head, &l))
		return l;
	if (found.len == 0 && accepted)
		found = language_of(*accepted, language_names, LANGUAGES);
	(void)language_named(found, &l);
	return l;
}

err page_make(const struct pages *p, enum page_name name, const struct page_values *values, struct http_answer *answer)
{
	struct fault ignored = { 0 };
	struct buf html;

	TRY(values->failed);
	TRY(buf_open(answer->arena, PAGE_FRAME + values->weight, &html));
	TRY(template_render(p->made[name][values->language], values->first, &html, &ignored));
	TRY(http_answer_field(answer, STR("Content-Type"), STR("text/html; charset=utf-8")));
	TRY(http_answer_field(answer, STR("Content-Language"), language_names[values->language]));
	answer->policy = PAGE_POLICY;
	answer->body = buf_str(&html);
	return OK;
}
