/* The linter ends, whatever the template is, and what it tells stands within the file. */
#include "compose/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t lines_of(str s)
{
	uint64_t lines = 1;

	for (size_t i = 0; i < s.len; i++)
		lines += s.at[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum template_form forms[] = { TEMPLATE_HTML, TEMPLATE_TEXT, TEMPLATE_LINE };
	struct lint_rules rules = { .own_hosts = STR("example.com"), .columns = STR("email name amount") };
	str source = str_bytes(data, size);

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct lint_finding *f = NULL;
		struct arena *a = NULL;
		must(!failed(arena_open(64 << 20, &a)));
		if (!failed(compose_lint_file(a, forms[i], STR("file"), source, &rules, &f)))
			for (; f; f = f->next)
				must(f->line <= lines_of(source) && f->words.len && f->rule);
		arena_close(a);
	}
	return 0;
}
