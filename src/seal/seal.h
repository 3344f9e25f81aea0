/* seal: plaintext in, sealed bytes out, both as streams. Here is the zip container: AES-256 in WinZip's AE-2 form
 * (vendor version 2, strength 3, method 99, CRC field 0), as 7-Zip, WinZip, Keka, libarchive and others open it.
 *
 * The sink below is never asked to seek and may be a pipe. A document that fits into the window of the workspace is
 * compressed first and has exact sizes before its data; a longer one flows through the window and its sizes follow it
 * (PKWARE APPNOTE 4.3.9). Zip64 is used where the sizes need it, names are UTF-8 (bit 11) and cleaned. Dense data,
 * most of any PDF, is not squeezed in vain.
 *
 * A zip tells names, sizes and times of what is in it without any password. With `hide_names` the documents stand in
 * an inner archive, and the outer one has a single entry, documents.zip.
 *
 * Every entry has a key and a salt of its own. Keys are derived before, for many documents at once, because that is
 * most of the work and the processor has lanes for it. What was written is complete only after seal_zip_finish(). */
#ifndef LETTERLOCK_SEAL_H
#define LETTERLOCK_SEAL_H

#include "base/base.h"
#include "crypt/crypt.h"

/* A name that is safe to write into an archive and to save on any system: the last part of a path, without control,
 * direction and invisible characters, without what Windows forbids or treats as a device, neither hidden nor ending
 * in dots or spaces, at most 200 bytes, never empty ("document"). Malformed UTF-8 becomes '_'. */
enum { SEAL_NAME_MAX = 200 };
err seal_name_clean(struct arena *a, str name, str *out);

/* ── Keys ────────────────────────────────────────────────────────────────────────────────────────── */

struct zip_key {
	uint8_t salt[AE2_SALT];
	struct ae2_keys keys;
};

/* NEVER WEAK_PASSWORD for an empty password, NEVER LIMIT beyond 64 bytes: HMAC hashes longer ones first, and then
 * two different passwords open the archive (B-46). Whether a password is strong is decided in check. */
err seal_zip_password(str password);
/* One key for each password, each with a fresh salt. Wipe them after use. */
err seal_zip_keys(const struct entropy *e, const str *passwords, size_t count, struct zip_key *out);

/* ── Archives ────────────────────────────────────────────────────────────────────────────────────── */

/* Room for compressing, to be used again and again by one thread; one archive at a time. */
struct zip_workspace;
err zip_workspace_open(struct zip_workspace **out);
void zip_workspace_done(struct zip_workspace **w);

#define ZIP_SIZE_UNKNOWN UINT64_MAX

struct zip_options {
	struct zip_workspace *workspace;
	const struct zip_key *keys; /* one an entry, or one for all with hide_names; they must outlive the archive */
	size_t key_count;
	bool hide_names;
	moment made_at;      /* the time documents.zip shows */
	uint64_t total_size; /* of all documents if known: spares zip64 when names are hidden */
	uint64_t zip64_from; /* 0: where the format needs it; tests lower it */
};
size_t seal_zip_keys_needed(bool hide_names, size_t documents);

struct zip;
err seal_zip_begin(struct arena *a, const struct zip_options *o, struct sink *below, struct zip **out);
/* The next document. `name` is cleaned, and numbered if it is there already. Write the document into `entry`, and
 * finish it before the next. NEVER DOCUMENT if it is longer than `size_if_known` allowed for. */
err seal_zip_entry(struct zip *z, str name, moment modified, uint64_t size_if_known, struct sink *entry);
/* Writes the directory; finishes nothing below. */
err seal_zip_finish(struct zip *z);
void seal_zip_done(struct zip **z); /* for OWNED; after finish, or instead of it */

/* ── A new password ──────────────────────────────────────────────────────────────────────────────── */

/* An archive of ours, sealed anew: each entry is decrypted and encrypted again as it flows by, with a salt and a key of
 * its own, and nothing is unpacked. All else, down to every length, stays as it was, names too. */
struct zip_reseal {
	uint64_t size; /* of the archive */
	/* `len` of its bytes from `offset` on; released before the next. */
	err (*open)(void *state, uint64_t offset, uint64_t len, struct source *out);
	void *state;
	str old_password, new_password;
	const struct entropy *chance;
};
/* The new archive goes to `to`; finish it only after OK: what was written before an error is worth nothing. NEVER
 * PROOF: it is not the old password; NEVER TAMPERED: the archive is damaged (or, once in 65,536 wrong passwords, it is
 * one); NEVER SYNTAX: it is none of ours. */
err seal_zip_reseal(struct arena *a, const struct zip_reseal *r, struct sink *to);

/* ── Bundles: several documents as one plain zip, made while it is read ──────────────────────────── */

/* Nothing is compressed and nothing encrypted, so the length is known before the first byte, and memory is flat however
 * large the documents are. The CRC of each follows it (APPNOTE 4.3.9); zip64 only where the sizes need it, because
 * macOS stumbles over it where they do not. */
struct bundle_entry {
	str name; /* cleaned, and numbered if it is there already */
	uint64_t size;
};
struct bundle_options {
	const struct bundle_entry *entries;
	size_t count;
	moment made_at; /* the time all of them show */
	/* The next document as a stream of exactly its size, from the first on; released before the next. */
	err (*open)(void *state, size_t index, struct source *out);
	void *state;
	uint64_t zip64_from; /* 0: where the format needs it; tests lower it */
};
/* `options` with its entries outlive *out. NEVER DOCUMENT while reading if a stream is shorter or longer than its
 * size. */
err seal_bundle(struct arena *a, const struct bundle_options *options, uint64_t *size, struct source *out);

#endif
