/* A message judged with whatever keys: the first line of the input is the record of every name, the rest is the
 * message. Nothing without a signature that was really made can pass, and no verdict is missing. */
#include "sign/sign.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err find(void *state, struct arena *a, str name, struct txt_record **out)
{
	struct txt_record *r;

	must(str_find(name, STR("._domainkey.")) > 0);
	TRY(NEW(a, r));
	r->text = *(str *)state;
	*out = r;
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct dkim_result *all;
	str record, message;

	str_cut(str_bytes(data, size), '\n', &record, &message);
	const struct txt_lookup dns = { .find = find, .state = &record };
	must(!failed(arena_open(16 << 20, &a)));
	if (!failed(sign_verify(a, message, &dns, (moment)1530000000 * SECOND, &all, NULL)))
		for (const struct dkim_result *r = all; r; r = r->next)
			must(r->result && r->reason && (r->reason[0] || strcmp(r->result, "pass") == 0));
	arena_close(a);
	return 0;
}
