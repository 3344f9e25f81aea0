/* libcyaml's part: the file as a tree of strings, by a schema made from the table. The strict walk came
 * before, so what fails here is memory, or a disagreement between the two readers, which is refused too. */
#include "config/reading.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

struct raw_secret {
	char *file, *credential;
	char **command;
	unsigned command_count;
};

/* The records' structs first: a list of them stands in struct raw. */
#define ROOT(kind, name, fallback, least, most, about, example)
#define SECTION(name, about)
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example)
#define SECRET(section, name, about, example)
#define RECORDS(name, about) struct raw_##name {
#define FIELD(kind, records, name, fallback, least, most, about, example) char *name;
#define RECORDS_END(name)                                                                                              \
	}                                                                                                              \
	;
#include "config/settings.def"
#undef ROOT
#undef SECTION
#undef SECTION_END
#undef SETTING
#undef SECRET
#undef RECORDS
#undef FIELD
#undef RECORDS_END

struct raw {
#define ROOT(kind, name, fallback, least, most, about, example) char *name;
#define SECTION(name, about) struct {
#define SECTION_END(name)                                                                                              \
	}                                                                                                              \
	name;
#define SETTING(kind, section, name, fallback, least, most, about, example) char *name;
#define SECRET(section, name, about, example) struct raw_secret *name;
#define RECORDS(name, about)                                                                                           \
	struct raw_##name *name;                                                                                       \
	unsigned name##_count;
#define FIELD(kind, records, name, fallback, least, most, about, example)
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

static const cyaml_schema_value_t word_schema = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED) };

static const cyaml_schema_field_t secret_fields[] = {
	CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_secret, file, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("credential", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_secret, credential, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("command", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_secret, command,
			     &word_schema, 0, COMMAND_WORDS_MAX),
	CYAML_FIELD_END
};

/* The fields of each section and of each record. */
#define TEXT_FIELD(in, key, member)                                                                                    \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, in, member, 0, CYAML_UNLIMITED),
#define ROOT(kind, name, fallback, least, most, about, example)
#define SECTION(name, about) static const cyaml_schema_field_t name##_fields[] = {
#define SECTION_END(name)                                                                                              \
	CYAML_FIELD_END                                                                                                \
	}                                                                                                              \
	;
#define SETTING(kind, section, name, fallback, least, most, about, example)                                            \
	TEXT_FIELD(__typeof__(((struct raw *)0)->section), #name, name)
#define SECRET(section, name, about, example)                                                                          \
	CYAML_FIELD_MAPPING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,                                       \
				__typeof__(((struct raw *)0)->section), name, secret_fields),
#define RECORDS(name, about) static const cyaml_schema_field_t name##_fields[] = {
#define FIELD(kind, records, name, fallback, least, most, about, example) TEXT_FIELD(struct raw_##records, #name, name)
#define RECORDS_END(name)                                                                                              \
	CYAML_FIELD_END                                                                                                \
	}                                                                                                              \
	;                                                                                                              \
	static const cyaml_schema_value_t name##_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_##name, \
										name##_fields) };
#include "config/settings.def"
#undef ROOT
#undef SECTION
#undef SECTION_END
#undef SETTING
#undef SECRET
#undef RECORDS
#undef FIELD
#undef RECORDS_END

static const cyaml_schema_field_t root_fields[] = {
#define ROOT(kind, name, fallback, least, most, about, example) TEXT_FIELD(struct raw, #name, name)
#define SECTION(name, about) CYAML_FIELD_MAPPING(#name, CYAML_FLAG_OPTIONAL, struct raw, name, name##_fields),
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example)
#define SECRET(section, name, about, example)
#define RECORDS(name, about)                                                                                           \
	CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw, name, &name##_schema, 0,     \
			     RECORDS_MAX),
#define FIELD(kind, records, name, fallback, least, most, about, example)
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
	CYAML_FIELD_END
};

static const cyaml_schema_value_t root_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, root_fields) };

/* Where in struct raw, or in a record's struct, the text of the n-th row of the table stands. */
static const size_t offsets[] = {
#define ROOT(kind, name, fallback, least, most, about, example) offsetof(struct raw, name),
#define SECTION(name, about) offsetof(struct raw, name),
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example) offsetof(struct raw, section.name),
#define SECRET(section, name, about, example) offsetof(struct raw, section.name),
#define RECORDS(name, about) offsetof(struct raw, name),
#define FIELD(kind, records, name, fallback, least, most, about, example) offsetof(struct raw_##records, name),
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

static const struct config_list lists[] = {
/* in the order of config_list() */
#define ROOT(kind, name, fallback, least, most, about, example)
#define SECTION(name, about)
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example)
#define SECRET(section, name, about, example)
#define RECORDS(name, about)                                                                                           \
	{ #name, offsetof(struct raw, name), offsetof(struct raw, name##_count), sizeof(struct raw_##name) },
#define FIELD(kind, records, name, fallback, least, most, about, example)
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

static void keep_first(cyaml_log_t level, void *context, const char *format, va_list args)
{
	struct fault *fault = context;
	char text[512];

	(void)level;
	if (!fault || !fault_empty(fault))
		return;
	vsnprintf(text, sizeof text, format, args);
	fault_set(fault, "%.*s", STR_ARG(str_trim(str_of(text))));
}

static cyaml_config_t how(struct fault *fault)
{
	return (cyaml_config_t){
		.log_fn = keep_first,
		.log_ctx = fault,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

err raw_read(struct reading *r, str text, struct raw **out)
{
	cyaml_config_t config = how(r->fault);
	cyaml_data_t *data = NULL;
	cyaml_err_t e = cyaml_load_data((const uint8_t *)text.at, text.len, &config, &root_schema, &data, NULL);

	if (e == CYAML_ERR_OOM)
		return LATER(MEMORY, "no memory to read the configuration");
	if (e != CYAML_OK) {
		if (fault_empty(r->fault))
			fault_set(r->fault, "%s", cyaml_strerror(e));
		fault_where(r->fault, str_of(r->path), 0, 0);
		return NEVER(CONFIG, "the file is not as the schema says");
	}
	*out = data;
	return OK;
}

void raw_done(struct raw **raw)
{
	cyaml_config_t config = how(NULL);

	if (*raw)
		cyaml_free(&config, &root_schema, *raw, 0);
	*raw = NULL;
}

static size_t offset_of(const struct config_setting *s)
{
	size_t count;

	return offsets[s - config_settings(&count)];
}

size_t raw_records(const struct raw *raw, const struct config_setting *s)
{
	size_t place;
	unsigned count;

	must(config_list(s, &place));
	memcpy(&count, (const char *)raw + lists[place].count, sizeof count);
	return count;
}

const char *raw_text(const struct raw *raw, const struct config_setting *s, size_t record)
{
	const char *base = (const char *)raw, *text;
	size_t place;

	if (strstr(s->name, "[].")) {
		must(config_list(s, &place));
		const char *records;
		memcpy(&records, base + lists[place].first, sizeof records);
		base = records + record * lists[place].each;
	}
	memcpy(&text, base + offset_of(s), sizeof text);
	return text;
}

static err copy_word(struct arena *a, const char *from, const char **to)
{
	return from ? str_c(a, str_of(from), to) : OK;
}

err raw_secret(const struct raw *raw, const struct config_setting *s, struct arena *a, struct config_secret *out)
{
	struct config_secret copy = { 0 };
	const struct raw_secret *given;
	const char **command;

	memcpy(&given, (const char *)raw + offset_of(s), sizeof given);
	if (!given)
		return OK;
	TRY(copy_word(a, given->file, &copy.file));
	TRY(copy_word(a, given->credential, &copy.credential));
	if (given->command) {
		TRY(NEW_ARRAY(a, given->command_count + 1, command));
		for (unsigned i = 0; i < given->command_count; i++)
			TRY(copy_word(a, given->command[i], &command[i]));
		copy.command = command;
	}
	*out = copy;
	return OK;
}
