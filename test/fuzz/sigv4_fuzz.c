/* A request as text, signed both ways: what comes out has no line that did not go in, and the query is sorted. */
#include "wire/http_text.h"
#include "wire/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, const struct http_text *text, bool s3)
{
	static struct sigv4_field fields[HTTP_TEXT_FIELDS_MAX];
	const struct aws_credentials who = { STR("AKID"), STR("secret"), STR("token/+=") };
	struct sigv4_rules rules =
		sigv4_rules_of(s3 ? STR("s3") : STR("ses"), STR("eu-central-1"), 1700000000 * SECOND);
	struct sigv4_request request = { text->method, text->path, text->query, fields, text->field_count, STR("x") };
	struct sigv4 s;

	for (size_t i = 0; i < text->field_count; i++)
		fields[i] = (struct sigv4_field){ text->fields[i].name, text->fields[i].value };
	if (!failed(sigv4_sign(a, &request, &who, &rules, &s))) {
		must(str_clean(s.authorization) && str_of(s.signature).len == SIGV4_SIGNATURE);
		must(str_starts(s.canonical_request, text->method) && str_ends(s.canonical_request, STR("\nx")));
	}
	rules.expires = 60;
	if (!failed(sigv4_presign(a, &request, &who, &rules, &s)))
		must(str_find(s.query, STR("X-Amz-Expires=60")) >= 0 && str_clean(s.query));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_text text;
	struct arena *a = NULL;

	must(!failed(arena_open(64 << 20, &a)));
	if (!failed(http_text_read(str_bytes(data, size), &text, NULL))) {
		check(a, &text, true);
		check(a, &text, false);
	}
	arena_close(a);
	return 0;
}
