#include "wire/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is let in must be a head in the sense of RFC 9112 by a second, cruder look. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct http_rules rules = { .authority = STR("docs.example"), .body_max = 1000 };
	static struct http_head head;
	unsigned status = 0;
	str bytes = str_bytes(data, size);

	if (failed(http_head_parse(bytes, &rules, &head, &status))) {
		must(status >= 400 && status < 600);
		return 0;
	}
	must(str_ends(bytes, STR("\r\n\r\n")) && !str_has(bytes, 0));
	must(str_find(bytes, STR("\r\n\r\n")) == (ptrdiff_t)size - 4);
	must(str_starts(head.path, STR("/")) && !str_has(head.path, ' '));
	must(!http_head_field(&head, STR("transfer-encoding")) && http_head_field(&head, STR("host")));
	must(head.body_len <= rules.body_max);
	return 0;
}
