/* The directory of keys: private files in a private directory. Files of other names are left alone; a file
 * with a key's name that cannot be used stops everything, because a key that is silently missing shows
 * only when a document can no longer be opened. */
#include "crypt/key_file.h"

#include "sys/sys.h"

#include <stdlib.h>

enum { KEY_FILES_MAX = 10000, SECRET_MAX = 4 * KEY_FILE_MAX };

static bool looks_like_key(str name)
{
	if (str_starts(name, STR("dkim-")) || str_starts(name, STR("openpgp-")))
		return str_ends(name, STR(".pem"));
	return str_ends(name, STR(".key")) &&
	       (str_starts(name, STR("master-")) || str_starts(name, STR("link-")) || str_starts(name, STR("lookup-")));
}

static err read_one(struct arena *secret, const char *dir, str name, struct key_file *f, struct fault *fault)
{
	const char *path;
	str text, expected;

	TRY(path_join(secret, dir, name, &path));
	fault_where(fault, str_of(path), 0, 0);
	err e = file_read_private(secret, path, KEY_FILE_MAX, &text);
	if (failed(e)) {
		fault_set(fault,
			  e.why == WHY_KEY ? "others may read this key: chmod 600 '%s'"
					   : "the key file '%s' cannot be read",
			  path);
		return e;
	}
	TRY(key_file_parse(text, f, fault));
	TRY(key_file_name(secret, f, &expected));
	if (!str_same(name, expected)) {
		fault_set(fault, "by its first line the file should be named %.*s", STR_ARG(expected));
		return NEVER(KEY, "a key file has a name that is not its own");
	}
	return OK;
}

static int by_kind_and_age(const void *a, const void *b)
{
	const struct key_file *x = *(struct key_file *const *)a, *y = *(struct key_file *const *)b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	int order = str_order(x->domain, y->domain);
	return order ? order : str_order(x->selector, y->selector);
}

static struct key_file *chain(struct key_file **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		list[i]->next = i + 1 < count ? list[i + 1] : NULL;
	return count ? list[0] : NULL;
}

err key_files_check_dir(const char *dir, struct fault *fault)
{
	err e = dir_check_private(dir);

	fault_where(fault, str_of(dir), 0, 0);
	if (failed(e) && e.why == WHY_KEY)
		fault_set(fault,
			  "the directory of keys must be yours alone: chown it to this user, then chmod 700 '%s'", dir);
	else if (failed(e))
		fault_set(fault, "the directory of keys cannot be read; `letterlock init` makes one");
	return e;
}

err key_files_read(struct arena *secret, const char *dir, struct key_file **out, struct fault *fault)
{
	str *names;
	size_t count, have = 0;
	struct key_file **list;

	TRY(key_files_check_dir(dir, fault));
	TRY(dir_list(secret, dir, &names, &count));
	if (count > KEY_FILES_MAX)
		return NEVER(LIMIT, "there are too many files beside the keys");
	TRY(NEW_ARRAY(secret, count + 1, list));
	for (size_t i = 0; i < count; i++) {
		if (!looks_like_key(names[i]))
			continue;
		TRY(NEW(secret, list[have]));
		TRY(read_one(secret, dir, names[i], list[have++], fault));
	}
	qsort(list, have, sizeof *list, by_kind_and_age);
	fault_where(fault, STR_NONE, 0, 0);
	*out = chain(list, have);
	return OK;
}

err key_file_write(const char *dir, const struct key_file *f, bool replace, struct fault *fault)
{
	OWNED(arena_done) struct arena *secret = NULL;
	const char *path;
	struct buf text;
	str name;

	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(key_file_name(secret, f, &name));
	TRY(path_join(secret, dir, name, &path));
	TRY(buf_open(secret, KEY_FILE_MAX, &text));
	key_file_print(&text, f);
	TRY(buf_check(&text));
	err e = replace ? file_write_atomic(path, buf_str(&text), 0600) : file_write_new(path, buf_str(&text), 0600);
	if (failed(e)) {
		fault_where(fault, str_of(path), 0, 0);
		fault_set(fault, e.why == WHY_EXISTS ? "this key exists already" : "the key could not be written");
	}
	return e;
}
