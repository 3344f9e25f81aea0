/* What an earlier run wrote into its results file, found again by address and documents. */
#include "flow/send_inside.h"

#include "sys/sys.h"

struct earlier_entry {
	struct earlier_entry *next; /* in its slot */
	str key;
	struct earlier earlier;
};

enum { SLOTS = 1 << 17 };

static size_t slot_of(const struct earlier_run *run, str key)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a: the keys are the sender's own */

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.at[i]) * 1099511628211u;
	return (size_t)(h % run->slots);
}

static err key_of(struct arena *a, const struct list_row *row, str *out)
{
	struct buf b;
	size_t len = row->address.text.len;
	str lower;

	for (size_t i = 0; i < row->document_count; i++)
		len += 1 + row->documents[i].len;
	TRY(str_lower(a, row->address.text, &lower));
	TRY(buf_open(a, len, &b));
	buf_add(&b, lower);
	for (size_t i = 0; i < row->document_count; i++) {
		buf_add_char(&b, '\n');
		buf_add(&b, row->documents[i]);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static err read_earlier(const struct list_row *row, struct earlier *out)
{
	const str *own = row->results;

	*out = (struct earlier){ .link = own[RESULT_LINK], .password = own[RESULT_PASSWORD], .cells = row->cells };
	TRY(row_status_parse(own[RESULT_STATUS], &out->status));
	for (size_t i = out->link.len; i-- > 0;)
		if (out->link.at[i] == '/') {
			out->token = str_from(out->link, i + 1);
			break;
		}
	if (own[RESULT_DELIVERY].len == 0)
		return OK;
	TRY(id_parse(own[RESULT_DELIVERY], &out->delivery));
	/* A mail that carried its documents has nothing that ends. */
	return own[RESULT_EXPIRES_AT].len ? moment_parse(own[RESULT_EXPIRES_AT], &out->expires_at) : OK;
}

static err not_results(struct fault *fault, uint64_t row, const char *words)
{
	fault_set(fault, "this row is not one of a results file: %s", words);
	if (fault)
		fault->row = row;
	return NEVER(LIST, "not a results file");
}

static err add_readable(struct arena *a, struct earlier_run *run, const struct list_row *row)
{
	struct earlier_entry *entry;

	TRY(NEW(a, entry));
	TRY(read_earlier(row, &entry->earlier));
	TRY(key_of(a, row, &entry->key));
	size_t at = slot_of(run, entry->key);
	entry->next = run->slot[at];
	run->slot[at] = entry;
	*run->last = &entry->earlier;
	run->last = &entry->earlier.next;
	return OK;
}

static err add(struct arena *a, struct earlier_run *run, const struct list_row *row, struct fault *fault)
{
	if (row->repeats)
		return OK;
	if (failed(row->verdict)) /* as it was when the run refused it, unless somebody has changed the file */
		return row->results[RESULT_DELIVERY].len ? not_results(fault, row->row, row->problem.what) : OK;
	err e = add_readable(a, run, row);
	return e.fate == FATE_NEVER && e.why != WHY_LIMIT ? not_results(fault, row->row, e.note) : e;
}

static err read_all(struct arena *a, struct list *list, struct earlier_run *run, struct fault *fault)
{
	struct list_row row;

	for (;;) {
		TRY(check_list_next(list, a, &row, fault));
		if (row.row == 0)
			return OK;
		TRY(add(a, run, &row, fault));
	}
}

err earlier_read(struct arena *a, const char *path, const struct list_rules *rules, struct earlier_run **out,
		 struct fault *fault)
{
	OWNED(source_done) struct source from = { 0 };
	OWNED(check_list_done) struct list list = { 0 };
	struct list_rules as_results = *rules;
	struct earlier_run *run;
	int fd;

	fault_where(fault, str_of(path), 0, 0);
	as_results.is_results = true;
	TRY(NEW(a, run));
	run->slots = SLOTS;
	run->last = &run->first;
	TRY(NEW_ARRAY(a, run->slots, run->slot));
	TRY(file_open(path, FILE_READ | FILE_REGULAR, 0, &fd));
	TRY(file_source(a, fd, &from));
	TRY(check_list_open(a, &from, &as_results, &list, fault));
	run->columns = list.columns;
	run->column_count = list.column_count;
	TRY(read_all(a, &list, run, fault));
	*out = run;
	return OK;
}

err earlier_find(struct earlier_run *run, struct arena *scratch, const struct list_row *row, const struct earlier **out)
{
	SCRATCH(scratch);
	str key;

	*out = NULL;
	TRY(key_of(scratch, row, &key));
	for (struct earlier_entry *e = run->slot[slot_of(run, key)]; e && !*out; e = e->next)
		if (str_same(e->key, key)) {
			e->earlier.in_list = true;
			*out = &e->earlier;
		}
	return OK;
}
