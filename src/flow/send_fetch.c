/* Documents that lie elsewhere are fetched when their turn comes, a chunk at a time, and are gone with it. */
#include "flow/send_inside.h"

#include "sys/sys.h"

/* The folders that a name leads through. */
static err make_folders(struct arena *a, const char *dir, str name)
{
	str part, rest = name, path = str_of(dir);
	const char *folder;

	while (str_cut(rest, '/', &part, &rest)) {
		if (part.len == 0 || str_same(part, STR(".")))
			continue;
		TRY(path_join(a, path.at, part, &folder));
		TRY(dir_make(folder, 0700));
		path = str_of(folder);
	}
	return OK;
}

/* A name that is a folder elsewhere, or too long for a file here, is that row's misfortune. */
static err create(struct arena *a, const char *dir, str name, const char *path, int *fd)
{
	err e = make_folders(a, dir, name);

	if (!failed(e))
		e = file_open(path, FILE_NEW | FILE_NO_LINKS, 0600, fd);
	return e.fate == FATE_BROKEN ? NEVER(DENIED, "its name cannot be that of a file") : e;
}

static err fetch_one(struct send *s, struct arena *a, const char *dir, str name, struct fault *fault)
{
	SCRATCH(a);
	OWNED(fd_done) int fd = -1;
	OWNED(sink_done) struct sink to = { 0 };
	str path;

	TRY(str_format(a, &path, "%s/%.*s", dir, STR_ARG(name)));
	if (file_exists(path.at))
		return OK; /* for another row of the chunk */
	TRY(create(a, dir, name, path.at, &fd));
	TRY(file_sink(a, fd, &to));
	err e = s->options.elsewhere.document(s->options.elsewhere.state, a, name, &to, fault);
	if (failed(e))
		(void)failed(file_remove(path.at));
	TRY(e);
	return sink_finish(&to);
}

static err refuse(struct intake *in, str name, err e)
{
	in->problem = NEVER(DOCUMENT, "the document cannot be fetched");
	if (fault_empty(&in->fault))
		fault_set(&in->fault, "the document %.*s cannot be used: %s", STR_ARG(str_upto(name, 300)), e.note);
	return OK;
}

/* What is not there, or has a name that cannot be, is refused when it is looked at, in the words of a file. */
static err fetch_all_of(struct send *s, struct arena *a, const char *dir, struct intake *in)
{
	for (size_t i = 0; i < in->document_count; i++) {
		if (failed(check_document_reference(in->document_names[i])))
			continue;
		err e = fetch_one(s, a, dir, in->document_names[i], &in->fault);
		if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND) {
			in->fault = (struct fault){ 0 };
			continue;
		}
		if (e.fate == FATE_NEVER)
			return refuse(in, in->document_names[i], e);
		TRY(e);
	}
	return OK;
}

static err make_room(struct send *s, struct arena *a, struct fetched *out)
{
	char name[ID_TEXT];
	struct buf b = BUF_ON(name);
	const char *dir;
	id unique;

	TRY(id_new(&s->line->entropy, &unique));
	buf_add_id(&b, unique);
	TRY(path_join(a, s->options.documents_dir, buf_str(&b), &dir));
	TRY(dir_make(dir, 0700));
	out->dir = dir;
	return dir_open(dir, &out->fd);
}

err fetch_documents(struct send *s, struct arena *a, struct chunk *chunk, struct fetched *out)
{
	TRY(make_room(s, a, out));
	for (size_t i = 0; i < chunk->count; i++)
		TRY(fetch_all_of(s, a, out->dir, &chunk->intakes[i]));
	chunk->documents_fd = out->fd;
	return OK;
}

void fetched_done(struct fetched *f)
{
	fd_done(&f->fd);
	if (f->dir)
		(void)failed(dir_remove_all(f->dir));
	f->dir = NULL;
}
