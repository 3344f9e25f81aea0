/* The strict walk over the file before its values are read: every key must be known and stand once, every
 * value must be there and of the right shape, and what YAML offers beyond that is refused. It notes where
 * each value stands, which the values' own errors and `config show` tell later. */
#include "config/reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct walk {
	struct reading *reading;
	yaml_parser_t parser;
	yaml_event_t event;
	bool holds;
};

static void walk_done(struct walk *w)
{
	if (w->holds)
		yaml_event_delete(&w->event);
	yaml_parser_delete(&w->parser);
}

__attribute__((format(printf, 2, 3))) static err refuse(struct walk *w, const char *format, ...)
{
	struct reading *r = w->reading;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fault_set(r->fault, "%s", text);
	fault_where(r->fault, str_of(r->path), w->event.start_mark.line + 1, w->event.start_mark.column + 1);
	return NEVER(CONFIG, "the file is not as it must be");
}

static err refuse_syntax(struct walk *w)
{
	struct reading *r = w->reading;
	const yaml_mark_t *at = &w->parser.problem_mark;

	fault_set(r->fault, "this is not YAML: %s", w->parser.problem ? w->parser.problem : "it cannot be read");
	fault_where(r->fault, str_of(r->path), at->line + 1, at->column + 1);
	return NEVER(CONFIG, "not YAML");
}

static const unsigned char *anchor_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return e->data.alias.anchor;
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static const unsigned char *tag_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.tag;
	default:
		return NULL;
	}
}

static err next(struct walk *w)
{
	if (w->holds)
		yaml_event_delete(&w->event);
	w->holds = yaml_parser_parse(&w->parser, &w->event);
	if (!w->holds)
		return refuse_syntax(w);
	if (anchor_of(&w->event))
		return refuse(w, "anchors and aliases are not allowed here: write the value out");
	if (tag_of(&w->event))
		return refuse(w, "tags (!…) are not allowed here");
	return OK;
}

static str scalar(const struct walk *w)
{
	return str_bytes(w->event.data.scalar.value, w->event.data.scalar.length);
}

static err note(struct walk *w, const struct config_setting *s, size_t record)
{
	struct reading *r = w->reading;

	if (r->mark_count == r->mark_max)
		return refuse(w, "there are too many settings");
	r->marks[r->mark_count++] = (struct config_mark){
		.setting = s,
		.record = record,
		.line = w->event.start_mark.line + 1,
		.column = w->event.start_mark.column + 1,
	};
	return OK;
}

/* The nearest name among those that could stand at this place, without the prefix they share. */
static str nearest_here(str prefix, str key)
{
	size_t count;
	const struct config_setting *table = config_settings(&count);
	struct nearest n = NEAREST(key);

	for (size_t i = 0; i < count; i++) {
		str name = str_of(table[i].name);
		if (str_starts(name, prefix) && !str_has(str_from(name, prefix.len), '.'))
			nearest_offer(&n, str_from(name, prefix.len));
	}
	return n.best;
}

static err unknown_key(struct walk *w, str prefix, str key)
{
	str near = nearest_here(prefix, key);

	if (near.len)
		return refuse(w, "there is no setting %.*s%.*s; did you mean %.*s%.*s?", STR_ARG(prefix), STR_ARG(key),
			      STR_ARG(prefix), STR_ARG(near));
	return refuse(w, "there is no setting %.*s%.*s", STR_ARG(prefix), STR_ARG(key));
}

static err find_key(struct walk *w, str prefix, size_t record, const struct config_setting **out)
{
	char room[256];
	struct buf name = BUF_ON(room);

	if (w->event.type != YAML_SCALAR_EVENT)
		return refuse(w, "a setting's name is expected here");
	buf_add(&name, prefix);
	buf_add(&name, scalar(w));
	const struct config_setting *s = name.overflow ? NULL : config_setting(buf_str(&name));
	if (!s || str_has(scalar(w), '.') || str_has(scalar(w), '['))
		return unknown_key(w, prefix, scalar(w));
	const struct config_mark *before = mark_find(w->reading->marks, w->reading->mark_count, s, record);
	if (before)
		return refuse(w, "%s stands here a second time; the first is in line %llu", s->name,
			      (unsigned long long)before->line);
	*out = s;
	return note(w, s, record);
}

static err must_be_text(struct walk *w, const char *name)
{
	if (w->event.type != YAML_SCALAR_EVENT)
		return refuse(w, "%s takes one value, not a list or a group", name);
	if (scalar(w).len == 0)
		return refuse(w, "%s has no value; give one, or leave the line out", name);
	if (!str_clean(scalar(w)) || !str_utf8(scalar(w)))
		return refuse(w, "%s holds characters that are not allowed", name);
	return OK;
}

static err walk_command(struct walk *w, const char *name)
{
	size_t words = 0;

	if (w->event.type != YAML_SEQUENCE_START_EVENT)
		return refuse(w, "%s: command takes a list of words: [program, argument]", name);
	for (;;) {
		TRY(next(w));
		if (w->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		TRY(must_be_text(w, name));
		if (++words > COMMAND_WORDS_MAX)
			return refuse(w, "%s: the command has more than %d words", name, COMMAND_WORDS_MAX);
	}
	return words ? OK : refuse(w, "%s: the command has no words", name);
}

/* A literal is refused without being shown. */
static err walk_secret(struct walk *w, const char *name)
{
	static const char how[] = "write { file: PATH }, { credential: NAME } or { command: [WORD, ...] }";

	if (w->event.type != YAML_MAPPING_START_EVENT)
		return refuse(w, "%s: a secret never stands in this file; %s", name, how);
	TRY(next(w));
	if (w->event.type != YAML_SCALAR_EVENT)
		return refuse(w, "%s: %s", name, how);
	bool command = str_same(scalar(w), STR("command"));
	if (!command && !str_same(scalar(w), STR("file")) && !str_same(scalar(w), STR("credential")))
		return refuse(w, "%s: %s", name, how);
	TRY(next(w));
	TRY(command ? walk_command(w, name) : must_be_text(w, name));
	TRY(next(w));
	if (w->event.type != YAML_MAPPING_END_EVENT)
		return refuse(w, "%s: only one of file, credential and command", name);
	return OK;
}

static err walk_group(struct walk *w, str prefix, size_t record);

static err walk_records(struct walk *w, const char *name)
{
	char room[128];
	struct buf prefix = BUF_ON(room);
	size_t record = 0;

	buf_add_format(&prefix, "%s[].", name);
	if (w->event.type != YAML_SEQUENCE_START_EVENT)
		return refuse(w, "%s is a list: begin each entry with a dash", name);
	for (;; record++) {
		TRY(next(w));
		if (w->event.type == YAML_SEQUENCE_END_EVENT)
			return OK;
		if (record == RECORDS_MAX)
			return refuse(w, "%s has more than %d entries", name, RECORDS_MAX);
		if (w->event.type != YAML_MAPPING_START_EVENT)
			return refuse(w, "an entry of %s is a group of settings", name);
		TRY(walk_group(w, buf_str(&prefix), record));
	}
}

static err walk_section(struct walk *w, const char *name)
{
	char room[128];
	struct buf prefix = BUF_ON(room);

	buf_add_format(&prefix, "%s.", name);
	if (w->event.type != YAML_MAPPING_START_EVENT)
		return refuse(w, "%s holds settings, indented below it; leave it out if there are none", name);
	return walk_group(w, buf_str(&prefix), 0);
}

static err walk_value(struct walk *w, const struct config_setting *s)
{
	switch (s->kind) {
	case KIND_SECTION:
		return walk_section(w, s->name);
	case KIND_RECORDS:
		return walk_records(w, s->name);
	case KIND_SECRET:
		return walk_secret(w, s->name);
	default:
		return must_be_text(w, s->name);
	}
}

/* From after the mapping's start to its end. */
static err walk_group(struct walk *w, str prefix, size_t record)
{
	const struct config_setting *s = NULL;

	for (;;) {
		TRY(next(w));
		if (w->event.type == YAML_MAPPING_END_EVENT)
			return OK;
		TRY(find_key(w, prefix, record, &s));
		must(s);
		TRY(next(w));
		TRY(walk_value(w, s));
	}
}

static err walk_file(struct walk *w)
{
	TRY(next(w)); /* the stream's start */
	TRY(next(w));
	if (w->event.type != YAML_DOCUMENT_START_EVENT)
		return refuse(w, "the file is empty");
	TRY(next(w));
	if (w->event.type != YAML_MAPPING_START_EVENT)
		return refuse(w, "the file must hold settings, `name: value` a line");
	TRY(walk_group(w, STR(""), 0));
	TRY(next(w)); /* the document's end */
	TRY(next(w));
	if (w->event.type != YAML_STREAM_END_EVENT)
		return refuse(w, "a second document begins here; there may be only one");
	return OK;
}

err marks_read(struct reading *r, str text)
{
	OWNED(walk_done) struct walk w = { .reading = r };

	r->mark_max = 1024;
	TRY(NEW_ARRAY(r->arena, r->mark_max, r->marks));
	if (!yaml_parser_initialize(&w.parser))
		return LATER(MEMORY, "no memory to read YAML");
	yaml_parser_set_encoding(&w.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&w.parser, (const unsigned char *)text.at, text.len);
	return walk_file(&w);
}

const struct config_mark *mark_find(const struct config_mark *marks, size_t count, const struct config_setting *s,
				    size_t record)
{
	for (size_t i = 0; i < count; i++)
		if (marks[i].setting == s && marks[i].record == record)
			return &marks[i];
	return NULL;
}

err reading_refuse(struct reading *r, const struct config_setting *s, size_t record, const char *format, ...)
{
	const struct config_mark *m = mark_find(r->marks, r->mark_count, s, record);
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fault_set(r->fault, "%s: %s", s->name, text);
	fault_where(r->fault, str_of(r->path), m ? m->line : 0, m ? m->column : 0);
	return NEVER(CONFIG, "a setting is not valid");
}
