#include "door/page/html.h"

#include "wire/http_value.h"

/* Bytes of markup that may stand around a value, and that one byte of it may become when it is escaped. */
enum { PAGE_FRAME = 32 * 1024, MARKUP = 256, ESCAPED = 6 };

/* Styles and forms of our own, and nothing else at all. */
#define PAGE_POLICY                                                                                                    \
	STR("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")

static const str language_names[LANGUAGES] = { STR("en"), STR("de"), STR("fr"), STR("es") };

err pages_open(struct arena *a, struct pages *out, struct fault *fault)
{
	for (int page = 0; page < PAGES; page++)
		for (int language = 0; language < LANGUAGES; language++)
			TRY(template_parse(a, TEMPLATE_HTML, page_sources[page][language], language_names[language],
					   &out->made[page][language], fault));
	return OK;
}

enum page_language language_for(str recipient, const struct http_head *head)
{
	const str *accepted = http_head_field(head, STR("accept-language"));
	str found = language_of(recipient, language_names, LANGUAGES);

	if (found.len == 0 && accepted)
		found = language_of(*accepted, language_names, LANGUAGES);
	for (int l = 0; l < LANGUAGES; l++)
		if (str_same(found, language_names[l]))
			return (enum page_language)l;
	return LANGUAGE_EN;
}

/* ── Values ──────────────────────────────────────────────────────────────────────────────────────── */

struct page_values page_values(struct arena *a)
{
	return (struct page_values){ .arena = a };
}

static struct template_value *add(struct page_values *v, enum template_kind kind, const char *name)
{
	struct template_value *value = NULL;

	if (failed(v->failed))
		return NULL;
	v->failed = NEW(v->arena, value);
	if (failed(v->failed))
		return NULL;
	*value = (struct template_value){ .name = str_of(name), .kind = kind };
	if (!v->end)
		v->end = &v->first;
	*v->end = value;
	v->end = &value->next;
	v->weight += MARKUP;
	return value;
}

void add_text(struct page_values *v, const char *name, str text)
{
	struct template_value *value = add(v, VALUE_TEXT, name);

	if (value)
		value->text = text;
	v->weight += ESCAPED * text.len;
}

static struct template_value *add_format(struct page_values *v, const char *name, const struct buf *text)
{
	struct template_value *value = add(v, VALUE_TEXT, name);

	if (value)
		v->failed = err_first(buf_check(text), str_copy(v->arena, buf_str(text), &value->text));
	return value;
}

void add_number(struct page_values *v, const char *name, uint64_t number)
{
	char room[32];
	struct buf text = BUF_ON(room);

	buf_add_number(&text, number);
	(void)add_format(v, name, &text);
}

void add_size(struct page_values *v, const char *name, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
	char room[64];
	struct buf text = BUF_ON(room);
	unsigned unit = 0;
	uint64_t tenths = 10 * bytes;

	for (; tenths >= 10000 && unit < sizeof units / sizeof *units - 1; unit++)
		tenths = (tenths + 500) / 1000;
	if (tenths >= 100 || tenths % 10 == 0)
		buf_add_format(&text, "%llu %s", (unsigned long long)((tenths + 5) / 10), units[unit]);
	else
		buf_add_format(&text, "%llu.%llu %s", (unsigned long long)(tenths / 10),
			       (unsigned long long)(tenths % 10), units[unit]);
	(void)add_format(v, name, &text);
}

void add_hex(struct page_values *v, const char *name, str bytes)
{
	char room[2 * 64];
	struct buf text = BUF_ON(room);

	buf_add_hex(&text, bytes);
	(void)add_format(v, name, &text);
}

/* What is added to the result stands below `value`. */
static struct page_values within(struct page_values *v, struct template_value **below)
{
	return (struct page_values){ .arena = v->arena, .end = below, .failed = v->failed };
}

void add_moment(struct page_values *v, const char *name, moment at)
{
	char room[64];
	struct buf text = BUF_ON(room);
	struct civil c = moment_civil(at);

	buf_add_format(&text, "%04d-%02d-%02d %02d:%02d UTC", c.year, c.month, c.day, c.hour, c.minute);
	struct template_value *value = add_format(v, name, &text);
	if (!value)
		return;
	struct page_values fields = within(v, &value->fields);
	text.len = 0;
	buf_add_moment(&text, at);
	(void)add_format(&fields, "rfc3339", &text);
	add_done(v, &fields);
}

struct page_values add_object(struct page_values *v, const char *name)
{
	struct template_value *value = add(v, VALUE_OBJECT, name);

	return within(v, value ? &value->fields : NULL);
}

struct template_value *add_list(struct page_values *v, const char *name)
{
	return add(v, VALUE_LIST, name);
}

struct page_values add_item(struct page_values *v, struct template_value *list)
{
	struct template_value **end = list ? &list->items : NULL;

	while (end && *end)
		end = &(*end)->next;
	struct page_values items = within(v, end);
	struct page_values item = add_object(&items, "item");
	add_done(v, &items);
	return item;
}

void add_done(struct page_values *outer, const struct page_values *inner)
{
	outer->failed = err_first(outer->failed, inner->failed);
	outer->weight += inner->weight;
}

/* ── Pages ───────────────────────────────────────────────────────────────────────────────────────── */

err page_make(const struct pages *p, enum page_name name, enum page_language language, const struct page_values *values,
	      struct http_answer *answer)
{
	struct fault ignored = { 0 };
	struct buf html;

	TRY(values->failed);
	TRY(buf_open(answer->arena, PAGE_FRAME + values->weight, &html));
	TRY(template_render(p->made[name][language], values->first, &html, &ignored));
	TRY(http_answer_field(answer, STR("Content-Type"), STR("text/html; charset=utf-8")));
	TRY(http_answer_field(answer, STR("Content-Language"), language_names[language]));
	answer->policy = PAGE_POLICY;
	answer->body = buf_str(&html);
	return OK;
}
