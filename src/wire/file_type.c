#include "wire/file_type.h"

static const struct {
	str word, extensions, media, others;
	const char *called;
} types[] = {
#define FILE_TYPE(name, word, extensions, media, others, called)                                                       \
	{ STR(word), STR(extensions), STR(media), STR(others), called },
#include "wire/file_type.def"
#undef FILE_TYPE
};

str file_type_word(enum file_type type)
{
	return type < FILE_TYPES ? types[type].word : STR("unknown");
}

str file_type_media(enum file_type type)
{
	return type < FILE_TYPES ? types[type].media : STR("application/octet-stream");
}

const char *file_type_called(enum file_type type)
{
	return type < FILE_TYPES ? types[type].called : "a file of no known type";
}

enum file_type file_type_of_word(str word)
{
	for (enum file_type t = 0; t < FILE_TYPES; t++)
		if (str_same(types[t].word, word))
			return t;
	return FILE_TYPES;
}

/* Words with blanks between. */
static bool listed(str words, str word)
{
	str one;

	for (bool more = word.len > 0; more;) {
		more = str_cut(words, ' ', &one, &words);
		if (str_same_nocase(one, word))
			return true;
	}
	return false;
}

enum file_type file_type_of_extension(str extension)
{
	for (enum file_type t = 0; t < FILE_TYPES; t++)
		if (listed(types[t].extensions, extension))
			return t;
	return FILE_TYPES;
}

enum file_type file_type_of_name(str name)
{
	str extension = name;

	for (ptrdiff_t i; (i = str_find_char(extension, '.')) >= 0;)
		extension = str_from(extension, (size_t)i + 1);
	return extension.len < name.len ? file_type_of_extension(extension) : FILE_TYPES;
}

bool file_type_agrees(enum file_type type, str declared)
{
	str media, parameters;

	str_cut(declared, ';', &media, &parameters);
	media = str_trim(media);
	if (media.len == 0 || str_same_nocase(media, STR("application/octet-stream")))
		return true;
	return type < FILE_TYPES && (str_same_nocase(media, types[type].media) || listed(types[type].others, media));
}

static bool between(char c)
{
	return c == ' ' || c == ',' || c == '\t';
}

err file_types_read(str words, uint32_t *bits, str *wrong)
{
	uint32_t found = 0;

	for (size_t at = 0, end; at < words.len; at = end) {
		for (end = at; end < words.len && !between(words.at[end]); end++)
			;
		if (end == at) {
			end++;
			continue;
		}
		enum file_type t = file_type_of_word(str_upto(str_from(words, at), end - at));
		if (t == FILE_TYPES) {
			*wrong = str_upto(str_from(words, at), end - at);
			return NEVER(SYNTAX, "no type of file is called this");
		}
		found |= FILE_BIT(t);
	}
	*bits = found;
	return OK;
}
