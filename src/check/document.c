#include "check/check.h"

#include "sys/sys.h"
#include "wire/rune.h"

#define REFUSE(text) NEVER(DOCUMENT, text)

/* The sentence for people names the file; the note does not, so that it can be a literal. */
static err refused(struct fault *fault, str name, err e)
{
	fault_set(fault, "the document %.*s cannot be used: %s", STR_ARG(str_upto(name, 300)), e.note);
	return e;
}

/* The kernel would refuse most of this by itself; said here it has its reason. */
err check_document_reference(str name)
{
	str part, rest = name;

	if (name.len == 0)
		return REFUSE("it has no name");
	if (name.len > 1024)
		return REFUSE("its name is longer than 1024 octets");
	if (!str_utf8(name))
		return REFUSE("its name is not UTF-8");
	if (!str_clean(name) || str_has(name, '\t'))
		return REFUSE("its name holds a control character");
	if (name.at[0] == '/')
		return REFUSE("its name is an absolute path; names are below the directory of documents");
	for (bool more = true; more;) {
		more = str_cut(rest, '/', &part, &rest);
		if (str_same(part, STR("..")))
			return REFUSE("its name leads out of the directory of documents");
	}
	return OK;
}

static err open_failed(err e)
{
	switch (e.why) {
	case WHY_NOT_FOUND:
		return REFUSE("there is no such file");
	case WHY_DENIED:
		return REFUSE("it may not be read, is no regular file, or is a link that leads out of the directory");
	case WHY_MEMORY:
		return e;
	default:
		return REFUSE("it cannot be opened");
	}
}

static err look(struct arena *a, int dir_fd, str name, uint64_t size_max, uint64_t *size)
{
	OWNED(fd_done) int fd = -1;
	err e = file_open_beneath(a, dir_fd, name, &fd);

	if (failed(e))
		return open_failed(e);
	TRY(file_size(fd, size));
	if (*size == 0)
		return REFUSE("it is empty");
	return *size > size_max ? REFUSE("it is larger than the limit for a document") : OK;
}

static err describe(struct arena *a, str name, uint64_t size, struct document *out)
{
	struct document d = { .size = size };

	TRY(str_c(a, name, &d.path));
	TRY(check_document_name(a, name, &d.name));
	d.type = check_document_type(d.name);
	*out = d;
	return OK;
}

err check_document(int dir_fd, str name, uint64_t size_max, struct arena *a, struct document *out, struct fault *fault)
{
	uint64_t size = 0;
	err e = check_document_reference(name);

	if (!failed(e))
		e = look(a, dir_fd, name, size_max, &size);
	if (e.fate == FATE_NEVER)
		return refused(fault, name, e);
	TRY(e);
	return describe(a, name, size, out);
}

err check_documents(int dir_fd, const struct list_row *row, uint64_t size_max, struct arena *a, struct document **out,
		    struct fault *fault)
{
	struct document *first = NULL, **end = &first;

	for (size_t i = 0; i < row->document_count; i++) {
		struct document *d;
		TRY(NEW(a, d));
		err e = check_document(dir_fd, row->documents[i], size_max, a, d, fault);
		if (failed(e) && fault)
			fault->row = row->row;
		TRY(e);
		*end = d;
		end = &d->next;
	}
	*out = first;
	return OK;
}
