/* One setting's text to its value. */
#include "config/reading.h"

#include "wire/gate.h"
#include <string.h>

struct value_at {
	struct reading *reading;
	const struct config_setting *setting;
	size_t record;
	str text;
	void *field;
};

static err wrong_form(const struct value_at *v)
{
	return reading_refuse(v->reading, v->setting, v->record, "%.*s is not %s", STR_ARG(v->text),
			      config_kind_words(v->setting->kind));
}

static void add_bound(struct buf *b, enum config_kind kind, int64_t bound)
{
	if (kind == KIND_SPAN)
		buf_add_span(b, bound);
	else if (kind == KIND_OFFSET)
		offset_print((int)bound, b);
	else
		buf_add_format(b, "%lld", (long long)bound);
}

static err check_bounds(const struct value_at *v, int64_t value)
{
	const struct config_setting *s = v->setting;
	char least[32], most[32];
	struct buf l = BUF_ON(least), m = BUF_ON(most);

	if (value >= s->least && value <= s->most)
		return OK;
	add_bound(&l, s->kind, s->least);
	add_bound(&m, s->kind, s->most);
	return reading_refuse(v->reading, s, v->record, "%.*s is out of bounds: from %.*s to %.*s", STR_ARG(v->text),
			      STR_ARG(buf_str(&l)), STR_ARG(buf_str(&m)));
}

static err read_text(const struct value_at *v)
{
	const struct config_setting *s = v->setting;
	str copy;

	if (v->text.len > (uint64_t)s->most || v->text.len < (uint64_t)s->least)
		return reading_refuse(v->reading, s, v->record, "%.*s has %zu bytes; from %lld to %lld are allowed",
				      STR_ARG(v->text), v->text.len, (long long)s->least, (long long)s->most);
	if (!gate_line(v->text, NULL)) /* names, hosts, logins: all of them end up on a line of some protocol */
		return reading_refuse(v->reading, s, v->record,
				      "it holds a control character or bytes that are not UTF-8");
	TRY(str_copy(v->reading->arena, v->text, &copy));
	memcpy(v->field, &copy, sizeof copy);
	return OK;
}

/* Absolute: as it is; DATA/…: only in defaults; else below the folder of the file. */
static err absolute(const struct value_at *v, str path, str *out)
{
	struct reading *r = v->reading;
	str data = STR("DATA/");

	if (str_starts(path, STR("/")))
		return str_copy(r->arena, path, out);
	if (str_starts(path, data) && v->text.at == v->setting->fallback)
		return str_format(r->arena, out, "%s/%.*s", r->data, STR_ARG(str_from(path, data.len)));
	if (str_same(path, STR(".")))
		return str_copy(r->arena, str_of(r->folder), out);
	if (str_starts(path, STR("./")))
		path = str_from(path, 2);
	return str_format(r->arena, out, "%s/%.*s", str_same(str_of(r->folder), STR("/")) ? "" : r->folder,
			  STR_ARG(path));
}

static err read_path(const struct value_at *v)
{
	const char *path = NULL;
	str whole;

	if (v->text.len > 4096 - 256)
		return wrong_form(v);
	if (v->text.len) {
		TRY(absolute(v, v->text, &whole));
		TRY(str_c(v->reading->arena, whole, &path));
	}
	memcpy(v->field, &path, sizeof path);
	return OK;
}

static err read_store(const struct value_at *v)
{
	str disk = STR("disk:"), path, whole;
	struct value_at below = *v;

	if (str_starts(v->text, STR("s3://")) && v->text.len > 5 && str_clean(v->text))
		return read_text(v);
	if (!str_starts(v->text, disk) || v->text.len == disk.len)
		return wrong_form(v);
	path = str_from(v->text, disk.len);
	/* absolute() knows a default by its place. */
	if (v->text.at == v->setting->fallback && str_starts(path, STR("DATA/")))
		TRY(str_format(v->reading->arena, &path, "%s/%.*s", v->reading->data, STR_ARG(str_from(path, 5))));
	else
		TRY(absolute(&below, path, &path));
	TRY(str_format(v->reading->arena, &whole, "disk:%.*s", STR_ARG(path)));
	memcpy(v->field, &whole, sizeof whole);
	return OK;
}

static err read_flag(const struct value_at *v)
{
	bool yes = str_same(v->text, STR("true"));

	if (!yes && !str_same(v->text, STR("false")))
		return wrong_form(v);
	memcpy(v->field, &yes, sizeof yes);
	return OK;
}

static err read_number(const struct value_at *v)
{
	uint64_t n = 0;
	bool unlimited = v->setting->kind == KIND_QUOTA && str_same(v->text, STR("unlimited"));

	if (!unlimited) {
		if (!str_number(v->text, &n) || n > INT64_MAX)
			return wrong_form(v);
		TRY(check_bounds(v, (int64_t)n));
	}
	memcpy(v->field, &n, sizeof n);
	return OK;
}

static err read_size(const struct value_at *v)
{
	static const char units[] = "kMG";
	str number = v->text;
	unsigned shift = 0;
	uint64_t n;

	for (unsigned i = 0; units[i]; i++)
		if (number.len && number.at[number.len - 1] == units[i])
			shift = 10 * (i + 1);
	if (shift)
		number.len--;
	if (!str_number(number, &n) || n > (uint64_t)INT64_MAX >> shift)
		return wrong_form(v);
	n <<= shift;
	TRY(check_bounds(v, (int64_t)n));
	memcpy(v->field, &n, sizeof n);
	return OK;
}

static err read_span(const struct value_at *v)
{
	span s;

	if (failed(span_parse(v->text, &s)))
		return wrong_form(v);
	TRY(check_bounds(v, s));
	memcpy(v->field, &s, sizeof s);
	return OK;
}

/* In millionths, so that a rate is read without the locale's idea of a decimal point. */
static err read_rate(const struct value_at *v)
{
	uint64_t whole = 0, part = 0;
	str before, after;
	bool unlimited = str_same(v->text, STR("unlimited"));

	if (!unlimited) {
		bool decimals = str_cut(v->text, '.', &before, &after);
		if (!str_number(before, &whole) || whole > (uint64_t)v->setting->most || after.len > 6 ||
		    (decimals && !str_number(after, &part)))
			return wrong_form(v);
		for (size_t i = after.len; i < 6; i++)
			part *= 10;
		if (whole == 0 && part == 0)
			return reading_refuse(v->reading, v->setting, v->record,
					      "nothing would ever be sent; without a bound it is `unlimited`");
	}
	double rate = (double)whole + (double)part / 1e6;
	memcpy(v->field, &rate, sizeof rate);
	return OK;
}

static err read_offset(const struct value_at *v)
{
	uint64_t hours, minutes;
	str t = v->text;

	if (t.len != 6 || (t.at[0] != '+' && t.at[0] != '-') || t.at[3] != ':' ||
	    !str_number(str_bytes(t.at + 1, 2), &hours) || !str_number(str_from(t, 4), &minutes) || minutes > 59)
		return wrong_form(v);
	int offset = (int)(hours * 60 + minutes);
	if (t.at[0] == '-')
		offset = -offset;
	TRY(check_bounds(v, offset));
	memcpy(v->field, &offset, sizeof offset);
	return OK;
}

static err read_choice(const struct value_at *v)
{
	str rest = str_of(config_kind_choices(v->setting->kind)), choice;
	struct nearest n = NEAREST(v->text);

	for (unsigned i = 0; rest.len; i++) {
		str_cut(rest, '|', &choice, &rest);
		if (str_same(choice, v->text)) {
			memcpy(v->field, &i, sizeof i);
			return OK;
		}
		nearest_offer(&n, choice);
	}
	return reading_refuse(v->reading, v->setting, v->record, "%.*s is not one of %s%s%.*s%s", STR_ARG(v->text),
			      config_kind_choices(v->setting->kind), n.best.len ? "; did you mean " : "",
			      STR_ARG(n.best), n.best.len ? "?" : "");
}

err value_read(struct reading *r, const struct config_setting *s, size_t record, const char *text, void *field)
{
	struct value_at v = { .reading = r, .setting = s, .record = record, .text = str_of(text), .field = field };

	switch (s->kind) {
	case KIND_TEXT:
		return read_text(&v);
	case KIND_PATH:
		return read_path(&v);
	case KIND_STORE:
		return read_store(&v);
	case KIND_FLAG:
		return read_flag(&v);
	case KIND_NUMBER:
	case KIND_QUOTA:
		return read_number(&v);
	case KIND_SIZE:
		return read_size(&v);
	case KIND_SPAN:
		return read_span(&v);
	case KIND_RATE:
		return read_rate(&v);
	case KIND_OFFSET:
		return read_offset(&v);
	default:
		return read_choice(&v);
	}
}
