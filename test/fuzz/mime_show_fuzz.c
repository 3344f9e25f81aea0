/* What passes our own scan, GMime reads without harm, and the answer is JSON. */
#include "inspector/mime.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void prepare_mime(void);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int prepared;
	struct mime_limits limits = mime_limits;
	str message = str_bytes(data, size);
	struct source source = source_of_str(&message);
	struct arena *a = NULL;
	struct buf json;

	if (!prepared++)
		prepare_mime();
	limits.headers = 32 << 10; /* what is allocated in advance takes longer than a small message */
	limits.parts = 50;
	must(!failed(arena_open(64 << 20, &a)) && !failed(buf_open(a, 128 << 10, &json)));
	if (!failed(mime_show(a, &limits, false, &source, &json, NULL))) {
		json_t *j = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		must(json_is_object(j) && json_is_array(json_object_get(j, "parts")));
		json_decref(j);
	}
	arena_close(a);
	return 0;
}
