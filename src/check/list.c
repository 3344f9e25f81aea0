#include "check/list_inside.h"

#include <string.h>

enum { COLUMN_NAME_MAX = 128 };

const str check_result_names[LIST_RESULTS] = {
	[RESULT_STATUS] = STR("status"),         [RESULT_DELIVERY] = STR("delivery"), [RESULT_LINK] = STR("link"),
	[RESULT_EXPIRES_AT] = STR("expires_at"), [RESULT_PASSWORD] = STR("password"), [RESULT_PROBLEM] = STR("problem"),
};

struct list_rules check_list_rules(void)
{
	return (struct list_rules){
		.csv = {
			.bytes_max = 256u << 20,
			.header_max = 64u << 10,
			.field_max = 64u << 10,
			.row_max = 1u << 20,
			.columns_max = 200,
		},
		.rows_max = 1000000,
		.documents_max = 100,
	};
}

static void name_column(struct column *c)
{
	static const struct {
		str name;
		enum column_kind kind;
	} reserved[] = {
		{ STR("email"), COLUMN_EMAIL },
		{ STR("name"), COLUMN_NAME },
		{ STR("language"), COLUMN_LANGUAGE },
		{ STR("document"), COLUMN_DOCUMENT },
	};

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (str_same_nocase(c->name, reserved[i].name))
			c->kind = reserved[i].kind;
	for (int i = 0; i < LIST_RESULTS; i++)
		if (str_same_nocase(c->name, check_result_names[i])) {
			c->kind = COLUMN_RESULT;
			c->result = (enum list_result)i;
		}
}

/* Two columns that differ in case only would be one to a person, so they are one here, and refused. */
static bool named_before(const struct list_reading *r, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (str_same_nocase(r->columns[i].name, r->columns[index].name))
			return true;
	return false;
}

static err column_check(const struct list_reading *r, size_t index, struct fault *fault)
{
	const struct column *c = &r->columns[index];
	const char *reason = NULL;

	if (c->name.len == 0)
		reason = "a column has no name in the first line; delete it or name it";
	else if (c->name.len > COLUMN_NAME_MAX)
		reason = "the name of a column is longer than 128 octets";
	else if (failed(cell_check(c->name, &reason)))
		(void)0;
	else if (!str_clean(c->name) || str_has(c->name, '\t'))
		reason = "the name of a column holds a control character";
	if (reason) {
		fault_set(fault, "%s", reason);
		return NEVER(LIST, "a column has no usable name");
	}
	if (named_before(r, index)) {
		fault_set(fault, "two columns are named %.*s", STR_ARG(c->name));
		return NEVER(LIST, "two columns have one name");
	}
	if (c->kind == COLUMN_RESULT && !r->rules.is_results) {
		fault_set(fault, "a column is named %.*s, as one that the results add: rename it, or use --resume",
			  STR_ARG(c->name));
		return NEVER(LIST, "a column has a name of the results");
	}
	return OK;
}

static err columns_check(const struct list_reading *r, uint64_t row, struct fault *fault)
{
	for (size_t i = 0; i < r->count; i++) {
		err e = column_check(r, i, fault);
		if (failed(e) && fault)
			fault->row = row, fault->column = i + 1;
		TRY(e);
	}
	return OK;
}

static bool has_column(const struct list_reading *r, enum column_kind kind)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->columns[i].kind == kind)
			return true;
	return false;
}

static err read_header(struct list_reading *r, struct fault *fault)
{
	struct csv_row header;

	TRY(csv_next(r->csv, r->arena, &header, fault));
	if (header.count == 0) {
		fault_set(fault, "the list is empty");
		return NEVER(LIST, "the list is empty");
	}
	TRY(NEW_ARRAY(r->arena, header.count, r->columns));
	r->count = header.count;
	for (size_t i = 0; i < r->count; i++) {
		r->columns[i].name = str_trim(header.fields[i]);
		name_column(&r->columns[i]);
	}
	TRY(columns_check(r, header.row, fault));
	r->has_documents = has_column(r, COLUMN_DOCUMENT);
	if (has_column(r, COLUMN_EMAIL))
		return OK;
	if (fault)
		fault->row = header.row;
	fault_set(fault, "the list has no column named email in its first line");
	return NEVER(LIST, "the list has no column email");
}

static err own_columns(struct list_reading *r, struct list *list)
{
	TRY(NEW_ARRAY(r->arena, r->count, list->columns));
	list->column_count = 0;
	for (size_t i = 0; i < r->count; i++)
		if (r->columns[i].kind != COLUMN_RESULT)
			list->columns[list->column_count++] = r->columns[i].name;
	return OK;
}

static err open_reading(struct arena *a, struct source *from, const struct list_rules *rules, struct list *list,
			struct fault *fault)
{
	struct list_reading *r;

	TRY(NEW(a, r));
	r->arena = a;
	r->rules = *rules;
	list->reading = r;
	TRY(csv_open(a, from, &rules->csv, &r->csv, fault));
	list->delimiter = csv_delimiter(r->csv);
	list->had_bom = csv_had_bom(r->csv);
	TRY(read_header(r, fault));
	TRY(own_columns(r, list));
	return repeats_open(a, &r->repeats);
}

err check_list_open(struct arena *a, struct source *from, const struct list_rules *rules, struct list *out,
		    struct fault *fault)
{
	OWNED(check_list_done) struct list list = { 0 };

	TRY(open_reading(a, from, rules, &list, fault));
	*out = list;
	list.reading = NULL;
	return OK;
}

void check_list_done(struct list *list)
{
	if (list->reading) {
		csv_done(&list->reading->csv);
		repeats_close(list->reading->repeats);
	}
	list->reading = NULL;
}

/* Spreadsheets write rows of nothing but delimiters below a table; they are blank lines to their authors. */
static bool all_empty(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->fields[i].len)
			return false;
	return true;
}

static err next_filled(struct list_reading *r, struct arena *a, struct csv_row *row, struct fault *fault)
{
	do
		TRY(csv_next(r->csv, a, row, fault));
	while (row->count && all_empty(row));
	if (row->count && ++r->rows > r->rules.rows_max) {
		if (fault)
			fault->row = row->row;
		fault_set(fault, "the list has more than %llu rows", (unsigned long long)r->rules.rows_max);
		return NEVER(LIMIT, "the list has too many rows");
	}
	return OK;
}

err check_list_next(struct list *list, struct arena *row_arena, struct list_row *out, struct fault *fault)
{
	struct list_reading *r = list->reading;
	struct list_row row = { 0 };
	struct csv_row from;

	TRY(next_filled(r, row_arena, &from, fault));
	if (from.count) {
		row.row = from.row;
		TRY(row_judge(r, row_arena, &from, &row));
		if (!failed(row.verdict))
			TRY(repeats_note(r->repeats, row_arena, &row));
	}
	*out = row;
	return OK;
}
