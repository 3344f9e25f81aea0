/* Shared files of AWS's programs: what is found lies within the file, and is the only one of its name. */
#include "wire/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = str_bytes(data, size), value = STR_NONE;
	struct ini_place wrong = { 0 };

	err e = ini_find(text, STR("default"), STR("aws_access_key_id"), &value, &wrong);
	must(!failed(e) || e.why == WHY_NOT_FOUND || e.why == WHY_SYNTAX);
	must((e.why == WHY_SYNTAX) == (wrong.line > 0) && wrong.line <= size);
	if (!failed(e)) {
		must(value.len == 0 || (value.at >= text.at && value.at + value.len <= text.at + text.len));
		must(str_clean(value) && str_same(str_trim(value), value));
	}
	(void)ini_has_section(text, STR("profile x"));
	return 0;
}
