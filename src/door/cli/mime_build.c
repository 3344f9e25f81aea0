#include "door/cli/cli.h"

#include "sys/sys.h"
#include "wire/mime.h"

enum { SPEC_MAX = 16 * 1024 * 1024 };

static err read_spec(struct cli *cli, str *out)
{
	const char *path = cli->operands[0];

	if (str_same(str_of(path), STR("-")))
		return cli_stdin(cli, cli->arena, SPEC_MAX, out);
	err e = file_read_all(cli->arena, path, SPEC_MAX, out);
	if (failed(e))
		fault_where(&cli->fault, str_of(path), 0, 0);
	return e;
}

/* A file's name is the attachment's, unless another was given. */
static str base_name(const char *path)
{
	str whole = str_of(path), name = whole;

	for (size_t i = 0; i < whole.len; i++)
		if (whole.at[i] == '/')
			name = str_from(whole, i + 1);
	return name;
}

static err open_file(struct cli *cli, struct mime_file *file)
{
	int fd;
	err e = file_open(file->path, FILE_READ | FILE_REGULAR, 0, &fd);

	if (failed(e)) {
		fault_where(&cli->fault, str_of(file->path), 0, 0);
		fault_set(&cli->fault, "the attachment cannot be read");
		return e;
	}
	if (!file->attachment->name.len)
		file->attachment->name = base_name(file->path);
	return file_source(cli->arena, fd, &file->attachment->content);
}

static err new_id(struct cli *cli, struct mime *m)
{
	char room[ID_TEXT];
	struct buf b = BUF_ON(room);
	id random;

	if (m->id.len || !m->from)
		return OK;
	TRY(id_new(&cli->entropy, &random));
	buf_add_id(&b, random);
	return str_format(cli->arena, &m->id, "<%.*s@%.*s>", STR_ARG(buf_str(&b)), STR_ARG(m->from->address.domain));
}

static err out_write(void *state, const void *from, size_t len)
{
	cli_out(state, str_bytes(from, len));
	return OK;
}

static err run(struct cli *cli)
{
	static const struct sink_ops ops = { .write = out_write };
	struct sink out = { &ops, cli };
	struct mime_file *files = NULL;
	struct mime m;
	str json;

	TRY(read_spec(cli, &json));
	TRY(mime_spec_read(cli->arena, json, &m, &files, &cli->fault));
	m.date = clock_now(&cli->clock);
	TRY(new_id(cli, &m));
	for (struct mime_file *file = files; file; file = file->next)
		TRY(open_file(cli, file));
	return mime_write(&m, &cli->entropy, &out, &cli->fault);
}

const struct cli_command command_mime_build = {
	.name = "mime build",
	.usage = "SPEC.json",
	.summary = "write a message from a description in JSON",
	.details =
		"SPEC has from, to, subject, and text, html or attachments; further cc, reply_to, headers (an object; "
		"X-… and a "
		"few more), attachments (a list of {name, type, path or content or base64}), unsubscribe (an https: or "
		"mailto: address, or both in a list), message_id, language and generated. Addresses are written a@b, "
		"Name <a@b> or {\"name\", \"address\"}. Without message_id a random one is made; the date is now or "
		"--now.\n\n"
		"A control byte in any field that goes into a header is refused, with the field's name. SPEC - is "
		"standard "
		"input.",
	.examples = "# A message on standard output\n"
		    "$ letterlock mime build letter.json > letter.eml",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
