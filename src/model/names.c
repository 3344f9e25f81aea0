/* Names of kinds, and finding a value by its column. */
#include "model/model.h"

static str pick(const char *const *names, size_t count, unsigned which)
{
	must(which < count);
	return str_of(names[which]);
}

str seal_kind_name(enum seal_kind k)
{
	static const char *const names[] = { "open", "zip", "pdf", "smime", "pgp", "auto" };
	return pick(names, sizeof names / sizeof *names, k);
}

str proof_kind_name(enum proof_kind k)
{
	static const char *const names[] = { "password", "details", "code" };
	return pick(names, sizeof names / sizeof *names, k);
}

str link_mode_name(enum link_mode m)
{
	static const char *const names[] = { "page", "presigned" };
	return pick(names, sizeof names / sizeof *names, m);
}

str notice_kind_name(enum notice_kind k)
{
	static const char *const names[] = { "locked", "not-for-me", "renewal-wanted", "opened" };
	return pick(names, sizeof names / sizeof *names, k);
}

const str *value_find(const struct value *values, str name)
{
	for (; values; values = values->next)
		if (str_same(values->name, name))
			return &values->text;
	return NULL;
}
