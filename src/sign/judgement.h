/* Inside sign only: one signature while it is judged. Each step says true to go on, or gives its verdict and says
 * false: the first thing wrong ends the judgement. */
#ifndef LETTERLOCK_SIGN_JUDGEMENT_H
#define LETTERLOCK_SIGN_JUDGEMENT_H

#include "sign/signed_part.h"

#include "wire/dkim_tags.h"

/* RFC 8601 2.7.1 */
#define PASS "pass"
#define FAIL "fail"
#define POLICY "policy"
#define TEMPERROR "temperror"
#define PERMERROR "permerror"

struct judgement {
	struct arena *arena;
	const struct header *header;
	str body;
	const struct txt_lookup *dns;
	moment now;
	const struct header_field *field;
	struct dkim_tags tags;
	enum signature_algorithm algorithm;
	enum canon canon_header, canon_body;
	struct dkim_key key;
	struct dkim_result *result;
};

bool judgement_verdict(struct judgement *j, const char *result, const char *reason); /* false */
/* For what failed beneath: ours to try again (temperror), or theirs for good. */
bool judgement_failed(struct judgement *j, err e, const char *reason);
str judgement_tag(const struct judgement *j, str name);
bool judgement_has(const struct judgement *j, str name);
str judgement_after_last(str s, char c); /* empty if there is none */

bool judge_field(struct judgement *j); /* RFC 6376 6.1.1 */
bool judge_key(struct judgement *j);   /* 6.1.2 */

#endif
