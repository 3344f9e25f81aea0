/* One OpenPGP message to one or several keys, through a window. */
#include "inspector/pgp_inside.h"

/* What the library's callbacks have in their hands; the first thing that failed below is what is told. */
struct flow {
	struct source *from;
	struct sink *to;
	err failed;
};

static bool read_more(void *state, void *to, size_t max, size_t *got)
{
	struct flow *flow = state;

	*got = 0;
	if (max && !failed(flow->failed))
		flow->failed = source_read(flow->from, to, max, got);
	return !failed(flow->failed);
}

static bool write_more(void *state, const void *from, size_t len)
{
	struct flow *flow = state;

	if (!failed(flow->failed))
		flow->failed = sink_write(flow->to, from, len);
	return !failed(flow->failed);
}

static void operation_done(rnp_op_encrypt_t *op)
{
	if (*op)
		(void)rnp_op_encrypt_destroy(*op);
	*op = NULL;
}

/* Judged alone, then put into the ring that all recipients share: what was judged is what is encrypted to. */
static err add_recipient(struct arena *a, rnp_op_encrypt_t op, rnp_ffi_t ring, str bytes, uint64_t now, struct fault *f)
{
	OWNED(input_done) rnp_input_t in = NULL;
	OWNED(handle_done) rnp_key_handle_t key = NULL;
	struct pgp_facts facts;
	const char *fingerprint;

	TRY(pgp_key_read(a, bytes, STR_NONE, now, &facts, f));
	RNP(rnp_input_from_memory(&in, (const uint8_t *)facts.bytes.at, facts.bytes.len, false), f);
	RNP(rnp_import_keys(ring, in, RNP_LOAD_SAVE_PUBLIC_KEYS, NULL), f);
	TRY(str_c(a, facts.fingerprint, &fingerprint));
	RNP(rnp_locate_key(ring, "fingerprint", fingerprint, &key), f);
	if (!key)
		return refuse_key(f, "the key cannot be read");
	RNP(rnp_op_encrypt_add_recipient(op, key), f);
	return OK;
}

static err set_up(struct arena *a, rnp_op_encrypt_t op, rnp_ffi_t ring, const struct pgp_sealing *how, struct fault *f)
{
	for (size_t i = 0; i < how->count; i++)
		TRY(add_recipient(a, op, ring, how->keys[i], how->now, f));
	RNP(rnp_op_encrypt_set_cipher(op, "AES256"), f);
	RNP(rnp_op_encrypt_set_aead(op, "None"), f);
	RNP(rnp_op_encrypt_set_compression(op, "Uncompressed", 0), f);
	RNP(rnp_op_encrypt_set_armor(op, how->armor), f);
	RNP(rnp_op_encrypt_set_file_name(op, how->name ? how->name : ""), f);
	return OK;
}

err pgp_seal(struct arena *a, const struct pgp_sealing *how, struct source *from, struct sink *to, struct fault *f)
{
	OWNED(ring_done) rnp_ffi_t ring = NULL;
	OWNED(input_done) rnp_input_t in = NULL;
	OWNED(output_done) rnp_output_t out = NULL;
	OWNED(operation_done) rnp_op_encrypt_t op = NULL;
	struct flow flow = { .from = from, .to = to, .failed = OK };

	if (how->count == 0 || how->count > PGP_RECIPIENTS_MAX)
		return refuse_key(f, "a message is encrypted to at least one key and at most %d", PGP_RECIPIENTS_MAX);
	TRY(ring_open(how->now, &ring, f));
	RNP(rnp_input_from_callback(&in, read_more, NULL, &flow), f);
	RNP(rnp_output_to_callback(&out, write_more, NULL, &flow), f);
	RNP(rnp_op_encrypt_create(&op, ring, in, out), f);
	TRY(set_up(a, op, ring, how, f));
	rnp_result_t sealed = rnp_op_encrypt_execute(op);
	TRY(flow.failed);
	RNP(sealed, f);
	return OK;
}
