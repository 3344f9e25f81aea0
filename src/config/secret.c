/* Secrets are fetched when they are used, straight into locked memory, and never from the file of settings. */
#include "config/reading.h"

#include "sys/sys.h"

#include <stdlib.h>

enum { SECRET_BYTES_MAX = 64 * 1024 };
#define COMMAND_TIMEOUT (30 * SECOND)

bool config_secret_given(const struct config_secret *s)
{
	return s->file || s->credential || s->command;
}

/* A relative path begins at the folder of the configuration, as all paths in it. */
static err from_file(const struct config *c, const char *path, struct arena *secret, str *out)
{
	struct arena *paths;
	const char *whole = path;
	str text;

	TRY(arena_open(64 * 1024, &paths));
	OWNED(arena_done) struct arena *owner = paths;
	if (path[0] != '/') {
		str folder = str_of(c->path);
		while (folder.len > 1 && folder.at[folder.len - 1] != '/')
			folder.len--;
		TRY(str_format(paths, &text, "%.*s%s", STR_ARG(folder), path));
		TRY(str_c(paths, text, &whole));
	}
	return file_read_private(secret, whole, SECRET_BYTES_MAX, out);
}

/* systemd.exec(5), LoadCredential=: a file in a directory that only this service sees. */
static err from_credential(const char *name, struct arena *secret, str *out)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY"), *path;

	if (!dir || !dir[0])
		return NEVER(KEY, "$CREDENTIALS_DIRECTORY is not set: is this a systemd service with LoadCredential=?");
	TRY(path_join(secret, dir, str_of(name), &path));
	return file_read_private(secret, path, SECRET_BYTES_MAX, out);
}

static err fetch(const struct config *c, const struct config_secret *s, struct arena *secret, str *out)
{
	if (s->file)
		return from_file(c, s->file, secret, out);
	if (s->credential)
		return from_credential(s->credential, secret, out);
	if (s->command)
		return child_output(secret, s->command, SECRET_BYTES_MAX, COMMAND_TIMEOUT, out);
	return NEVER(KEY, "the secret is not given");
}

err config_secret(const struct config *c, const struct config_secret *s, struct arena *secret, str *out,
		  struct fault *fault)
{
	char room[512];
	struct buf where = BUF_ON(room);
	str text = STR_NONE;
	err e = fetch(c, s, secret, &text);

	if (!failed(e) && str_ends(text, STR("\n")))
		text.len--;
	if (!failed(e) && text.len == 0)
		e = NEVER(KEY, "the secret is empty");
	if (failed(e)) {
		value_print(&(struct config_setting){ .kind = KIND_SECRET }, s, &where);
		fault_set(fault, "the secret %.*s cannot be had: %s", STR_ARG(buf_str(&where)), e.note);
		return e;
	}
	*out = text;
	return OK;
}
