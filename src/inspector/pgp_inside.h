/* Inside inspector/pgp*.c only: a ring of keys for one job, and what is judged in it. */
#ifndef LETTERLOCK_INSPECTOR_PGP_INSIDE_H
#define LETTERLOCK_INSPECTOR_PGP_INSIDE_H

#include "inspector/pgp.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

/* librnp's things end with their block. */
void ring_done(rnp_ffi_t *ring);
void handle_done(rnp_key_handle_t *key);
void uid_done(rnp_uid_handle_t *uid);
void signature_done(rnp_signature_handle_t *s);
void input_done(rnp_input_t *in);
void output_done(rnp_output_t *out);
void text_done(char **text);

err ring_open(uint64_t now, rnp_ffi_t *out, struct fault *f);
/* One public key into the ring. NEVER KEY. */
err ring_add(rnp_ffi_t ring, str bytes, rnp_key_handle_t *primary, struct fault *f);
/* May be encrypted to: *part is what of it does. NEVER KEY with the reason. */
err key_judge(rnp_key_handle_t primary, str address, rnp_key_handle_t *part, struct fault *f);
/* Is the newest signature of the key's owner over it made with a hash that can be forged? */
err owner_is_forgeable(rnp_key_handle_t primary, rnp_uid_handle_t uid, bool *out);
err part_is_forgeable(rnp_key_handle_t primary, rnp_key_handle_t part, bool *out);

err refuse_key(struct fault *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
err library_failed(rnp_result_t r, struct fault *f);
#define RNP(call, f)                                                                                                   \
	do {                                                                                                           \
		rnp_result_t r_ = (call);                                                                              \
		if (r_ != RNP_SUCCESS)                                                                                 \
			return library_failed(r_, f);                                                                  \
	} while (0)

#endif
