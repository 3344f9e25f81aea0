#include "inspector/pdf_inside.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is unlocked stays within its bytes, and what is sealed is not touched. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[PDF_FILE_KEY] = { 1, 2, 3 };
	static const struct pdf_order order = { .password = "user", .owner = "owner" };
	OWNED(pdf_unlocked_done) struct pdf_unlocked copy = { 0 };
	OWNED(arena_done) struct arena *arena = NULL;
	qpdf_data original = qpdf_init();
	struct pdf_sealed sealed;
	str bytes;

	must(!failed(arena_open(16 << 20, &arena)));
	must(!failed(str_copy(arena, str_bytes(data, size), &bytes)));
	if (!failed(pdf_unlock(bytes, &copy))) {
		must(copy.len == size && memmem(copy.at, size, PDF_UNLOCKED_NAME, strlen(PDF_UNLOCKED_NAME)));
		(void)pdf_unlock_objects(&copy, key);
	}
	qpdf_empty_pdf(original);
	must(failed(pdf_check(&order, bytes, original, &sealed))); /* it has no page */
	must(size == 0 || memcmp(bytes.at, data, size) == 0);
	qpdf_cleanup(&original);
	return 0;
}
