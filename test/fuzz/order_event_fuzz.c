/* Events from elsewhere: whatever was read names buckets and objects that can be named, and holds no control byte. */
#include "wire/order_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct order_wish *w)
{
	const str texts[] = { w->bucket, w->list, w->etag, w->documents_bucket, w->documents, w->template_name, w->as,
			      w->proof,  w->link, w->label };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		must(str_clean(texts[i]) && !str_has(texts[i], '\t') && str_utf8(texts[i]) &&
		     texts[i].len <= ORDER_TEXT_MAX);
	must(w->bucket.len >= 3 && w->list.len > 0 && w->list.len <= ORDER_NAME_MAX && w->list.at[0] != '/');
	must(str_find(w->list, STR("/../")) < 0 && !str_starts(w->list, STR("../")));
	must(w->documents.len == 0 || str_ends(w->documents, STR("/")));
	must(w->has_documents == (w->documents_bucket.len > 0));
	must(w->expires == 0 || (w->expires >= MINUTE && w->expires <= 366 * DAY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct order_wish *wishes = NULL;
	struct fault fault = { 0 };
	size_t count = 0;

	must(!failed(arena_open(16 << 20, &a)));
	err e = order_event_read(a, str_bytes(data, size), &wishes, &count, &fault);
	must(!failed(e) || e.fate == FATE_NEVER);
	must(!failed(e) || !fault_empty(&fault));
	must(count <= ORDER_WISHES_MAX);
	for (size_t i = 0; !failed(e) && i < count; i++)
		check(&wishes[i]);
	return 0;
}
