/* Find the file, read it strictly, fill in the defaults, and judge the whole. */
#include "config/reading.h"

#include "sys/sys.h"

#include <string.h>

static const char *const places[] = { "letterlock.yaml", "/etc/letterlock/letterlock.yaml" };

static err find_file(const char *given, const char **out, struct fault *fault)
{
	if (given) {
		*out = given;
		return OK;
	}
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (file_exists(places[i])) {
			*out = places[i];
			return OK;
		}
	fault_set(fault, "there is no %s here and no %s; name one with --config, or begin with `letterlock init`",
		  places[0], places[1]);
	return NEVER(CONFIG, "no configuration was found");
}

static err refuse_file(struct reading *r, const char *why)
{
	fault_where(r->fault, str_of(r->path), 0, 0);
	fault_set(r->fault, "%s", why);
	return NEVER(CONFIG, "the file cannot be used");
}

/* Whoever may write the configuration decides which command is run and where documents go. */
static err check_file(struct reading *r)
{
	struct path_facts facts;
	err e = path_look(r->path, &facts);

	if (failed(e))
		return refuse_file(r, e.note);
	if (!facts.regular)
		return refuse_file(r, "this is no ordinary file");
	if (!facts.ours)
		return refuse_file(r, "this file belongs to another user; it must belong to you or to root");
	if (facts.others_write)
		return refuse_file(r, "group or others may write this file: chmod go-w it");
	return OK;
}

static err folder_of(struct arena *a, const char *path, const char **out)
{
	const char *slash = strrchr(path, '/');

	must(slash); /* the path is absolute */
	return str_c(a, str_bytes(path, slash == path ? 1 : (size_t)(slash - path)), out);
}

static err read_file(struct reading *r, const char *path, str *text)
{
	r->path = path;
	TRY(check_file(r));
	TRY(path_real(r->arena, path, &r->path));
	err e = file_read_all(r->arena, r->path, CONFIG_BYTES_MAX, text);
	return failed(e) ? refuse_file(r, e.why == WHY_LIMIT ? "this file is too large" : e.note) : OK;
}

static err fill(struct reading *r, const struct raw *raw, const struct config_setting *s, size_t record, void *field)
{
	const char *text = raw_text(raw, s, record);

	if (!text)
		text = s->fallback;
	if (!text)
		return reading_refuse(r, s, record, "this setting is missing; for example: %s", s->example);
	/* An empty default means: not set. Empty text in the file was refused before. */
	if (text == s->fallback && text[0] == 0)
		return OK;
	return value_read(r, s, record, text, field);
}

static const struct config_list lists[] = {
#define ROOT(kind, name, fallback, least, most, about, example)
#define SECTION(name, about)
#define SECTION_END(name)
#define SETTING(kind, section, name, fallback, least, most, about, example)
#define SECRET(section, name, about, example)
#define RECORDS(name, about)                                                                                           \
	{ #name, offsetof(struct config, name), offsetof(struct config, name##_count), sizeof(struct config_##name) },
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

const struct config_list *config_list(const struct config_setting *s, size_t *place)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		size_t len = strlen(lists[i].name);
		if (!strncmp(s->name, lists[i].name, len) && (!s->name[len] || s->name[len] == '[')) {
			*place = i;
			return &lists[i];
		}
	}
	must(false);
	return NULL;
}

/* The list as it stands in the config. */
static const char *records_of(const struct config *c, const struct config_setting *s, size_t n, size_t *count)
{
	size_t place;
	const struct config_list *l = config_list(s, &place);
	const char *first;

	memcpy(&first, (const char *)c + l->first, sizeof first);
	memcpy(count, (const char *)c + l->count, sizeof *count);
	return first ? first + n * l->each : NULL;
}

static bool is_field_of(const struct config_setting *s, const struct config_setting *records)
{
	size_t len = strlen(records->name);

	return !strncmp(s->name, records->name, len) && !strncmp(s->name + len, "[].", 3);
}

static err fill_records(struct reading *r, const struct raw *raw, const struct config_setting *list)
{
	size_t rows, count = raw_records(raw, list);
	const struct config_setting *table = config_settings(&rows);
	size_t place;
	const struct config_list *l = config_list(list, &place);
	void *room;

	TRY(arena_take_array(r->arena, count + 1, l->each, &room));
	char *records = room;
	for (size_t n = 0; n < count; n++)
		for (size_t i = 0; i < rows; i++)
			if (is_field_of(&table[i], list))
				TRY(fill(r, raw, &table[i], n, records + n * l->each + table[i].offset));
	memcpy((char *)r->config + l->first, &room, sizeof room);
	memcpy((char *)r->config + l->count, &count, sizeof count);
	return OK;
}

static err fill_one(struct reading *r, const struct raw *raw, const struct config_setting *s)
{
	char *field = (char *)r->config + s->offset;

	switch (s->kind) {
	case KIND_SECTION:
		return OK;
	case KIND_RECORDS:
		return fill_records(r, raw, s);
	case KIND_SECRET:
		return raw_secret(raw, s, r->arena, (struct config_secret *)(void *)field);
	default:
		return strstr(s->name, "[].") ? OK : fill(r, raw, s, 0, field);
	}
}

static err fill_all(struct reading *r, const struct raw *raw)
{
	size_t count;
	const struct config_setting *table = config_settings(&count);
	const struct config_setting *data = config_setting(STR("data"));

	/* Before the others, whose defaults stand below it. */
	TRY(fill_one(r, raw, data));
	r->data = r->config->data;
	for (size_t i = 0; i < count; i++)
		TRY(fill_one(r, raw, &table[i]));
	return OK;
}

static err read_all(struct reading *r, str text)
{
	OWNED(raw_done) struct raw *raw = NULL;

	TRY(marks_read(r, text));
	TRY(raw_read(r, text, &raw));
	TRY(NEW(r->arena, r->config));
	TRY(fill_all(r, raw));
	r->config->path = r->path;
	r->config->marks = r->marks;
	r->config->mark_count = r->mark_count;
	return config_validate(r, r->config);
}

err config_from_text(struct arena *a, const char *path, str text, const struct config **out, struct fault *fault)
{
	struct fault nowhere;
	struct reading r = { .arena = a, .fault = fault ? fault : &nowhere, .path = path };

	must(path[0] == '/');
	if (!str_utf8(text))
		return refuse_file(&r, "this file is not UTF-8");
	TRY(folder_of(a, path, &r.folder));
	TRY(read_all(&r, text));
	*out = r.config;
	return OK;
}

err config_open(struct arena *a, const char *path, const struct config **out, struct fault *fault)
{
	struct fault nowhere;
	struct reading r = { .arena = a, .fault = fault ? fault : &nowhere };
	str text;

	TRY(find_file(path, &path, fault));
	TRY(read_file(&r, path, &text));
	return config_from_text(a, r.path, text, out, fault);
}

size_t config_records(const struct config *c, const struct config_setting *s)
{
	size_t count = 1;

	if (s->kind == KIND_RECORDS || strstr(s->name, "[]."))
		(void)records_of(c, s, 0, &count);
	return count;
}

void config_print(const struct config *c, const struct config_setting *s, size_t n, struct buf *out)
{
	const char *base = (const char *)c;
	size_t count;

	if (strstr(s->name, "[]."))
		base = records_of(c, s, n, &count);
	value_print(s, base + s->offset, out);
}

uint64_t config_line(const struct config *c, const struct config_setting *s, size_t n)
{
	const struct config_mark *m = mark_find(c->marks, c->mark_count, s, n);

	return m ? m->line : 0;
}
