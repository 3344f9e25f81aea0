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

/* One whom the message is for: a ring of its own, and in it the part of the key that was judged. */
struct recipient {
	rnp_ffi_t ring;
	rnp_key_handle_t part;
};
struct recipients {
	struct recipient each[PGP_RECIPIENTS_MAX];
	size_t count;
};

static void recipients_done(struct recipients *all)
{
	for (size_t i = 0; i < all->count; i++) {
		handle_done(&all->each[i].part);
		ring_done(&all->each[i].ring);
	}
}

/* What was judged is what is encrypted to, and is read once only: that takes longer than a small document. */
static err read_recipient(struct recipient *r, str bytes, uint64_t now, struct fault *f)
{
	OWNED(handle_done) rnp_key_handle_t primary = NULL;

	TRY(ring_open(now, &r->ring, f));
	TRY(ring_add(r->ring, bytes, &primary, f));
	return key_judge(primary, STR_NONE, &r->part, f);
}

static err read_recipients(const struct pgp_sealing *how, struct recipients *all, struct fault *f)
{
	while (all->count < how->count) {
		size_t i = all->count++;
		TRY(read_recipient(&all->each[i], how->keys[i], how->now, f));
	}
	return OK;
}

static err set_up(rnp_op_encrypt_t op, const struct recipients *all, const struct pgp_sealing *how, struct fault *f)
{
	for (size_t i = 0; i < all->count; i++)
		RNP(rnp_op_encrypt_add_recipient(op, all->each[i].part), f);
	RNP(rnp_op_encrypt_set_cipher(op, "AES256"), f);
	RNP(rnp_op_encrypt_set_aead(op, "None"), f);
	RNP(rnp_op_encrypt_set_compression(op, "Uncompressed", 0), f);
	RNP(rnp_op_encrypt_set_armor(op, how->armor), f);
	RNP(rnp_op_encrypt_set_file_name(op, how->name ? how->name : ""), f);
	return OK;
}

err pgp_seal(const struct pgp_sealing *how, struct source *from, struct sink *to, struct fault *f)
{
	OWNED(recipients_done) struct recipients all = { .count = 0 };
	OWNED(input_done) rnp_input_t in = NULL;
	OWNED(output_done) rnp_output_t out = NULL;
	OWNED(operation_done) rnp_op_encrypt_t op = NULL;
	struct flow flow = { .from = from, .to = to, .failed = OK };

	if (how->count == 0 || how->count > PGP_RECIPIENTS_MAX)
		return refuse_key(f, "a message is encrypted to at least one key and at most %d", PGP_RECIPIENTS_MAX);
	TRY(read_recipients(how, &all, f));
	RNP(rnp_input_from_callback(&in, read_more, NULL, &flow), f);
	RNP(rnp_output_to_callback(&out, write_more, NULL, &flow), f);
	RNP(rnp_op_encrypt_create(&op, all.each[0].ring, in, out), f);
	TRY(set_up(op, &all, how, f));
	rnp_result_t sealed = rnp_op_encrypt_execute(op);
	TRY(flow.failed);
	RNP(sealed, f);
	return OK;
}
