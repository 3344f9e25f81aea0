/* One setting's value as it would be written in the file. */
#include "config/reading.h"

#include <stdio.h>

void offset_print(int minutes, struct buf *out)
{
	unsigned size = (unsigned)(minutes < 0 ? -minutes : minutes);

	buf_add_format(out, "%c%02u:%02u", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

static void print_size(uint64_t n, struct buf *out)
{
	static const char units[] = { 'G', 'M', 'k' };

	for (unsigned i = 0; i < 3; i++) {
		unsigned shift = 30 - 10 * i;
		if (n && n % (1ull << shift) == 0) {
			buf_add_number(out, n >> shift);
			buf_add_char(out, units[i]);
			return;
		}
	}
	buf_add_number(out, n);
}

static void print_rate(double rate, struct buf *out)
{
	uint64_t millionths = (uint64_t)(rate * 1e6 + 0.5);
	char part[8];

	if (millionths == 0) {
		buf_add(out, STR("unlimited"));
		return;
	}
	buf_add_number(out, millionths / 1000000);
	if (millionths % 1000000 == 0)
		return;
	int len = snprintf(part, sizeof part, "%06u", (unsigned)(millionths % 1000000));
	while (len > 0 && part[len - 1] == '0')
		len--;
	buf_add_format(out, ".%.*s", len, part);
}

/* The program's name is shown, its arguments not: they may hold what opens the vault. */
static void print_secret(const struct config_secret *s, struct buf *out)
{
	if (s->file)
		buf_add_format(out, "{ file: %s }", s->file);
	else if (s->credential)
		buf_add_format(out, "{ credential: %s }", s->credential);
	else if (s->command)
		buf_add_format(out, "{ command: [%s%s] }", s->command[0], s->command[1] ? ", ..." : "");
}

static void print_choice(enum config_kind kind, unsigned index, struct buf *out)
{
	str rest = str_of(config_kind_choices(kind)), choice = STR_NONE;

	for (unsigned i = 0; i <= index; i++)
		str_cut(rest, '|', &choice, &rest);
	buf_add(out, choice);
}

/* Copies instead of casts: the field's type is known by its kind only. */
#define FIELD_AS(type) (*(const type *)field)

void value_print(const struct config_setting *s, const void *field, struct buf *out)
{
	switch (s->kind) {
	case KIND_TEXT:
	case KIND_STORE:
		buf_add_escaped(out, FIELD_AS(str));
		break;
	case KIND_PATH:
		buf_add_escaped(out, str_of(FIELD_AS(char *const)));
		break;
	case KIND_FLAG:
		buf_add(out, FIELD_AS(bool) ? STR("true") : STR("false"));
		break;
	case KIND_QUOTA:
	case KIND_NUMBER:
		if (s->kind == KIND_QUOTA && FIELD_AS(uint64_t) == 0)
			buf_add(out, STR("unlimited"));
		else
			buf_add_number(out, FIELD_AS(uint64_t));
		break;
	case KIND_SIZE:
		print_size(FIELD_AS(uint64_t), out);
		break;
	case KIND_SPAN:
		buf_add_span(out, FIELD_AS(span));
		break;
	case KIND_RATE:
		print_rate(FIELD_AS(double), out);
		break;
	case KIND_OFFSET:
		offset_print(FIELD_AS(int), out);
		break;
	case KIND_SECRET:
		print_secret(field, out);
		break;
	case KIND_SECTION:
	case KIND_RECORDS:
		break;
	default:
		print_choice(s->kind, FIELD_AS(unsigned), out);
	}
}
