/* Reading the columns of the row a query stands on. */
#include "db/inside.h"

bool db_row_none(const struct db_rows *rows, int column)
{
	return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t db_row_number(const struct db_rows *rows, int column)
{
	return sqlite3_column_int64(rows->statement, column);
}

id db_row_id(const struct db_rows *rows, int column)
{
	id out = { 0 };
	str bytes = db_row_peek(rows, column);

	if (bytes.len == sizeof out.byte)
		memcpy(out.byte, bytes.at, sizeof out.byte);
	return out;
}

str db_row_peek(const struct db_rows *rows, int column)
{
	const void *at = sqlite3_column_blob(rows->statement, column);

	return str_bytes(at, at ? (size_t)sqlite3_column_bytes(rows->statement, column) : 0);
}

err db_row_bytes(const struct db_rows *rows, int column, struct arena *a, str *out)
{
	return str_copy(a, db_row_peek(rows, column), out);
}
