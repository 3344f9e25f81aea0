#include "flow/enclose.h"

#include "flow/enclose_key.h"
#include "seal/pgp.h"
#include "seal/smime.h"
#include "sys/sys.h"

enum { OWN_ROOM = COMPOSE_MESSAGE_MAX + 8192, KEYS_ROOM = 2 * 1024 * 1024 };

/* ── Sealing ───────────────────────────────────────────────────────────────────────────────────────── */

/* What a kind is given: the intake's key, the entity to encrypt, and the bytes that the result may take. */
struct enclosing {
	struct line *line;
	const struct intake *in;
	moment now;
	str inside;
	size_t room;
};

static err seal_as_pgp(const struct enclosing *w, struct arena *a, str *entity, struct fault *fault)
{
	const struct seal_pgp how = {
		.keys = &w->in->key->bytes,
		.count = 1,
		.now = w->now,
		.signer = w->line->pgp_signer,
	};
	err e = seal_pgp_mail(w->line->inspectors, a, &w->line->entropy, &how, w->inside, w->room, entity, fault);

	/* Nothing but the key is parsed there. */
	return e.fate == FATE_NEVER && e.why == WHY_DOCUMENT ? NEVER(KEY, "the key cannot be read") : e;
}

static err seal_as_smime(const struct enclosing *w, struct arena *a, str *entity, struct fault *fault)
{
	OWNED(mail_certificate_done) struct mail_certificate *to = NULL;
	struct smime_options how = {
		.count = 1,
		.cipher = (enum cms_cipher)w->line->config->smime.cipher, /* the same order */
		.signer = w->line->signer,
		.now = w->now,
	};

	TRY(enclose_certificate(w->line, w->in, w->now, w->in->key, &to, fault));
	how.to = (const struct mail_certificate *const[]){ to };
	return seal_smime_mail(a, &how, &w->line->entropy, w->inside, w->room, entity);
}

/* ── Documents ───────────────────────────────────────────────────────────────────────────────────── */

/* A document while it is read: its bytes go into a digest, too. */
struct measured {
	struct measured *next;
	const struct document *doc;
	struct source file;
	struct hash *hash;
	uint64_t size;
};

static err measured_read(void *state, void *to, size_t max, size_t *got)
{
	struct measured *m = state;

	TRY(source_read(&m->file, to, max, got));
	m->size += *got;
	return *got ? hash_add(m->hash, str_bytes(to, *got)) : OK;
}

static const struct source_ops measured_ops = { .read = measured_read };

static void measured_done(struct measured **all)
{
	for (struct measured *m = *all; m; m = m->next) {
		source_done(&m->file);
		hash_done(&m->hash);
	}
	*all = NULL;
}

static err open_one(const struct chunk *c, struct arena *a, const struct document *doc, struct measured **list,
		    struct mime_attachment *part)
{
	struct measured *m;
	int fd;

	TRY(NEW(a, m));
	m->doc = doc;
	m->next = *list;
	*list = m; /* now its owner gives back what follows */
	TRY(hash_open(&m->hash));
	TRY(file_open_beneath(a, c->documents_fd, str_of(doc->path), &fd));
	err e = file_source(a, fd, &m->file);
	if (failed(e))
		fd_done(&fd);
	*part = (struct mime_attachment){ .name = doc->name, .type = doc->type, .content = { &measured_ops, m } };
	return e;
}

static err open_documents(const struct chunk *c, struct arena *a, const struct intake *in, struct measured **list,
			  struct mime_attachment **parts)
{
	struct mime_attachment **end = parts;

	for (const struct document *doc = in->to->documents; doc; doc = doc->next) {
		TRY(NEW(a, *end));
		TRY(open_one(c, a, doc, list, *end));
		end = &(*end)->next;
	}
	return OK;
}

/* The bytes that were judged are the bytes that are mailed, or nobody gets them. */
static err same_bytes(const struct measured *m, struct fault *fault)
{
	uint8_t digest[SHA256_LEN];

	for (; m; m = m->next) {
		TRY(hash_finish(m->hash, digest));
		if (m->size == m->doc->size && memcmp(digest, m->doc->sha256, SHA256_LEN) == 0)
			continue;
		fault_where(fault, m->doc->name, 0, 0);
		fault_set(fault, "the file changed after it was checked; send this row again");
		return NEVER(DOCUMENT, "the file changed after it was checked");
	}
	return OK;
}

/* ── The mail ────────────────────────────────────────────────────────────────────────────────────── */

static err too_large(const struct line *line, struct fault *fault)
{
	fault_set(fault,
		  "the documents are too large for one mail: encrypted they pass limits.message_bytes (%llu bytes); "
		  "--as open has no such limit",
		  (unsigned long long)line->config->limits.message_bytes);
	return NEVER(LIMIT, "too large for one mail");
}

/* Documents become text twice, each time more than a third longer with its ends of lines: base64 in the entity, armour
 * around it. What cannot fit is known before a byte is read. */
static size_t as_text(size_t bytes)
{
	return bytes / 100 * 138 + 1024;
}

err enclose_measure(const struct line *line, struct intake *in, size_t *room)
{
	uint64_t most = line->config->limits.message_bytes, total = 0;
	size_t own = OWN_ROOM;

	for (const struct document *doc = in->to->documents; doc; doc = doc->next) {
		total += doc->size;
		own += 4096; /* its header fields */
		if (doc->size > most || total / 100 * 183 > most)
			return too_large(line, &in->fault);
	}
	*room = as_text((size_t)total) + own;
	return OK;
}

static err compose_pieces(struct line *line, const struct chunk *c, struct intake *in, moment now, size_t room,
			  struct arena *a, struct message *out, struct enclosed *pieces)
{
	OWNED(measured_done) struct measured *documents = NULL;
	struct compose_enclosing what = {
		.room = room,
		.protect_headers = line->config->mail.protect_headers,
	};

	TRY(open_documents(c, a, in, &documents, &what.documents));
	TRY(compose_enclosed(line->compose, c->sub, in->to, &what, now, &line->entropy, a, out, pieces, &in->fault));
	return same_bytes(documents, &in->fault);
}

static err join(struct arena *a, str outside, str entity, str *out)
{
	struct buf b;

	TRY(buf_open(a, outside.len + entity.len, &b));
	buf_add(&b, outside);
	buf_add(&b, entity);
	*out = buf_str(&b);
	return OK;
}

static err keep(struct arena *a, const struct message *made, str bytes, struct message *out)
{
	struct message kept = { .smtputf8 = made->smtputf8, .bytes = bytes };

	TRY(str_copy(a, made->from, &kept.from));
	TRY(str_copy(a, made->to, &kept.to));
	TRY(str_copy(a, made->domain, &kept.domain));
	TRY(str_copy(a, made->id, &kept.id));
	*out = kept;
	return OK;
}

err enclose(struct line *line, const struct chunk *c, struct intake *in, moment now, struct message *out)
{
	size_t most = (size_t)line->config->limits.message_bytes;
	OWNED(arena_done) struct arena *a = NULL; /* the plain pieces, for as long as it takes */
	struct enclosing w = { .line = line, .in = in, .now = now };
	struct enclosed pieces;
	struct message made;
	str entity, bytes;
	size_t room;

	TRY(enclose_measure(line, in, &room));
	TRY(arena_open(4 * as_text(room) + KEYS_ROOM, &a));
	TRY(compose_pieces(line, c, in, now, room, a, &made, &pieces));
	w.inside = pieces.inside;
	w.room = as_text(pieces.inside.len) + OWN_ROOM;
	err e = in->to->seal == SEAL_SMIME ? seal_as_smime(&w, a, &entity, &in->fault)
					   : seal_as_pgp(&w, a, &entity, &in->fault);
	if (e.fate == FATE_NEVER && e.why == WHY_LIMIT && fault_empty(&in->fault))
		return too_large(line, &in->fault);
	TRY(e);
	if (pieces.outside.len + entity.len > most)
		return too_large(line, &in->fault);
	TRY(join(c->sub->arena, pieces.outside, entity, &bytes));
	return keep(c->sub->arena, &made, bytes, out);
}
