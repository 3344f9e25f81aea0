/* What an earlier run wrote into its results file, found again by address and documents. */
#include "flow/send_inside.h"

#include "sys/sys.h"

struct entry {
	struct entry *next; /* in its slot */
	str key;
	struct earlier earlier;
};

struct earlier_run {
	struct entry **slot;
	size_t slots, count;
};

enum { SLOTS = 1 << 17 };

static size_t slot_of(const struct earlier_run *run, str key)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a: the keys are the sender's own */

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.at[i]) * 1099511628211u;
	return (size_t)(h % run->slots);
}

static err key_of(struct arena *a, str address, const str *documents, size_t count, str *out)
{
	struct buf b;
	size_t len = address.len;
	str lower;

	for (size_t i = 0; i < count; i++)
		len += 1 + documents[i].len;
	TRY(str_lower(a, address, &lower));
	TRY(buf_open(a, len, &b));
	buf_add(&b, lower);
	for (size_t i = 0; i < count; i++) {
		buf_add_char(&b, '\n');
		buf_add(&b, documents[i]);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static err read_earlier(const struct list_row *row, struct earlier *out)
{
	const str *own = row->results;

	*out = (struct earlier){ .link = own[RESULT_LINK], .password = own[RESULT_PASSWORD] };
	TRY(row_status_parse(own[RESULT_STATUS], &out->status));
	for (size_t i = out->link.len; i-- > 0;)
		if (out->link.at[i] == '/') {
			out->token = str_from(out->link, i + 1);
			break;
		}
	if (own[RESULT_DELIVERY].len == 0)
		return OK;
	TRY(id_parse(own[RESULT_DELIVERY], &out->delivery));
	return moment_parse(own[RESULT_EXPIRES_AT], &out->expires_at);
}

static err add(struct arena *a, struct earlier_run *run, const struct list_row *row)
{
	struct entry *entry;

	if (failed(row->verdict) || row->repeats)
		return OK;
	TRY(NEW(a, entry));
	TRY(read_earlier(row, &entry->earlier));
	TRY(key_of(a, row->address.text, row->documents, row->document_count, &entry->key));
	size_t at = slot_of(run, entry->key);
	entry->next = run->slot[at];
	run->slot[at] = entry;
	run->count++;
	return OK;
}

static err read_all(struct arena *a, struct list *list, struct earlier_run *run, struct fault *fault)
{
	struct list_row row;

	for (;;) {
		TRY(check_list_next(list, a, &row, fault));
		if (row.row == 0)
			return OK;
		err e = add(a, run, &row);
		if (failed(e)) {
			fault_set(fault, "this row is not one of a results file: %s", e.note);
			if (fault)
				fault->row = row.row;
			return e.fate == FATE_NEVER ? NEVER(LIST, "not a results file") : e;
		}
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
	TRY(NEW_ARRAY(a, run->slots, run->slot));
	TRY(file_open(path, FILE_READ | FILE_REGULAR, 0, &fd));
	TRY(file_source(a, fd, &from));
	TRY(check_list_open(a, &from, &as_results, &list, fault));
	TRY(read_all(a, &list, run, fault));
	*out = run;
	return OK;
}

const struct earlier *earlier_find(const struct earlier_run *run, str address, const str *documents, size_t count)
{
	char room[8192];
	struct buf key = BUF_ON(room);

	for (size_t i = 0; i < address.len; i++) {
		char c = address.at[i];
		buf_add_char(&key, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	for (size_t i = 0; i < count; i++) {
		buf_add_char(&key, '\n');
		buf_add(&key, documents[i]);
	}
	if (key.overflow)
		return NULL;
	for (const struct entry *e = run->slot[slot_of(run, buf_str(&key))]; e; e = e->next)
		if (str_same(e->key, buf_str(&key)))
			return &e->earlier;
	return NULL;
}
