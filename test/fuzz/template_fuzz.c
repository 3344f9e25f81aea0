/* A template and a value, apart by a NUL; the first byte chooses the form. Whatever is accepted renders to the
 * same places: no value brings a quote, an angle or a line end into a place that they would end. */
#include "wire/template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(str s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == c;
	return n;
}

static bool render(struct arena *a, const struct template *t, str x, str *out)
{
	struct template_value item = { .kind = VALUE_TEXT, .text = x };
	struct template_value list = { .name = STR("l"), .kind = VALUE_LIST, .items = &item };
	struct template_value value = { .next = &list, .name = STR("x"), .kind = VALUE_TEXT, .text = x };
	struct template_problem *problems;
	struct buf b;

	must(!failed(buf_open(a, 1 << 18, &b)));
	must(!failed(template_check(a, t, &value, &problems)));
	/* The check looks into branches that are not shown too, so it may complain of more, never of less. */
	err e = template_render(t, &value, &b, NULL);
	must(problems || !failed(e) || strcmp(e.note, "there is no value of this name") != 0);
	*out = buf_str(&b);
	return !failed(e);
}

/* Both values are shown by the same branches; the first has nothing to escape. */
static void compare(struct arena *a, const struct template *t, enum template_form form, str x)
{
	str plain, got;

	if (x.len == 0 || !render(a, t, STR("https://h/"), &plain) || !render(a, t, x, &got))
		return;
	if (form == TEMPLATE_HTML) {
		must(count(plain, '<') == count(got, '<') && count(plain, '>') == count(got, '>'));
		must(count(plain, '"') == count(got, '"') && count(plain, '\'') == count(got, '\''));
	}
	if (form == TEMPLATE_LINE)
		must(!str_has(got, '\n') && !str_has(got, '\r') && !str_has(got, 0));
	if (form == TEMPLATE_URL)
		must(str_clean(got) && !str_has(got, ' ') && !str_has(got, '"') && !str_has(got, '<'));
	must(str_utf8(got));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct template *t = NULL;
	struct fault f = { 0 };
	str source, x;

	if (size == 0)
		return 0;
	str_cut(str_bytes(data + 1, size - 1), 0, &source, &x);
	enum template_form form = (enum template_form)(data[0] % 4);
	must(!failed(arena_open(1 << 22, &a)));
	if (!failed(template_parse(a, form, source, STR("fuzz"), &t, &f)))
		compare(a, t, form, x);
	else
		must(!fault_empty(&f));
	arena_close(a);
	return 0;
}
