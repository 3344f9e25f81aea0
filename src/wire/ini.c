#include "wire/ini.h"

struct ini {
	str rest, section;
	uint64_t line;
};

enum ini_what { INI_END, INI_SECTION, INI_VALUE, INI_NOTHING };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static str without_comment(str value)
{
	for (size_t i = 1; i < value.len; i++)
		if ((value.at[i] == '#' || value.at[i] == ';') && is_blank(value.at[i - 1]))
			return str_trim(str_upto(value, i));
	return value;
}

static err read_section(struct ini *i, str line)
{
	ptrdiff_t end = str_find_char(line, ']');

	if (end < 0 || without_comment(str_from(line, (size_t)end)).len != 1)
		return NEVER(SYNTAX, "a section is [NAME]");
	i->section = str_trim(str_upto(str_from(line, 1), (size_t)end - 1));
	return OK;
}

static err next(struct ini *i, enum ini_what *what, str *name, str *value)
{
	str line;

	*what = INI_END;
	if (!i->rest.len)
		return OK;
	(void)str_cut(i->rest, '\n', &line, &i->rest);
	i->line++;
	*what = INI_NOTHING;
	bool indented = line.len && is_blank(line.at[0]);
	line = str_trim(line);
	if (!str_clean(line))
		return NEVER(SYNTAX, "a control byte");
	if (!line.len || indented || line.at[0] == '#' || line.at[0] == ';')
		return OK;
	*what = INI_SECTION;
	if (line.at[0] == '[')
		return read_section(i, line);
	*what = INI_VALUE;
	if (!str_cut(line, '=', name, value) || !str_trim(*name).len)
		return NEVER(SYNTAX, "neither [SECTION] nor NAME = VALUE");
	*name = str_trim(*name);
	*value = without_comment(str_trim(*value));
	return OK;
}

err ini_find(str text, str section, str name, str *out, struct ini_place *wrong)
{
	struct ini i = { .rest = text };
	enum ini_what what = INI_NOTHING;
	str found = STR_NONE, key, value;
	bool there = false;

	while (what != INI_END) {
		err e = next(&i, &what, &key, &value);
		bool same = !failed(e) && what == INI_VALUE && str_same(i.section, section) && str_same(key, name);
		if (same && there)
			e = NEVER(SYNTAX, "the same name twice");
		if (failed(e)) {
			wrong->line = i.line;
			return e;
		}
		if (same) {
			found = value;
			there = true;
		}
	}
	if (!there)
		return NEVER(NOT_FOUND, "no such setting");
	*out = found;
	return OK;
}

bool ini_has_section(str text, str section)
{
	struct ini i = { .rest = text };
	enum ini_what what = INI_NOTHING;
	str key, value;

	while (what != INI_END && !failed(next(&i, &what, &key, &value)))
		if (what == INI_SECTION && str_same(i.section, section))
			return true;
	return false;
}
