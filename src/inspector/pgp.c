/* The library's things, and a ring for one job. */
#include "inspector/pgp_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool prepared;

/* The session keys of 0.18.0 were not random (CVE-2025-13470). */
static bool version_is_fit(void)
{
	return rnp_version() >= rnp_version_for(0, 16, 0) && rnp_version() != rnp_version_for(0, 18, 0);
}

/* Botan, below librnp, opens the system's source of chance once and reads from it for each ring; that one descriptor
 * the cage lets it keep (sys/cage.h). */
void pgp_prepare(void)
{
	rnp_ffi_t ring = NULL;

	setenv("RNP_LOG_CONSOLE", "0", 1); /* its messages quote what strangers wrote */
	prepared = version_is_fit() && rnp_ffi_create(&ring, "GPG", "GPG") == RNP_SUCCESS;
	ring_done(&ring);
}

err pgp_ready(struct fault *f)
{
	if (prepared)
		return OK;
	fault_set(f, "librnp %s cannot be used for OpenPGP: version 0.16 or newer is needed, and not 0.18.0",
		  rnp_version_string());
	return NEVER(UNSUPPORTED, "no usable librnp");
}

void ring_done(rnp_ffi_t *ring)
{
	if (*ring)
		(void)rnp_ffi_destroy(*ring);
	*ring = NULL;
}

void handle_done(rnp_key_handle_t *key)
{
	if (*key)
		(void)rnp_key_handle_destroy(*key);
	*key = NULL;
}

void uid_done(rnp_uid_handle_t *uid)
{
	if (*uid)
		(void)rnp_uid_handle_destroy(*uid);
	*uid = NULL;
}

void signature_done(rnp_signature_handle_t *s)
{
	if (*s)
		(void)rnp_signature_handle_destroy(*s);
	*s = NULL;
}

void input_done(rnp_input_t *in)
{
	if (*in)
		(void)rnp_input_destroy(*in);
	*in = NULL;
}

void output_done(rnp_output_t *out)
{
	if (*out)
		(void)rnp_output_destroy(*out);
	*out = NULL;
}

void text_done(char **text)
{
	rnp_buffer_destroy(*text);
	*text = NULL;
}

err refuse_key(struct fault *f, const char *format, ...)
{
	char words[sizeof f->what];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	fault_set(f, "%s", words);
	return NEVER(KEY, "the key cannot be encrypted to");
}

err library_failed(rnp_result_t r, struct fault *f)
{
	if (r == RNP_ERROR_OUT_OF_MEMORY)
		return LATER(MEMORY, "no memory");
	if (fault_empty(f))
		fault_set(f, "OpenPGP: %s", rnp_result_to_string(r));
	return NEVER(CRYPTO, "librnp failed");
}

err ring_open(uint64_t now, rnp_ffi_t *out, struct fault *f)
{
	OWNED(ring_done) rnp_ffi_t ring = NULL;

	TRY(pgp_ready(f));
	RNP(rnp_ffi_create(&ring, "GPG", "GPG"), f);
	RNP(rnp_set_timestamp(ring, now), f);
	*out = ring;
	ring = NULL;
	return OK;
}

/* The primary keys of what was added; a second one is an answer too. */
static err find_primary(rnp_ffi_t ring, rnp_key_handle_t *out, size_t *count, struct fault *f)
{
	rnp_identifier_iterator_t each;
	const char *fingerprint = NULL;
	err e = OK;

	RNP(rnp_identifier_iterator_create(ring, &each, "fingerprint"), f);
	*count = 0;
	while (!failed(e) && rnp_identifier_iterator_next(each, &fingerprint) == RNP_SUCCESS && fingerprint) {
		OWNED(handle_done) rnp_key_handle_t key = NULL;
		bool primary = false;
		if (rnp_locate_key(ring, "fingerprint", fingerprint, &key) != RNP_SUCCESS || !key ||
		    rnp_key_is_primary(key, &primary) != RNP_SUCCESS)
			e = refuse_key(f, "the key cannot be read");
		if (failed(e) || !primary)
			continue;
		if ((*count)++ == 0) {
			*out = key;
			key = NULL;
		}
	}
	(void)rnp_identifier_iterator_destroy(each);
	return e;
}

static err load(rnp_ffi_t ring, str bytes, struct fault *f)
{
	OWNED(input_done) rnp_input_t in = NULL;
	OWNED(text_done) char *results = NULL;
	size_t secret = 0;

	if (bytes.len > PGP_KEY_MAX)
		return refuse_key(f, "the key is larger than %d bytes", PGP_KEY_MAX);
	RNP(rnp_input_from_memory(&in, (const uint8_t *)bytes.at, bytes.len, false), f);
	if (rnp_import_keys(ring, in, RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS, &results) != RNP_SUCCESS)
		return refuse_key(f, "this is no OpenPGP public key");
	RNP(rnp_get_secret_key_count(ring, &secret), f);
	if (secret)
		return refuse_key(f, "this is a private key: give the public one, and nobody the private one");
	return OK;
}

err ring_add(rnp_ffi_t ring, str bytes, rnp_key_handle_t *primary, struct fault *f)
{
	OWNED(handle_done) rnp_key_handle_t found = NULL;
	size_t count = 0;

	TRY(load(ring, bytes, f));
	TRY(find_primary(ring, &found, &count, f));
	if (count == 0)
		return refuse_key(f, "this is no OpenPGP public key");
	if (count > 1)
		return refuse_key(f, "there are %zu keys in it: give the one that is meant", count);
	*primary = found;
	found = NULL;
	return OK;
}
