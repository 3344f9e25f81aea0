#include "inspector/mime.h"

#include "wire/json.h"

#include <glib.h>

/* ── Hashing ─────────────────────────────────────────────────────────────────────────────────────── */

static err checksum_add(void *state, str bytes)
{
	GChecksum **sum = state;

	g_checksum_update(*sum, (const guchar *)(bytes.at ? bytes.at : ""), (gssize)bytes.len);
	return OK;
}

static err checksum_finish(void *state, uint8_t out[MIME_SHA256])
{
	GChecksum **sum = state;
	gsize len = MIME_SHA256;

	g_checksum_get_digest(*sum, out, &len);
	must(len == MIME_SHA256);
	g_checksum_reset(*sum);
	return OK;
}

static void checksum_done(GChecksum **sum)
{
	g_checksum_free(*sum);
}

/* ── The answer ──────────────────────────────────────────────────────────────────────────────────── */

static void add_text(struct buf *b, const char *name, str text)
{
	if (text.len) {
		buf_add_json_field(b, name, text);
		return;
	}
	buf_add_format(b, ",\"%s\":null", name);
}

static err add_headers(struct arena *a, const struct mime_header *h, struct buf *b)
{
	buf_add(b, STR(",\"headers\":["));
	for (const char *comma = ""; h; h = h->next, comma = ",") {
		SCRATCH(a);
		str value = h->value;
		if (!str_starts_nocase(h->name, STR("Content-")))
			TRY(mime_words(a, h->value, &value));
		buf_add(b, str_of(comma));
		buf_add_char(b, '{');
		buf_add_json_field(b, "name", h->name);
		buf_add_json_field(b, "value", value);
		buf_add_char(b, '}');
	}
	buf_add(b, STR("]"));
	return OK;
}

static err add_mailboxes(struct arena *a, const struct mime_header *h, struct buf *b)
{
	static const struct {
		str header;
		const char *name;
	} fields[] = {
		{ STR("From"), "from" },
		{ STR("To"), "to" },
		{ STR("Cc"), "cc" },
		{ STR("Reply-To"), "reply_to" },
	};

	for (; h; h = h->next)
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			if (str_same_nocase(h->name, fields[i].header)) {
				SCRATCH(a);
				buf_add_format(b, ",\"%s\":", fields[i].name);
				TRY(mime_mailboxes(a, h->value, b));
			}
	return OK;
}

static void add_body(const struct mime_part *p, struct buf *b)
{
	if (!mime_part_is_leaf(p)) {
		buf_add(b, STR(",\"size\":null,\"sha256\":null"));
		return;
	}
	buf_add_json_number(b, "size", p->size);
	buf_add(b, STR(",\"sha256\":\""));
	buf_add_hex(b, str_bytes(p->sha256, sizeof p->sha256));
	buf_add_char(b, '"');
}

/* As deep as the scan lets parts be. */
static err add_part(struct arena *a, const struct mime_part *p, struct buf *b)
{
	buf_add_char(b, '{');
	buf_add_json_field(b, "type", p->type);
	add_text(b, "name", p->name);
	add_text(b, "disposition", p->disposition);
	buf_add_json_field(b, "encoding", p->encoding);
	add_body(p, b);
	TRY(add_headers(a, p->headers, b));
	buf_add(b, STR(",\"parts\":["));
	for (const struct mime_part *inner = p->parts; inner; inner = inner->next) {
		buf_add(b, inner == p->parts ? STR("") : STR(","));
		TRY(add_part(a, inner, b));
	}
	buf_add(b, STR("]"));
	add_text(b, "charset", p->charset);
	add_text(b, "id", p->id);
	TRY(add_mailboxes(a, p->headers, b));
	if (mime_part_is_leaf(p)) {
		buf_add_json_number(b, "offset", p->offset);
		buf_add_json_number(b, "length", p->length);
	}
	buf_add_char(b, '}');
	return OK;
}

/* ── The message ─────────────────────────────────────────────────────────────────────────────────── */

static err scan_all(struct mime_scan *s, struct source *message, struct fault *f)
{
	char window[STREAM_WINDOW];
	size_t got;

	do {
		TRY(source_read(message, window, sizeof window, &got));
		TRY(mime_scan_add(s, str_bytes(window, got), f));
	} while (got);
	return OK;
}

err mime_show(struct arena *a, const struct mime_limits *limits, bool strict, struct source *message, struct buf *json,
	      struct fault *f)
{
	OWNED(checksum_done) GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	struct mime_hash hash = { &sum, checksum_add, checksum_finish };
	struct mime_part *root = NULL;
	struct mime_scan *scan;
	str skeleton;

	TRY(mime_scan_open(a, limits, strict, &hash, &scan));
	TRY(scan_all(scan, message, f));
	TRY(mime_scan_finish(scan, &root, &skeleton, f));
	TRY(mime_agree(root, skeleton, f));
	TRY(add_part(a, root, json));
	err e = buf_check(json);
	if (failed(e))
		fault_set(f, "the message has so many parts and headers that it cannot be shown");
	return e;
}
