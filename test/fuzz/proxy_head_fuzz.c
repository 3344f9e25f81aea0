#include "wire/proxy_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes, never a byte is asked for that does not fit, and what was taken byte by byte is what is taken whole.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_head slowly = { 0 }, quickly = { 0 };
	str bytes = str_bytes(data, size);
	size_t want = 1, used = 0;
	err e = OK;

	while (used <= size) {
		e = proxy_head_read(str_upto(bytes, used), &slowly, &want);
		must(failed(e) || used + want <= PROXY_HEAD_MAX);
		if (failed(e) || want == 0)
			break;
		used++;
	}
	if (failed(e) || want || used > size)
		return 0;
	must(!failed(proxy_head_read(str_upto(bytes, used), &quickly, &want)) && want == 0);
	must(quickly.own == slowly.own && peer_same(&quickly.from, &slowly.from));
	return 0;
}
