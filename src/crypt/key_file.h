/* Inside crypt only: one key as a file, and the directory they lie in. The format stands in key_file.c. */
#ifndef LETTERLOCK_CRYPT_KEY_FILE_H
#define LETTERLOCK_CRYPT_KEY_FILE_H

#include "crypt/crypt.h"

enum { RAW_KEY = 32, KEY_FILE_MAX = 16384 };

struct key_file {
	struct key_file *next;
	enum key_kind kind;
	uint32_t number;
	bool retired;
	moment created_at;
	str domain, selector;
	str body; /* what follows the first line: base64 of 32 bytes, or PEM */
};

bool key_file_is_pem(enum key_kind kind); /* a key that signs */
/* The slices point into `text`. NEVER KEY, with words in `fault`. */
err key_file_parse(str text, struct key_file *out, struct fault *fault);
void key_file_print(struct buf *b, const struct key_file *f);
err key_file_raw(const struct key_file *f, uint8_t key[RAW_KEY]);
err key_file_name(struct arena *a, const struct key_file *f, str *name);

err key_files_check_dir(const char *dir, struct fault *fault);
/* All keys of a private directory, into secret memory: by kind, then the newest number first, then by name. */
err key_files_read(struct arena *secret, const char *dir, struct key_file **out, struct fault *fault);
err key_file_write(const char *dir, const struct key_file *f, bool replace, struct fault *fault);

#endif
