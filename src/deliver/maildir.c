/* A maildir, for trying out: written in tmp, synced, renamed into new. The name comes from the Message-ID, which is
 * the same at every attempt, so a repeat after a crash replaces the copy and does not double it. The bytes are those
 * that a relay would get, with their CRLF, so that a signature can be checked on the file. */
#include "deliver/engine.h"

enum { PATHS_MEMORY = 65536 };

struct maildir {
	const char *tmp, *new;
};

static err make_below(struct arena *a, const char *dir, str name, const char **out)
{
	TRY(path_join(a, dir, name, out));
	return dir_make(*out, 0700);
}

static err make_all(struct arena *a, const char *dir, struct maildir *m)
{
	const char *cur;

	TRY(dir_make(dir, 0700));
	TRY(make_below(a, dir, STR("tmp"), &m->tmp));
	TRY(make_below(a, dir, STR("new"), &m->new));
	return make_below(a, dir, STR("cur"), &cur);
}

static err prepare(struct transport *t, struct fault *fault)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct maildir m;

	if (!t->options.dir)
		return NEVER(CONFIG, "a maildir needs a directory");
	TRY(arena_open(PATHS_MEMORY, &a));
	err e = make_all(a, t->options.dir, &m);
	if (failed(e))
		fault_set(fault, "%s: %s", t->options.dir, e.note);
	return e;
}

static err open(struct transport *t, struct session *s)
{
	struct maildir *m;

	TRY(NEW(s->arena, m));
	s->state = m;
	return make_all(s->arena, t->options.dir, m);
}

static err name_of(struct arena *a, const struct message *m, str *out)
{
	uint8_t digest[SHA256_LEN];
	char bytes[64];
	struct buf hex = BUF_ON(bytes);

	TRY(sha256(m->id, digest));
	buf_add_hex(&hex, str_bytes(digest, 16));
	return str_format(a, out, "M%.*s.letterlock", STR_ARG(buf_str(&hex)));
}

static err write_synced(const char *path, str bytes)
{
	OWNED(fd_done) int fd = -1;

	TRY(file_remove(path)); /* left by a crash */
	TRY(file_open(path, FILE_NEW | FILE_NO_LINKS, 0600, &fd));
	TRY(file_write(fd, bytes));
	return file_sync(fd);
}

static err put(struct arena *a, const struct maildir *dir, const struct message *m)
{
	const char *tmp, *new;
	str name;

	TRY(name_of(a, m, &name));
	TRY(path_join(a, dir->tmp, name, &tmp));
	TRY(path_join(a, dir->new, name, &new));
	TRY(write_synced(tmp, m->bytes));
	TRY(file_rename(tmp, new));
	return dir_sync(dir->new);
}

static err send(struct session *s, const struct message *m, struct outcome *o)
{
	SCRATCH(s->arena);
	err e = put(s->arena, s->state, m);

	o->stage = "file";
	(void)failed(outcome_refuse(o, e));
	o->result = failed(e) ? OUTCOME_LATER : OUTCOME_DELIVERED;
	if (!failed(e))
		escaped_copy(o->text, sizeof o->text, STR("written to the maildir"));
	return e;
}

static err probe(struct session *s, struct arena *a, str *words, struct allowance *allowed, struct fault *fault)
{
	(void)allowed, (void)fault;
	return str_format(a, words, "%s: a maildir that can be written", s->transport->options.dir);
}

const struct engine maildir_engine = { .prepare = prepare, .session_open = open, .send = send, .probe = probe };
