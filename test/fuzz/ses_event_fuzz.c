/* Events of SES: whatever is read is bounded, and one clean line each. */
#include "wire/ses_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_line(str text, size_t most)
{
	must(text.len <= most && str_clean(text) && str_utf8(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ses_event e;
	struct arena *a = NULL;
	size_t count = 0;

	must(!failed(arena_open(16 << 20, &a)));
	if (!failed(ses_event_read(a, str_bytes(data, size), &e, NULL))) {
		must(e.kind < SES_EVENT_KINDS && (e.message_id.len > 0) == (e.kind != SES_GREETING));
		must(!e.permanent || e.kind == SES_BOUNCE);
		must_be_line(e.message_id, SES_ID_MAX);
		must_be_line(e.what, SES_TEXT_MAX);
		must_be_line(e.tag, SES_ID_MAX);
		for (const struct ses_recipient *to = e.recipients; to; to = to->next, count++) {
			must(to->address.len > 0);
			must_be_line(to->address, 320);
			must_be_line(to->status, SES_TEXT_MAX);
			must_be_line(to->said, SES_TEXT_MAX);
		}
		must(count <= SES_RECIPIENTS_MAX);
	}
	arena_close(a);
	return 0;
}
