/* The head of an HTTP/1.1 request, read strictly (RFC 9112): what two readers could understand in two ways is
 * refused, because the difference is what request smuggling lives on. Pure: bytes in, values out, no copy;
 * everything in a `struct http_head` points into the bytes it was read from.
 *
 * Two steps. http_scan() is fed what has arrived so far and says, after each byte it sees for the first time,
 * whether the head is complete, still growing or already hopeless: so a bare LF is answered at once and not
 * after a deadline. http_head_parse() then takes the complete head apart.
 *
 * Refused on purpose, though a lenient reader could guess: any Transfer-Encoding (forms come with a length), a
 * repeated Content-Length even if equal, content with GET or HEAD, absolute-form and authority-form targets,
 * a Host that is not ours, folded lines, a blank before the colon, empty lines before the request line. */
#ifndef LETTERLOCK_WIRE_HTTP_HEAD_H
#define LETTERLOCK_WIRE_HTTP_HEAD_H

#include "base/base.h"

enum { HTTP_HEAD_MAX = 16 * 1024, HTTP_FIELDS_MAX = 64 };

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };
str http_method_name(enum http_method m);

struct http_field {
	str name, value;
};

struct http_head {
	enum http_method method;
	str target;      /* origin-form, as sent */
	str path, query; /* its parts, not decoded; query without '?' */
	unsigned minor;  /* HTTP/1.minor: 0 or 1 */
	uint64_t body_len;
	bool keep_alive, expects_continue;
	size_t field_count;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* What this server is: the Host it answers to (an authority with its port, as clients write it), maybe under a second
 * name, and the longest body it takes. */
struct http_rules {
	str authority, alias; /* the alias may be empty */
	bool any_port;        /* the authority stands without a port, and the Host may have any */
	uint64_t body_max;
};

/* How far a head has been looked at. Start from zero; call again with the same bytes and more. */
struct http_scan {
	size_t seen, lines, line_len;
	bool after_cr;
};
enum http_scan_result { HTTP_SCAN_MORE, HTTP_SCAN_WHOLE, HTTP_SCAN_REFUSED };
/* WHOLE: `scan->seen` bytes are the head, with its final empty line. REFUSED: *status is 400 or 431. */
enum http_scan_result http_scan(struct http_scan *scan, str bytes, unsigned *status);

/* `bytes` is a whole head. On failure *status is what to answer before closing: 400, 411, 413, 417, 421, 431, 501,
 * 505. The err's note says why, for the log. */
err http_head_parse(str bytes, const struct http_rules *rules, struct http_head *out, unsigned *status);

/* The value of a field by its name in lower case; null if there is none. */
const str *http_head_field(const struct http_head *head, str name);

#endif
