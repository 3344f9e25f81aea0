/* A whole message on standard input, for the plumbing that judges messages; and bytes as JSON. */
#ifndef LETTERLOCK_DOOR_CLI_MESSAGE_H
#define LETTERLOCK_DOOR_CLI_MESSAGE_H

#include "door/cli/cli.h"

enum { MESSAGE_MAX = 64 * 1024 * 1024 };

/* Lines end with CRLF, or the whole message has no CR at all: then each LF becomes CRLF, as an editor's file is
 * meant. A message with both kinds is NEVER SYNTAX: what one program takes for two lines another takes for one. */
err cli_message(struct cli *cli, str *out);
/* A JSON string; bytes that are not UTF-8 are shown as \xNN. */
struct json_t *cli_text_json(struct arena *a, str bytes);
/* An option that must be given: NEVER USAGE with words. */
err cli_needed(struct cli *cli, const char *option, const char **out);

#endif
