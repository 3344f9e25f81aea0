/* A body read back out of its message, decoded and hashed on the way. The scan has passed all of it once, so what does
 * not decode now, or has another hash, has changed since. */
#include "wire/mime_scan.h"

#include <string.h>

enum { RAW_MAX = 16 * 1024, LINE_MAX_BYTES = MIME_LINE_HARD + 2 };

struct body {
	struct source raw;
	const struct mime_hash *hash;
	const struct mime_part *leaf; /* as it was judged */
	bool compared;
	struct mime_decoder decoder;
	bool ended;
	struct buf out; /* decoded, from `at` on not yet given */
	size_t at;
	struct sink into;
	char line[LINE_MAX_BYTES + 1];
	size_t line_len;
	char decoded[RAW_MAX + 2 * LINE_MAX_BYTES];
};

static err changed(void)
{
	return NEVER(TAMPERED, "a body of the message is not what it was when it was judged");
}

static err take_line(struct body *b)
{
	str raw = { b->line, b->line_len };
	str end = str_ends(raw, STR("\r\n")) ? STR("\r\n") : str_ends(raw, STR("\n")) ? STR("\n") : STR("");
	const char *wrong = NULL;

	b->line_len = 0;
	err e = mime_decode_line(&b->decoder, str_upto(raw, raw.len - end.len), end, &b->into, &wrong);
	return wrong ? changed() : e;
}

static err add_raw(struct body *b, str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (b->line_len == LINE_MAX_BYTES)
			return changed();
		b->line[b->line_len++] = bytes.at[i];
		if (bytes.at[i] == '\n')
			TRY(take_line(b));
	}
	return OK;
}

static err finish(struct body *b)
{
	const char *wrong = NULL;

	b->ended = true;
	if (b->line_len)
		TRY(take_line(b));
	err e = mime_decode_finish(&b->decoder, true, &b->into, &wrong);
	return wrong ? changed() : e;
}

/* The next window, decoded. */
static err refill(struct body *b)
{
	char raw[RAW_MAX];
	size_t got;

	b->out.len = b->at = 0;
	while (!b->ended && b->out.len == 0) {
		TRY(source_read(&b->raw, raw, sizeof raw, &got));
		TRY(got ? add_raw(b, (str){ raw, got }) : finish(b));
	}
	return OK;
}

static err compare(struct body *b)
{
	uint8_t now[MIME_SHA256];

	if (b->compared)
		return OK;
	TRY(b->hash->finish(b->hash->state, now));
	if (memcmp(now, b->leaf->sha256, sizeof now) != 0)
		return changed();
	b->compared = true;
	return OK;
}

static err body_read(void *state, void *to, size_t max, size_t *got)
{
	struct body *b = state;

	if (b->at == b->out.len)
		TRY(refill(b));
	size_t left = b->out.len - b->at;
	size_t now = left < max ? left : max;
	if (!now) {
		*got = 0;
		return left ? OK : compare(b);
	}
	TRY(b->hash->add(b->hash->state, str_bytes(b->out.at + b->at, now)));
	memcpy(to, b->out.at + b->at, now);
	b->at += now;
	*got = now;
	return OK;
}

static void body_done(void *state)
{
	struct body *b = state;

	source_done(&b->raw);
}

static const struct source_ops ops = { .read = body_read, .done = body_done };

err mime_body_source(struct arena *a, const struct mime_part *leaf, const struct mime_bodies *bodies,
		     struct source *out)
{
	struct body *b;

	TRY(NEW(a, b));
	b->hash = bodies->hash;
	b->leaf = leaf;
	b->out = BUF_ON(b->decoded);
	b->into = sink_to_buf(&b->out);
	TRY(mime_decoding_find(leaf->encoding, &b->decoder.how));
	TRY(bodies->open(bodies->state, a, leaf->offset, leaf->length, &b->raw));
	*out = (struct source){ &ops, b };
	return OK;
}
