/* A list of any bytes: every row ends, every bound holds, and what a writer makes of a row reads back as the row. */
#include "check/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(struct arena *a, const struct list_row *row, char delimiter, const struct csv_limits *limits)
{
	struct csv_reader *r = NULL;
	struct csv_row again;
	str text, head, cells[8] = { STR("h1"), STR("h2"), STR("h3") };
	size_t count = row->cell_count < 8 ? row->cell_count : 8;

	must(!failed(csv_row_text(a, cells, 3, delimiter, &head)));
	must(!failed(csv_row_text(a, row->cells, count, delimiter, &text)));
	must(!failed(str_format(a, &text, "%.*s%.*s", STR_ARG(head), STR_ARG(text))));
	struct source from = source_of_str(&text);
	must(!failed(csv_open(a, &from, limits, &r, NULL)));
	must(!failed(csv_next(r, a, &again, NULL)) && again.count == 3);
	must(!failed(csv_next(r, a, &again, NULL)) && again.count == count);
	for (size_t i = 0; i < count; i++)
		must(str_same(csv_unguard(again.fields[i]), row->cells[i]));
	csv_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL, *rows = NULL;
	struct list list = { 0 };
	struct list_rules rules = check_list_rules();
	struct fault fault = { 0 };
	str text = str_bytes(data, size);
	struct source from = source_of_str(&text);
	uint64_t before = 0;

	must(!failed(arena_open(1 << 20, &a)) && !failed(arena_open(1 << 22, &rows)));
	const struct csv_limits wide = rules.csv;
	rules.csv.field_max = rules.csv.header_max = 1024;
	rules.is_results = size % 2;
	if (!failed(check_list_open(a, &from, &rules, &list, &fault)))
		for (;;) {
			SCRATCH(rows);
			struct list_row row;
			if (failed(check_list_next(&list, rows, &row, &fault)) || row.row == 0)
				break;
			must(row.row > before && row.repeats < row.row);
			must(!failed(row.verdict) || !fault_empty(&row.problem));
			before = row.row;
			/* printf stops at a NUL, and such a row is refused anyway. */
			if (!failed(row.verdict) && row.cell_count)
				read_back(rows, &row, list.delimiter, &wide);
		}
	check_list_done(&list);
	arena_close(rows);
	arena_close(a);
	return 0;
}
