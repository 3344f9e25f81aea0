/* Lines of a hostile server, as replies and as capabilities: what is kept is clean and bounded, whatever came. */
#include "wire/smtp.h"

#include <string.h>

static void check(const struct smtp_reply *r)
{
	str text = str_of(r->text), enhanced = str_of(r->enhanced);

	must(r->code >= 200 && r->code < 600 && text.len <= SMTP_TEXT_MAX && str_clean(text) && str_utf8(text));
	must(enhanced.len == 0 || (enhanced.len >= 5 && (unsigned)(enhanced.at[0] - '0') == r->code / 100));
	must(r->lines <= SMTP_REPLY_LINES_MAX && r->bytes <= SMTP_REPLY_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str rest = str_bytes(data, size), line, text = STR_NONE;
	struct smtp_capabilities can = { 0 };
	struct smtp_reply r = { 0 };

	while (rest.len) {
		(void)str_cut(rest, '\n', &line, &rest);
		smtp_capability_add(&can, line);
		if (failed(smtp_reply_add(&r, line, &text))) {
			r = (struct smtp_reply){ 0 };
			continue;
		}
		check(&r);
		smtp_capability_add(&can, text);
		if (r.complete)
			r = (struct smtp_reply){ 0 };
	}
	must(can.size || can.size_max == 0);
	return 0;
}
