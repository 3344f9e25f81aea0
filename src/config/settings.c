#include "config/config.h"

static const struct config_setting table[] = {
#define ROOT(kind, name, fallback, least, most, about, example)                                                        \
	{ #name, KIND_##kind, fallback, least, most, about, example, offsetof(struct config, name) },
#define SECTION(name, about) { #name, KIND_SECTION, "", 0, 0, about, "", offsetof(struct config, name) },
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example)                                            \
	{                                                                                                              \
		#section "." #name,                                                                                    \
		KIND_##kind,                                                                                           \
		fallback,                                                                                              \
		least,                                                                                                 \
		most,                                                                                                  \
		about,                                                                                                 \
		example,                                                                                               \
		offsetof(struct config, section.name)                                                                  \
	},
#define SECRET(section, name, about, example)                                                                          \
	{ #section "." #name, KIND_SECRET, "", 0, 0, about, example, offsetof(struct config, section.name) },
#define RECORDS(name, about) { #name, KIND_RECORDS, "", 0, 0, about, "", offsetof(struct config, name) },
#define FIELD(kind, records, name, fallback, least, most, about, example)                                              \
	{ #records "[]." #name,                                                                                        \
	  KIND_##kind,                                                                                                 \
	  fallback,                                                                                                    \
	  least,                                                                                                       \
	  most,                                                                                                        \
	  about,                                                                                                       \
	  example,                                                                                                     \
	  offsetof(struct config_##records, name) },
#define RECORDS_END(name)
#include "config/settings.def"
#undef ROOT
#undef SECTION
#undef SECTION_END
#undef SETTING
#undef SECRET
#undef RECORDS
#undef FIELD
#undef RECORDS_END
};

const struct config_setting *config_settings(size_t *count)
{
	*count = sizeof table / sizeof *table;
	return table;
}

const struct config_setting *config_setting(str name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (str_same(str_of(table[i].name), name))
			return &table[i];
	return NULL;
}

static const struct {
	const char *choices, *words;
} kinds[] = {
#define KIND(name, type, choices, words, pattern) [KIND_##name] = { choices, words },
#include "config/kinds.def"
#undef KIND
	[KIND_SECRET] = { NULL,
			  "where the secret is: { file: PATH }, { credential: NAME } or { command: [WORD, ...] }" },
	[KIND_SECTION] = { NULL, "settings, indented" },
	[KIND_RECORDS] = { NULL, "a list, each entry begun by a dash" },
};

const char *config_kind_words(enum config_kind k)
{
	return kinds[k].words;
}

const char *config_kind_choices(enum config_kind k)
{
	return kinds[k].choices;
}
