/* Somebody else's message, read before any library sees it (RFC 5322, 2045, 2046, 2047, 2183, 2231, 6532).
 *
 * Two programs that read a message in two ways are how malware passes a scanner and a false sender passes a
 * reader. So this reader knows one way only and refuses in words wherever there is a second: fields or
 * parameters that are there twice, comments in parameters, RFC 2231 sections that are missing or out of order,
 * a name that differs from a filename, boundaries with odd characters, one that begins like another, one that is
 * never closed or comes again after its end, junk in base64 and quoted-printable, bare CR, LF and NUL, an
 * encoding on a multipart or on a message within. It guesses nothing and mends nothing.
 *
 * The message is pushed through in pieces of any size and held nowhere: memory is bounded by `headers`, time is
 * linear in the bytes. What is left is the tree, with size and SHA-256 of each decoded body and the place of its
 * bytes in the message, and the skeleton: all headers and boundaries without any body, which is small and bounded,
 * so that a library for messages can be given it and be asked for the same tree.
 *
 * Lines end with CRLF throughout, or with LF throughout, as an editor's file does: the first tells. With `strict`
 * only CRLF will do, and nothing sloppy passes that all read alike: a semicolon behind the last parameter, encoded
 * words as the name of a file. A body is hashed with the ends of line it came with. */
#ifndef LETTERLOCK_WIRE_MIME_SCAN_H
#define LETTERLOCK_WIRE_MIME_SCAN_H

#include "wire/mime.h"

/* Each can be lowered; none can be raised above what stands in mime_limits. */
struct mime_limits {
	uint64_t message;    /* bytes of all */
	uint64_t line;       /* octets, RFC 5322 2.1.1 */
	uint64_t field;      /* bytes of one header field, folding included */
	uint64_t header;     /* bytes of one header */
	uint64_t headers;    /* bytes of all headers together */
	uint64_t fields;     /* of one header */
	uint64_t parts;      /* the message itself is one */
	uint64_t depth;      /* multiparts and messages within each other */
	uint64_t parameters; /* of one field */
};
extern const struct mime_limits mime_limits;
/* A bound by its name ("parts"), or null. */
uint64_t *mime_limit_named(struct mime_limits *l, str name);

enum { MIME_SHA256 = 32 };
struct mime_part {
	struct mime_part *next;      /* the sibling after it */
	struct mime_part *parts;     /* of a multipart; of a message within, the one it is */
	str type;                    /* lower case: "text/plain" */
	str disposition;             /* lower case; empty if not said */
	str name;                    /* UTF-8, a file name without path; empty if it has none */
	str encoding;                /* lower case: "7bit" if not said */
	str charset;                 /* lower case; empty if not said */
	str id;                      /* Content-ID with its angle brackets; empty if none */
	struct mime_header *headers; /* unfolded; decoded in a tree that comes from the inspector */
	/* Of a message, in a tree that comes from the inspector. */
	struct mime_mailbox *from, *to, *cc, *reply_to;
	uint64_t offset, length; /* of the encoded body within the message; of leaves */
	uint64_t size;           /* of the decoded body; of leaves */
	uint8_t sha256[MIME_SHA256];
};
bool mime_part_is_leaf(const struct mime_part *p);

/* SHA-256, given from outside: the inspector has another library for it than the program. */
struct mime_hash {
	void *state;
	err (*add)(void *state, str bytes);
	err (*finish)(void *state, uint8_t out[MIME_SHA256]); /* and is ready for the next body */
};

struct mime_scan;
/* The tree lives in `a`; `limits` may be null; `hash` has to live as long as the scan. */
err mime_scan_open(struct arena *a, const struct mime_limits *limits, bool strict, const struct mime_hash *hash,
		   struct mime_scan **out);
/* NEVER HEADER, SYNTAX or LIMIT, with the line in the fault; nothing may be added after that. */
err mime_scan_add(struct mime_scan *s, str bytes, struct fault *f);
err mime_scan_finish(struct mime_scan *s, struct mime_part **root, str *skeleton, struct fault *f);

/* ── Rebuilding ──────────────────────────────────────────────────────────────────────────────────── */

/* The bytes of the message once more, `length` from `offset` on; each body's hash is taken again while it is read, and
 * compared with that of the scan, so that what was judged is what is written. One body is read after the other. */
struct mime_bodies {
	const struct mime_hash *hash;
	void *state;
	err (*open)(void *state, struct arena *a, uint64_t offset, uint64_t length, struct source *out);
};
enum { MIME_TEXT_MAX = 1024 * 1024 };
/* What leaves is never what came in: a message of our own is written from the tree, with the texts, the attachments
 * and the few fields that people may set; everything else that stood in its headers is left out (MISSION E9). The date
 * is the caller's, and so is a message id where there is none. `bodies` is read again while it is written.
 *
 * NEVER UNSUPPORTED, in words, for what we do not write: messages within, signed and encrypted ones, pictures within
 * the text, parts without a name, texts that are not in UTF-8, ASCII or ISO-8859-1. */
err mime_rebuild(struct arena *a, const struct mime_part *root, const struct mime_bodies *bodies, struct mime *out,
		 struct fault *f);
/* The decoded body of one leaf. Its end is NEVER TAMPERED if it is not what the scan read: believe it only then. */
err mime_body_source(struct arena *a, const struct mime_part *leaf, const struct mime_bodies *bodies,
		     struct source *out);

/* ── One structured field: "attachment; filename=a.pdf" ──────────────────────────────────────────── */

struct mime_parameter {
	struct mime_parameter *next;
	str name;  /* lower case, without what RFC 2231 adds to it */
	str value; /* decoded to UTF-8 */
};
struct mime_value {
	str main; /* lower case: "text/plain", "attachment", "base64" */
	struct mime_parameter *parameters;
};
struct mime_value_rules {
	uint64_t parameters_max;
	bool strict; /* else what is sloppy and still read in one way by all may stand: a semicolon at the end, a file's
			name in encoded words */
};
/* `text` is unfolded. *wrong, a sentence for people, is set when it is refused. */
err mime_value_read(struct arena *a, str text, const struct mime_value_rules *rules, struct mime_value *out,
		    const char **wrong);
/* Encoded words in UTF-8 and nothing else, a blank between each two (RFC 2047 6.2): decoded; false otherwise. */
bool mime_words_alone(str text, struct buf *out);
str mime_value_parameter(const struct mime_value *v, str name); /* .at is null if it is not there */

/* ── Transfer encodings, read line by line ───────────────────────────────────────────────────────── */

struct mime_decoder {
	enum mime_decoding { DECODE_NOTHING, DECODE_QUOTED, DECODE_BASE64 } how;
	uint32_t quartet, digits; /* base64: what is gathered, of how many digits */
	bool padded;              /* base64: it has ended */
	bool soft;                /* quoted-printable: the line ends softly */
	str end;                  /* of the line before; it belongs to the body only if another line follows */
};
/* NEVER SYNTAX for an encoding that is none. */
err mime_decoding_find(str name, enum mime_decoding *out);
/* One line without its end, and its end (empty for a last line without). *wrong as above. */
err mime_decode_line(struct mime_decoder *d, str line, str end, struct sink *to, const char **wrong);
/* `whole`: the end of the last line belongs to the body, as it does where no boundary follows. */
err mime_decode_finish(struct mime_decoder *d, bool whole, struct sink *to, const char **wrong);

#endif
