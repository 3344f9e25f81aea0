/* The commented file that `letterlock init` writes: every setting stands in it, most of them asleep. */
#include "config/config.h"

#include <string.h>

enum { COMMENT_COLUMNS = 100 };

/* The words of a sentence as comment lines. */
static void comment(struct buf *out, const char *indent, const char *text)
{
	str rest = str_of(text), word;
	size_t at = 0;

	while (rest.len) {
		str_cut(rest, ' ', &word, &rest);
		if (at && at + 1 + word.len > COMMENT_COLUMNS) {
			buf_add_char(out, '\n');
			at = 0;
		}
		if (at == 0) {
			buf_add_format(out, "%s#", indent);
			at = strlen(indent) + 1;
		}
		buf_add_char(out, ' ');
		buf_add(out, word);
		at += 1 + word.len;
	}
	buf_add_char(out, '\n');
}

/* Plain if nothing in it could mean anything to YAML. */
static bool plain(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
			    c == '.' || c == '_';
		bool inner = i > 0 && (strchr("@+-=", c) || (c == ':' && i + 1 < s.len));
		if (!word && !inner)
			return false;
	}
	return s.len > 0;
}

static void quoted(struct buf *out, str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '"' || s.at[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, s.at[i]);
	}
	buf_add_char(out, '"');
}

static const char *given(const char *const *values, const char *name)
{
	for (; values && values[0]; values += 2)
		if (!strcmp(values[0], name))
			return values[1];
	return NULL;
}

static bool section_given(const char *const *values, const char *section)
{
	size_t len = strlen(section);

	for (; values && values[0]; values += 2)
		if (!strncmp(values[0], section, len) && values[0][len] == '.')
			return true;
	return false;
}

/* What a sleeping line shows. A value that begins with '#' would be a comment once it wakes. */
static void asleep(struct buf *out, const struct config_setting *s)
{
	str text = str_of(s->fallback && s->fallback[0] ? s->fallback : s->example);

	if (str_starts(text, STR("#")))
		quoted(out, text);
	else
		buf_add(out, text);
}

/* `name: value`, asleep behind '#' if it is not given. */
static void line(struct buf *out, const struct config_setting *s, const char *value, const char *indent,
		 const char *sleeping)
{
	const char *dot = strrchr(s->name, '.');

	buf_add_format(out, "%s%s%s: ", value ? indent : sleeping, value ? "" : "#", dot ? dot + 1 : s->name);
	if (!value)
		asleep(out, s);
	else if (plain(str_of(value)))
		buf_add(out, str_of(value));
	else
		quoted(out, str_of(value));
	buf_add_char(out, '\n');
}

static void setting(struct buf *out, const struct config_setting *s, const char *const *values)
{
	bool inside = strchr(s->name, '.') != NULL;
	char section[64] = { 0 };

	if (inside)
		memcpy(section, s->name, (size_t)(strchr(s->name, '.') - s->name));
	/* Below a sleeping section the two blanks stand behind the '#', so that taking it away wakes the line. */
	bool awake = inside && section_given(values, section);
	const char *value = given(values, s->name);

	comment(out, inside ? "  " : "", s->about);
	if (inside && !awake) {
		buf_add(out, STR("#"));
		buf_add_format(out, "  %s: ", strchr(s->name, '.') + 1);
		asleep(out, s);
		buf_add_char(out, '\n');
		return;
	}
	line(out, s, value, inside ? "  " : "", inside ? "  " : "");
}

static void record(struct buf *out, const struct config_setting *s, const char *const *values, bool first)
{
	char list[64] = { 0 };

	memcpy(list, s->name, (size_t)(strchr(s->name, '[') - s->name));
	if (given(values, list))
		return;
	buf_add_format(out, "#  %s %s: %s\n", first ? "-" : " ", strstr(s->name, "[].") + 3,
		       s->fallback && s->fallback[0] ? s->fallback : s->example);
}

static void one(struct buf *out, const struct config_setting *s, const struct config_setting *before,
		const char *const *values)
{
	const char *list;

	switch (s->kind) {
	case KIND_SECTION:
		buf_add_char(out, '\n');
		comment(out, "", s->about);
		buf_add_format(out, "%s%s:\n", section_given(values, s->name) ? "" : "#", s->name);
		break;
	case KIND_RECORDS:
		list = given(values, s->name);
		buf_add_char(out, '\n');
		comment(out, "", s->about);
		buf_add_format(out, "%s%s:\n", list ? "" : "#", s->name);
		buf_add(out, str_of(list ? list : ""));
		break;
	default:
		if (strstr(s->name, "[]."))
			record(out, s, values, before && before->kind == KIND_RECORDS);
		else
			setting(out, s, values);
	}
}

err config_write_file(const char *const *values, struct buf *out)
{
	size_t count;
	const struct config_setting *table = config_settings(&count);

	comment(out, "",
		"Letterlock's settings. A line that begins with # sleeps and shows the default, or an example where "
		"there "
		"is none. `letterlock config check` judges this file; letterlock.yaml(5) explains it.");
	buf_add_char(out, '\n');
	for (size_t i = 0; i < count; i++)
		one(out, &table[i], i ? &table[i - 1] : NULL, values);
	return buf_check(out);
}
