/* What the files of the message scanner share: not for others. mime_scan.c follows the lines, mime_scan_tree.c the
 * boundaries and parts, mime_scan_header.c judges the header of one part. */
#ifndef LETTERLOCK_WIRE_MIME_SCAN_INNER_H
#define LETTERLOCK_WIRE_MIME_SCAN_INNER_H

#include "wire/mime_scan.h"

enum scan_at {
	SCAN_HEADER,
	SCAN_BODY,     /* of a leaf */
	SCAN_PREAMBLE, /* of a multipart */
	SCAN_EPILOGUE,
};

/* A multipart, or a message within a message, that is not at its end. */
struct scan_frame {
	struct mime_part *part;
	struct mime_part **end; /* where its next part goes */
	str boundary;           /* empty for a message within */
	bool closed;            /* its last boundary was read: only its epilogue may follow */
};

struct mime_scan {
	struct arena *arena;
	struct mime_limits limits;
	struct fault *fault; /* of the call that is running */
	bool strict, failed;

	/* lines */
	struct buf line; /* what has come of the present one */
	uint64_t number, offset, line_begin;
	str line_end; /* of the first line, so of all; .at null before it */

	/* the tree */
	enum scan_at at;
	struct scan_frame *frames;
	size_t depth;
	uint64_t parts;
	struct mime_part *root, *part; /* the part whose header or body is being read */
	struct buf skeleton;
	size_t header_begin;  /* in the skeleton */
	uint64_t header_line; /* the first of it */
	uint64_t fields, field_len, headers_len;

	/* the body of a leaf */
	struct mime_decoder decoder;
	const struct mime_hash *hash;
	struct sink body;
	uint64_t body_begin, body_end;
};

err scan_refuse(struct mime_scan *s, const char *what);                /* NEVER HEADER */
err scan_limit(struct mime_scan *s, const char *what, uint64_t bound); /* NEVER LIMIT: "more than 50 …" */

/* One line without its end. */
err scan_line(struct mime_scan *s, str line, str end);
err scan_end(struct mime_scan *s);
err scan_part_begin(struct mime_scan *s, struct mime_part **place);
/* What the header of s->part says, from the slice of the skeleton it stands in; *boundary empty unless it is a
 * multipart, *within set if it is a message within. */
err scan_header(struct mime_scan *s, str header, str *boundary, bool *within);

#endif
