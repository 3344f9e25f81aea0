#include "flow/results.h"

#include "check/check.h"
#include "sys/sys.h"

static const str status_names[] = {
	[ROW_WAITING] = { "waiting", 7 }, [ROW_DELIVERED] = { "delivered", 9 },    [ROW_FAILED] = { "failed", 6 },
	[ROW_REFUSED] = { "refused", 7 }, [ROW_SUPPRESSED] = { "suppressed", 10 }, [ROW_CANCELLED] = { "cancelled", 9 },
};

str row_status_name(enum row_status s)
{
	return status_names[s];
}

err row_status_parse(str name, enum row_status *out)
{
	for (size_t i = 0; i < sizeof status_names / sizeof *status_names; i++)
		if (str_same(name, status_names[i])) {
			*out = (enum row_status)i;
			return OK;
		}
	return NEVER(LIST, "a status that no results file has");
}

static err write_row(struct arena *scratch, struct sink *to, const struct results *r, const str *cells)
{
	SCRATCH(scratch);
	str text;

	TRY(csv_row_text(scratch, cells, r->column_count + LIST_RESULTS, r->delimiter, &text));
	return sink_put(to, text);
}

static err write_result(struct arena *scratch, struct sink *to, const struct results *r, const struct result *row,
			str *cells)
{
	char delivery[ID_TEXT], expires[32];
	struct buf d = BUF_ON(delivery), e = BUF_ON(expires);
	str *own = cells + r->column_count;

	for (size_t i = 0; i < r->column_count; i++)
		cells[i] = row->cells[i];
	if (!id_none(row->delivery))
		buf_add_id(&d, row->delivery);
	if (!id_none(row->delivery) && row->expires_at)
		buf_add_moment(&e, row->expires_at);
	own[RESULT_STATUS] = row_status_name(row->status);
	own[RESULT_DELIVERY] = buf_str(&d);
	own[RESULT_LINK] = row->link;
	own[RESULT_EXPIRES_AT] = buf_str(&e);
	own[RESULT_PASSWORD] = row->password;
	own[RESULT_PROBLEM] = row->problem;
	return write_row(scratch, to, r, cells);
}

static err write_all(struct arena *scratch, struct sink *to, const struct results *r)
{
	str *cells;

	TRY(NEW_ARRAY(scratch, r->column_count + LIST_RESULTS, cells));
	memcpy(cells, r->columns, r->column_count * sizeof *cells);
	memcpy(cells + r->column_count, check_result_names, sizeof *cells * LIST_RESULTS);
	TRY(write_row(scratch, to, r, cells));
	for (size_t i = 0; i < r->count; i++)
		TRY(write_result(scratch, to, r, &r->rows[i], cells));
	return OK;
}

err results_write(struct arena *scratch, const char *path, const struct results *r, bool replace)
{
	SCRATCH(scratch);
	OWNED(sink_done) struct sink to = { 0 };

	TRY(file_put(scratch, path, 0600, replace, &to));
	TRY(write_all(scratch, &to, r));
	return sink_finish(&to);
}
