/* What was accepted prints to what parses to itself, keeps every bound, and never holds a byte that a
 * protocol line could trip over. */
#include "wire/address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, const struct address *is)
{
	struct address again;

	must(!failed(address_parse(a, is->text, &again, NULL)));
	must(str_same(again.text, is->text) && str_same(again.local, is->local) && str_same(again.domain, is->domain));
	must(again.quoted == is->quoted && again.literal == is->literal && again.smtputf8 == is->smtputf8);
	must(is->text.len <= ADDRESS_MAX && is->local.len <= LOCAL_PART_MAX && is->local.len > 0);
	must(str_clean(is->text) && str_utf8(is->text) && !str_has(is->text, '\t'));
	must(!str_has(is->domain, '@') && !str_has(is->domain, ' '));
	must(is->quoted || (!str_has(is->local, '@') && !str_has(is->local, ' ') && !str_has(is->local, '"')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct address is;
	const char *reason = NULL;

	must(!failed(arena_open(1 << 20, &a)));
	if (failed(address_parse(a, str_bytes(data, size), &is, &reason)))
		must(reason && reason[0]);
	else
		check(a, &is);
	(void)failed(display_name_check(str_bytes(data, size), NULL));
	arena_close(a);
	return 0;
}
