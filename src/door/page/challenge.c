/* What a certificate authority asks for by plain HTTP: one file, whose name is never taken from the request. */
#include "door/page/page.h"

#include "sys/sys.h"

enum { PROOF_MAX = 512 };

err challenge_answer(const char *folder, str token, struct http_answer *answer)
{
	str before, after, proof;
	const char *file;

	if (!folder || token.len == 0)
		return NEVER(NOT_FOUND, "no challenge");
	TRY(path_join(answer->arena, folder, STR(TLS_CHALLENGE_PROOF), &file));
	TRY(file_read_all(answer->arena, file, PROOF_MAX, &proof));
	if (!str_cut(proof, '.', &before, &after) || !str_same(before, token))
		return NEVER(NOT_FOUND, "another challenge");
	answer->body = proof;
	return http_answer_field(answer, STR("Content-Type"), STR("application/octet-stream"));
}
