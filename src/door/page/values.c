#include "door/page/html.h"

/* Bytes of markup that may stand around a value, and that one byte of it may become when it is escaped. */
enum { MARKUP = 256, ESCAPED = 6 };

struct page_values page_values(struct arena *a, enum page_language language, int utc_offset_minutes)
{
	return (struct page_values){ .arena = a, .language = language, .utc_offset_minutes = utc_offset_minutes };
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

void add_flag(struct page_values *v, const char *name, bool is)
{
	add_text(v, name, is ? STR("yes") : STR_NONE);
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

static const struct tongue *tongue_of(const struct page_values *v)
{
	return tongue_find(language_name(v->language));
}

void add_size(struct page_values *v, const char *name, uint64_t bytes)
{
	str text = STR_NONE;

	if (!failed(v->failed))
		v->failed = tongue_size(tongue_of(v), v->arena, bytes, &text);
	add_text(v, name, text);
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
	return (struct page_values){ .arena = v->arena,
				     .language = v->language,
				     .utc_offset_minutes = v->utc_offset_minutes,
				     .end = below,
				     .failed = v->failed };
}

void add_moment(struct page_values *v, const char *name, moment at)
{
	char room[64];
	struct buf machine = BUF_ON(room);
	str words = STR_NONE;

	if (!failed(v->failed))
		v->failed = tongue_moment(tongue_of(v), v->arena, at, v->utc_offset_minutes, &words);
	struct template_value *value = add(v, VALUE_TEXT, name);
	if (!value)
		return;
	value->text = words;
	struct page_values fields = within(v, &value->fields);
	buf_add_moment(&machine, at);
	(void)add_format(&fields, "rfc3339", &machine);
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
