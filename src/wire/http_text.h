/* An HTTP request as people write it down, for plumbing: a request line, headers, an empty line, the body.
 *
 *     PUT /bucket/a%20b?partNumber=1 HTTP/1.1
 *     Host:example.com
 *
 * Lines end in LF or CR LF; a target may hold blanks and non-ASCII, as in the vectors of the AWS libraries; a line that
 * begins with a blank is one more value of the header above it. This is no reader for the network: that is http_head.
 */
#ifndef LETTERLOCK_WIRE_HTTP_TEXT_H
#define LETTERLOCK_WIRE_HTTP_TEXT_H

#include "base/base.h"

enum { HTTP_TEXT_FIELDS_MAX = 128, HTTP_TEXT_LINE_MAX = 64 * 1024 };

struct http_text_field {
	str name, value; /* without blanks around; a continued one is a field of its own */
	str line;        /* as it was written */
};

struct http_text {
	str method, target, version;
	str path, query; /* the target's parts; query without '?' */
	struct http_text_field fields[HTTP_TEXT_FIELDS_MAX];
	size_t field_count;
	str body;
};

/* Points into `text`. NEVER SYNTAX or LIMIT, with the line in *fault. */
err http_text_read(str text, struct http_text *out, struct fault *fault);

#endif
