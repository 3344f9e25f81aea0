/* A telephone number is refused, or comes out as + and 8 to 15 digits; read again it is itself. */
#include "wire/phone.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[PHONE_MAX], again[PHONE_MAX];
	const char *reason = NULL;
	size_t len = 0, len_again = 0;

	err e = phone_read(str_bytes(data, size), STR("49"), out, &len, &reason);
	if (failed(e)) {
		must(reason != NULL && len == 0);
		return 0;
	}
	must(len >= 9 && len <= PHONE_MAX && out[0] == '+' && out[1] != '0');
	for (size_t i = 1; i < len; i++)
		must(out[i] >= '0' && out[i] <= '9');
	must(!failed(phone_read(str_bytes(out, len), STR_NONE, again, &len_again, &reason)));
	must(len == len_again && memcmp(out, again, len) == 0);
	return 0;
}
