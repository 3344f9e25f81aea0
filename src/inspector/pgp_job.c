/* The jobs: a key comes as the document and its facts are the answer, the key as it is to be kept the result; or keys
 * are parameters, documents come and one OpenPGP message goes. */
#include "inspector/inspector.h"
#include "inspector/pgp.h"

void prepare_pgp(void)
{
	pgp_prepare();
}

static err read_key(struct job *job, str *out)
{
	void *at;
	size_t got;

	TRY(arena_take(job->arena, PGP_KEY_MAX + 1, &at)); /* one more tells what is too large */
	TRY(source_read_full(job->document, at, PGP_KEY_MAX + 1, &got));
	*out = str_bytes(at, got);
	return OK;
}

err job_pgp_key(struct job *job, struct fault *fault)
{
	struct pgp_facts facts;
	str bytes;

	TRY(read_key(job, &bytes));
	TRY(pgp_key_read(job->arena, bytes, job_text(job, "address"), job_number(job, "now", 0), &facts, fault));
	TRY(sink_put(job->result, facts.bytes));
	return job_answer(job, json_pack("{s:s%, s:s%, s:I, s:I, s:I}", "fingerprint", facts.fingerprint.at,
					 facts.fingerprint.len, "algorithm", facts.algorithm.at, facts.algorithm.len,
					 "bits", (json_int_t)facts.bits, "created", (json_int_t)facts.created,
					 "expires", (json_int_t)facts.expires));
}

static err read_keys(struct job *job, str *keys, size_t *count)
{
	const json_t *list = json_object_get(job->parameters, "keys");

	if (json_array_size(list) > PGP_RECIPIENTS_MAX)
		return NEVER(LIMIT, "too many keys");
	for (*count = 0; *count < json_array_size(list); ++*count) {
		const json_t *one = json_array_get(list, *count);
		str text = str_bytes(json_string_value(one), json_string_length(one));
		struct buf bytes;
		TRY(buf_open(job->arena, text.len, &bytes));
		TRY(base64_decode(text, &bytes));
		keys[*count] = buf_str(&bytes);
	}
	return OK;
}

err job_pgp_seal(struct job *job, struct fault *fault)
{
	str keys[PGP_RECIPIENTS_MAX];
	struct pgp_sealing how = { .keys = keys, .armor = job_flag(job, "armor"), .now = job_number(job, "now", 0) };

	TRY(read_keys(job, keys, &how.count));
	TRY(str_c(job->arena, job_text(job, "name"), &how.name));
	return pgp_seal(&how, job->document, job->result, fault);
}
