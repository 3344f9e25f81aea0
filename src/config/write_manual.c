/* letterlock.yaml(5), in mdoc. */
#include "config/config.h"

#include <string.h>

/* In mdoc a backslash begins an escape, and a dot or a quote at a line's start a request. */
static void text(struct buf *out, const char *s)
{
	for (const char *start = s; *s; s++) {
		if (*s == ' ' && s > start + 1 && (s[-1] == '.' || s[-1] == ':') && s[1] >= 'A' && s[1] <= 'Z')
			buf_add_char(out, '\n'); /* mdoc(7): a new sentence begins a new line */
		else if (*s == '\\')
			buf_add(out, STR("\\e"));
		else if (*s == '`')
			buf_add(out, STR("\\(oq"));
		else
			buf_add_char(out, *s);
	}
}

static void sentence(struct buf *out, const char *s)
{
	text(out, s);
	buf_add_char(out, '\n');
}

static void add_bound(struct buf *out, enum config_kind kind, int64_t bound)
{
	if (kind == KIND_SPAN)
		buf_add_span(out, bound);
	else
		buf_add_format(out, "%lld", (long long)bound);
}

static void form(struct buf *out, const struct config_setting *s)
{
	const char *choices = config_kind_choices(s->kind);

	buf_add(out, STR(".br\n"));
	if (choices)
		buf_add_format(out, "One of %s", choices);
	else
		buf_add_format(out, "It is %s", config_kind_words(s->kind));
	bool bounded = s->kind == KIND_NUMBER || s->kind == KIND_SPAN || s->kind == KIND_QUOTA;
	if (bounded) {
		buf_add(out, STR(", from "));
		add_bound(out, s->kind, s->least);
		buf_add(out, STR(" to "));
		add_bound(out, s->kind, s->most);
	}
	if (!s->fallback)
		buf_add(out, STR("; it must be given"));
	else if (s->fallback[0])
		buf_add_format(out, "; default: %s", s->fallback);
	buf_add(out, STR(".\n"));
	if (s->kind != KIND_FLAG && !choices) {
		buf_add(out, STR(".br\nExample: "));
		sentence(out, s->example);
	}
}

static void one(struct buf *out, const struct config_setting *s)
{
	const char *dot = strrchr(s->name, '.');

	if (s->kind == KIND_SECTION || s->kind == KIND_RECORDS) {
		buf_add_format(out, ".El\n.Ss %s\n", s->name);
		sentence(out, s->about);
		if (s->kind == KIND_RECORDS)
			buf_add(out, STR("This is a list: each entry is begun by a dash.\n"));
		buf_add(out, STR(".Bl -tag -width Ds\n"));
		return;
	}
	buf_add_format(out, ".It Cm %s\n", dot ? dot + 1 : s->name);
	sentence(out, s->about);
	form(out, s);
}

static const char head[] =
	".Dt LETTERLOCK.YAML 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm letterlock.yaml\n"
	".Nd settings of letterlock\n"
	".Sh SYNOPSIS\n"
	".Nm letterlock.yaml\n"
	".Sh DESCRIPTION\n"
	"The file is looked for in the working directory, then in\n"
	".Pa /etc/letterlock ;\n"
	".Fl -config\n"
	"names another.\n"
	"It is YAML, strictly: unknown, repeated and empty settings are errors, as are anchors, aliases and tags.\n"
	"It is refused if group or others may write it.\n"
	".Pp\n"
	"A secret never stands in this file.\n"
	"It is kept in a file that only its owner may read, in a systemd credential, or is printed by a command:\n"
	".Bd -literal -offset indent\n"
	"password: { file: /etc/letterlock/relay-password }\n"
	"password: { credential: relay-password }\n"
	"password: { command: [pass, show, relay] }\n"
	".Ed\n"
	".Pp\n"
	"A protection is given up only with a written reason, which is shown and recorded.\n"
	".Sh SETTINGS\n"
	".Bl -tag -width Ds\n";

static const char tail[] = ".El\n"
			   ".Sh EXAMPLES\n"
			   "The least that is needed, with mail written into a folder for trying out:\n"
			   ".Bd -literal -offset indent\n"
			   "domain: example.com\n"
			   "sender:\n"
			   "  address: documents@example.com\n"
			   "signing:\n"
			   "  - domain: example.com\n"
			   "    selector: letters1\n"
			   ".Ed\n"
			   ".Sh SEE ALSO\n"
			   ".Xr letterlock 1 ,\n"
			   ".Xr letterlock-config-check 1 ,\n"
			   ".Xr letterlock-config-show 1\n";

err config_write_manual(const char *date, struct buf *out)
{
	size_t count;
	const struct config_setting *table = config_settings(&count);

	buf_add_format(out, ".Dd %s\n", date);
	buf_add(out, str_of(head));
	for (size_t i = 0; i < count; i++)
		one(out, &table[i]);
	buf_add(out, str_of(tail));
	return buf_check(out);
}
