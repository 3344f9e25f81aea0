/* Answers of SES: whatever they say, a quota is a number, a name is one, and nothing that is shown obeys. The first
 * byte is the status; a line gives the exception's name; the rest is the body. */
#include "wire/ses.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool shown_safely(const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			return false;
	return len < max && str_utf8(str_bytes(text, len));
}

static void refuse(unsigned status, str type, str body)
{
	struct ses_refusal r;

	ses_read_refusal(status, type, body, STR("documents@example.com"), &r);
	must(r.meaning && r.fault <= SES_CLOCK);
	must(shown_safely(r.name, sizeof r.name) && shown_safely(r.words, sizeof r.words));
	/* Nobody's mail is refused for good unless SES itself said so. */
	must(r.name[0] || (r.fault != SES_SANDBOX && r.fault != SES_DOUBT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_bytes(data, size), type, body, name;
	struct ses_account account;
	struct ses_identity identity;
	struct arena *a = NULL;
	bool tracks;

	if (!size)
		return 0;
	must(!failed(arena_open(1 << 20, &a)));
	(void)str_cut(str_from(input, 1), '\n', &type, &body);
	refuse(100 + 2 * (unsigned)data[0], type, body);
	if (!failed(ses_read_account(body, &account))) {
		must(isfinite(account.day_max) && account.day_max >= 0 && account.day_sent >= 0);
		must(account.per_second_max >= 0 && shown_safely(account.enforcement, sizeof account.enforcement));
	}
	if (!failed(ses_read_sent(a, body, &name)))
		must(name.len && str_clean(name) && !str_has(name, '"') && !str_has(name, ' '));
	if (!failed(ses_read_identity(body, &identity)))
		must(shown_safely(identity.configuration_set, sizeof identity.configuration_set));
	(void)failed(ses_read_tracks(body, &tracks));
	arena_close(a);
	return 0;
}
