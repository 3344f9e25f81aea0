#include "door/cli/frame.h"

#include "config/config.h"
#include "sys/sys.h"

#include <string.h>

static err never_read(void *state, void *to, size_t max, size_t *got)
{
	(void)state, (void)to, (void)max, (void)got;
	return LATER(MEMORY, "standard input could not be opened");
}
static const struct source_ops never_ops = { .read = never_read };

struct source cli_stdin_source(struct cli *cli)
{
	struct source s;

	if (failed(file_source(cli->arena, 0, &s)))
		return (struct source){ .ops = &never_ops };
	return s;
}

/* In one piece, so that a secret is read straight into its arena and leaves no copies behind. */
static err read_up_to(struct source *from, struct arena *a, size_t max, str *out)
{
	struct buf b;
	size_t got;

	TRY(buf_open(a, max + 1, &b));
	TRY(source_read_full(from, b.at, max + 1, &got));
	if (got > max)
		return NEVER(LIMIT, "standard input is too long");
	*out = str_bytes(b.at, got);
	return OK;
}

static err read_growing(struct source *from, struct arena *a, size_t max, str *out)
{
	size_t room = 64 * 1024, have = 0, got = 0;
	void *at = NULL, *wider;

	do {
		room = room < max / 4 ? room * 4 : max + 1;
		TRY(arena_take(a, room, &wider));
		if (have)
			memcpy(wider, at, have);
		at = wider;
		TRY(source_read_full(from, (char *)at + have, room - have, &got));
		have += got;
		if (have > max)
			return NEVER(LIMIT, "standard input is too long");
	} while (have == room);
	*out = str_bytes(at, have);
	return OK;
}

err cli_stdin(struct cli *cli, struct arena *a, size_t max, str *out)
{
	OWNED(source_done) struct source s = cli_stdin_source(cli);
	err e = max <= 64 * 1024 ? read_up_to(&s, a, max, out) : read_growing(&s, a, max, out);

	if (e.why == WHY_LIMIT)
		fault_set(&cli->fault, "standard input is longer than %zu bytes", max);
	return e;
}

static str without_newline(str s)
{
	if (str_ends(s, STR("\r\n")))
		return str_upto(s, s.len - 2);
	return str_ends(s, STR("\n")) ? str_upto(s, s.len - 1) : s;
}

err cli_secret(struct cli *cli, struct arena *secret, const char *option, str *out)
{
	const char *path = cli_value(cli, option);
	str text;

	if (!path) {
		fault_set(&cli->fault, "%s FILE is needed (- for standard input)", option);
		return NEVER(USAGE, "no secret was named");
	}
	err e = strcmp(path, "-") ? file_read_private(secret, path, SECRET_MAX, &text)
				  : cli_stdin(cli, secret, SECRET_MAX, &text);
	if (failed(e) && fault_empty(&cli->fault)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		fault_set(&cli->fault, "%s", e.why == WHY_KEY ? "others may read this file: chmod 600 it" : e.note);
	}
	TRY(e);
	*out = without_newline(text);
	return OK;
}

err cli_span(struct cli *cli, const char *option, span least, span most, span *out)
{
	const char *given = cli_value(cli, option);
	span s;

	if (!given)
		return OK;
	if (failed(span_parse(str_of(given), &s)) || s < least || s > most) {
		fault_set(&cli->fault, "%s takes a span of time such as 90m, 12h or 7d, up to a year", option);
		return NEVER(USAGE, "not a span in bounds");
	}
	*out = s;
	return OK;
}

/* --limit lowers what the configuration allows, and never raises it. */
static err lower_limits(struct cli *cli, const struct config *as_read, const struct config **out)
{
	const struct config_setting *settings;
	struct config *lowered;
	size_t count;

	TRY(NEW(cli->arena, lowered));
	*lowered = *as_read;
	settings = config_settings(&count);
	for (size_t i = 0; i < count; i++) {
		uint64_t limit;
		if (!str_starts(str_of(settings[i].name), STR("limits.")))
			continue;
		memcpy(&limit, (char *)lowered + settings[i].offset, sizeof limit);
		limit = cli_limit(cli, settings[i].name + STR("limits.").len, limit);
		memcpy((char *)lowered + settings[i].offset, &limit, sizeof limit);
	}
	*out = lowered;
	return OK;
}

err cli_config(struct cli *cli, const struct config **out)
{
	const struct config *as_read;

	if (!cli->given->config) {
		TRY(config_open(cli->arena, cli->config_path, &as_read, &cli->fault));
		TRY(lower_limits(cli, as_read, &cli->given->config));
	}
	*out = cli->given->config;
	return OK;
}
