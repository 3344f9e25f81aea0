#include "flow/send.h"
#include "door/cli/cli.h"
#include "door/cli/progress.h"
#include "sys/listen.h"
#include "sys/sys.h"
#include "wire/file_rules.h"

#include <jansson.h>
#include <string.h>

static const struct cli_option options[] = {
	{ "--documents", "DIR", "the folder that the list's document names are below (default: the list's own)" },
	{ "--template", "NAME", "the mail's template (default: document)" },
	{ "--as", "FORM",
	  "open (at the page), a container (zip, pdf), smime or pgp (the mail itself, encrypted to the certificate or "
	  "key "
	  "on file), or auto, the right one for each" },
	{ "--proof", "PROOF",
	  "password, details:COLUMN[+COLUMN…], or code:COLUMN (a telephone number): what opens it besides the link" },
	{ "--link", "MODE",
	  "page (the default), or presigned: the mail carries the bucket's own URL, of seven days at most; see below" },
	{ "--expires", "SPAN", "how long the links open: 90m, 12h, 7d" },
	{ "--hide-names", NULL, "with --as zip: an inner archive, so that file names cannot be seen" },
	{ "--results", "FILE", "where the results go (default: the list's name with -results)" },
	{ "--resume", "FILE", "carry on the run that wrote these results" },
	{ "--no-wait", NULL, "queue only; `letterlock serve` delivers" },
	{ "--patience", "SPAN", "how long to wait when nothing can be delivered now (default: 1m)" },
	{ 0 },
};

static err usage(struct cli *cli, const char *words)
{
	fault_set(&cli->fault, "%s", words);
	return NEVER(USAGE, "an option's value is not understood");
}

static err read_form(struct cli *cli, const struct config *config, struct send_options *o)
{
	static const enum seal_kind kinds[] = { SEAL_OPEN, SEAL_ZIP, SEAL_PDF, SEAL_SMIME, SEAL_PGP, SEAL_AUTO };
	const char *as = cli_value(cli, "--as");

	o->seal = (enum seal_kind)config->seal.as; /* the same order, as config.h says */
	if (!as)
		return OK;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_same(str_of(as), seal_kind_name(kinds[i]))) {
			o->seal = kinds[i];
			return OK;
		}
	return usage(cli, "--as takes open, zip, pdf, smime, pgp or auto");
}

static err read_proof(struct cli *cli, const struct config *config, struct send_options *o)
{
	str kind, columns, given = str_of(cli_value(cli, "--proof"));

	o->proof = (enum proof_kind)config->proof.by;
	if (given.len == 0 && o->proof == PROOF_PASSWORD)
		return OK;
	bool has_columns = str_cut(given, ':', &kind, &columns);
	if (str_same(kind, STR("password")) && !has_columns)
		o->proof = PROOF_PASSWORD;
	else if (str_same(kind, STR("details")) && columns.len)
		o->proof = PROOF_DETAILS;
	else if (str_same(kind, STR("code")) && columns.len)
		o->proof = PROOF_CODE;
	else
		return usage(cli, "--proof takes password, details:COLUMN[+COLUMN…] or code:COLUMN");
	o->proof_columns = columns;
	return OK;
}

static err read_link(struct cli *cli, struct send_options *o)
{
	const char *mode = cli_value(cli, "--link");

	if (!mode || strcmp(mode, "page") == 0)
		return OK;
	if (strcmp(mode, "presigned") != 0)
		return usage(cli, "--link takes page or presigned");
	o->mode = LINK_PRESIGNED;
	return OK;
}

/* people.csv gives people-results.csv, beside it. */
static err results_name(struct cli *cli, const char *list, const char **out)
{
	str name = str_of(list), text;

	if (str_ends(name, STR(".csv")))
		name.len -= 4;
	TRY(str_format(cli->arena, &text, "%.*s-results.csv", STR_ARG(name)));
	*out = text.at;
	return OK;
}

static err folder_of(struct cli *cli, const char *list, const char **out)
{
	const char *slash = strrchr(list, '/');

	*out = slash == list ? "/" : ".";
	return slash && slash != list ? str_c(cli->arena, str_bytes(list, (size_t)(slash - list)), out) : OK;
}

static err read_paths(struct cli *cli, struct send_options *o)
{
	o->list_path = cli->operands[0];
	o->documents_dir = cli_value(cli, "--documents");
	if (!o->documents_dir)
		TRY(folder_of(cli, o->list_path, &o->documents_dir));
	o->results_path = cli_value(cli, "--results");
	if (cli_value(cli, "--resume")) {
		if (o->results_path && strcmp(o->results_path, cli_value(cli, "--resume")) != 0)
			return usage(cli, "--resume FILE goes on writing to FILE: leave out --results");
		o->resume = true;
		o->results_path = cli_value(cli, "--resume");
	}
	return o->results_path ? OK : results_name(cli, o->list_path, &o->results_path);
}

static err read_options(struct cli *cli, const struct config *config, struct send_options *o)
{
	*o = (struct send_options){
		.template_name = str_of(cli_value(cli, "--template") ? cli_value(cli, "--template") : "document"),
		.hide_names = cli_flag(cli, "--hide-names"),
		.expires = config->link.expires,
		.wait = !cli_flag(cli, "--no-wait"),
		.patience = MINUTE,
		.dry_run = cli->dry_run,
		.rows_max = config->limits.list_rows,
	};
	TRY(read_form(cli, config, o));
	TRY(read_proof(cli, config, o));
	TRY(read_link(cli, o));
	TRY(cli_span(cli, "--expires", MINUTE, 366 * DAY, &o->expires));
	TRY(cli_span(cli, "--patience", 0, 366 * DAY, &o->patience));
	return read_paths(cli, o);
}

/* ── Telling ── */

static void say_note(void *state, const char *line)
{
	cli_say(state, "%s", line);
}

struct showing {
	struct cli *cli;
	struct progress progress;
	char trouble[512];
	const struct send *send;
	bool noticed;
};

static struct progress_count shown_count(const struct send_count *c)
{
	return (struct progress_count){
		.done = c->ended,
		.total = c->rows - c->folded,
		.failures = c->by_status[ROW_FAILED] + c->by_status[ROW_REFUSED] + c->by_status[ROW_SUPPRESSED],
	};
}

static void tick(void *state, const struct send_count *count, const char *trouble)
{
	struct showing *s = state;
	struct progress_count shown = shown_count(count);

	if (!s->noticed && send_notice(s->send)[0]) {
		cli_warn(s->cli, "%s", send_notice(s->send));
		s->noticed = true;
	}
	if (strncmp(trouble, s->trouble, sizeof s->trouble - 1) != 0) {
		if (trouble[0])
			cli_warn(s->cli, "%s; trying again", trouble);
		snprintf(s->trouble, sizeof s->trouble, "%s", trouble);
	}
	progress_show(&s->progress, &shown);
}

static void tell_refusals(struct cli *cli, const struct send *s, bool all)
{
	const struct results *r = send_results(s);
	uint64_t told = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (r->rows[i].status != ROW_REFUSED && r->rows[i].status != ROW_SUPPRESSED)
			continue;
		if (told++ < 20 || all)
			cli_say(cli, "%.*s: %.*s", STR_ARG(row_status_name(r->rows[i].status)),
				STR_ARG(r->rows[i].problem));
	}
	if (told > 20 && !all)
		cli_say(cli, "… and %llu more, in the results file", (unsigned long long)(told - 20));
}

/* The first of them stands for all: mostly it is the same for each. */
static void tell_held(struct cli *cli, const struct send *s, const struct send_count *c)
{
	const struct results *r = send_results(s);

	for (size_t i = 0; c->held && i < r->count; i++)
		if (r->rows[i].status == ROW_WAITING && r->rows[i].problem.len) {
			cli_warn(cli, "%llu rows are held, and nothing was mailed for them: %.*s",
				 (unsigned long long)c->held, STR_ARG(r->rows[i].problem));
			return;
		}
}

static void tell_flagged(struct cli *cli, const struct send_count *c)
{
	char room[300];
	struct buf words = BUF_ON(room);

	if (c->flagged == 0)
		return;
	buf_add_file_actives(&words, c->active);
	cli_warn(
		cli,
		"documents of %llu rows hold something active (%.*s); check.active: flag lets them through, and `show` "
		"has it for each",
		(unsigned long long)c->flagged, STR_ARG(buf_str(&words)));
}

static json_t *json_forms(const struct send_count *c)
{
	json_t *forms = json_object();

	for (enum seal_kind k = SEAL_OPEN; k < SEAL_AUTO; k++)
		if (c->by_seal[k])
			json_object_set_new(forms, seal_kind_name(k).at, json_integer((json_int_t)c->by_seal[k]));
	return forms;
}

/* Where it was left to us: how many in which form. */
static void tell_forms(struct cli *cli, const struct send_options *o, const struct send_count *c)
{
	const char *between = "; sealed ";

	for (enum seal_kind k = SEAL_OPEN; o->seal == SEAL_AUTO && k < SEAL_AUTO; k++) {
		if (c->by_seal[k] == 0)
			continue;
		cli_out_format(cli, "%s%llu as %.*s", between, (unsigned long long)c->by_seal[k],
			       STR_ARG(seal_kind_name(k)));
		between = ", ";
	}
}

static void tell_json(struct cli *cli, const struct send *s, const struct send_options *o, const struct send_count *c)
{
	char text[ID_TEXT + 1];
	struct buf submission = BUF_ON(text);
	json_t *j = json_object();

	buf_add_id(&submission, send_submission(s));
	json_object_set_new(j, "submission", json_stringn(submission.at, submission.len));
	json_object_set_new(j, "rows", json_integer((json_int_t)c->rows));
	json_object_set_new(j, "folded", json_integer((json_int_t)c->folded));
	for (enum row_status status = ROW_WAITING; status <= ROW_CANCELLED; status++)
		json_object_set_new(j, row_status_name(status).at, json_integer((json_int_t)c->by_status[status]));
	json_object_set_new(j, "held", json_integer((json_int_t)c->held));
	json_object_set_new(j, "flagged", json_integer((json_int_t)c->flagged));
	json_object_set_new(j, "sealed_as", json_forms(c));
	json_object_set_new(j, "weak_passwords", json_integer((json_int_t)c->weak));
	json_object_set_new(j, "results", o->dry_run ? json_null() : json_string(o->results_path));
	cli_out_json(cli, j);
}

static void tell_text(struct cli *cli, const struct send *s, const struct send_options *o, const struct send_count *c)
{
	bool first = true;

	if (o->dry_run) {
		cli_out_format(cli, "%llu of %llu rows would be sent, %llu refused",
			       (unsigned long long)(c->by_status[ROW_WAITING] - c->held),
			       (unsigned long long)(c->rows - c->folded),
			       (unsigned long long)c->by_status[ROW_REFUSED]);
		tell_forms(cli, o, c);
		cli_out_format(cli, "; nothing was stored or sent\n");
		return;
	}
	for (enum row_status status = ROW_WAITING; status <= ROW_CANCELLED; status++) {
		if (c->by_status[status] == 0 && status != ROW_DELIVERED)
			continue;
		cli_out_format(cli, "%s%llu %.*s", first ? "" : ", ", (unsigned long long)c->by_status[status],
			       STR_ARG(row_status_name(status)));
		first = false;
	}
	tell_forms(cli, o, c);
	cli_out_format(cli, "; results in %s\n", o->results_path);
	if (c->by_status[ROW_WAITING] && o->wait)
		cli_say(cli,
			"what is waiting goes on with `letterlock serve`, or with this command again and --resume "
			"%s%s%s",
			o->results_path, send_trouble(s)[0] ? "; " : "", send_trouble(s));
}

static int exit_status(const struct send *s, const struct send_options *o, const struct send_count *c)
{
	uint64_t good = c->by_status[ROW_DELIVERED] + c->by_status[ROW_CANCELLED];
	uint64_t rows = c->rows - c->folded;

	if (o->dry_run || !o->wait)
		good += c->by_status[ROW_WAITING] - c->held;
	if (send_stopped(s) && good < rows)
		return 3;
	return good == rows ? 0 : good + c->by_status[ROW_WAITING] == 0 ? 1 : 3;
}

static err work(struct cli *cli, struct send *s, const struct send_options *o)
{
	struct showing showing = { .cli = cli, .progress = progress_begin(cli), .send = s };
	const struct send_watch watch = { .tick = tick, .state = &showing };
	struct send_count count;

	send_notes(s, say_note, cli);
	send_counts(s, &count);
	if (count.weak)
		cli_warn(cli, "%llu passwords are below the floor; the configuration allows it, and each is recorded",
			 (unsigned long long)count.weak);
	err e = send_work(s, &watch, &cli->fault);
	send_counts(s, &count);
	struct progress_count shown = shown_count(&count);
	progress_end(&showing.progress, &shown);
	tell_refusals(cli, s, o->dry_run); /* else the results file has them */
	tell_held(cli, s, &count);
	tell_flagged(cli, &count);
	if (cli->json)
		tell_json(cli, s, o, &count);
	else
		tell_text(cli, s, o, &count);
	cli->exit_status = exit_status(s, o, &count);
	return e;
}

static err run(struct cli *cli)
{
	OWNED(line_done) struct line *line = NULL;
	OWNED(send_done) struct send *s = NULL;
	const struct config *config;
	struct send_options o;

	TRY(cli_config(cli, &config));
	TRY(read_options(cli, config, &o));
	stop_watch();
	descriptors_raise(); /* each thread has the files of a chunk open */
	TRY(line_open(cli->arena, config, cli->clock, cli->entropy, &line, &cli->fault));
	TRY(send_plan(line, &o, &s, &cli->fault));
	return work(cli, s, &o);
}

const struct cli_command command_send = {
	.name = "send",
	.usage = "LIST.csv [options]",
	.summary = "send each person of a list their documents, sealed",
	.details =
		"The list is a CSV file with a column `email`; it may have `name`, `language` and `document` (file "
		"names "
		"below --documents, several split by ';'). Every other column is a value for the template and for the "
		"proof. Each document is checked, sealed and stored encrypted; each person gets a mail with a link "
		"that "
		"expires, and shows a proof to open it.\n\n"
		"The results file repeats the list's columns and adds status, delivery, link, expires_at, password and "
		"problem. It holds the passwords: give each to its recipient by another way than mail, and keep the "
		"file "
		"as you keep the documents. It is written before anything is sent; a run that was stopped is carried "
		"on "
		"with --resume, and nobody is mailed twice.\n\n"
		"With --proof code:COLUMN the page sends six digits to the number in that column, as often as "
		"proof.codes says, each good for ten minutes and once. It needs a gateway: see sms.url.\n\n"
		"With --as pgp the mail carries the documents and is encrypted as a whole (PGP/MIME) to the key that "
		"`recipient key add` put on file; there is no link, no password and nothing to revoke once it is sent. "
		"Whose key is missing or not usable is refused, with the reason. DKIM signs the mail; with "
		"seal.pgp_sign it is also signed inside, by the OpenPGP key of `key new openpgp`. --as smime is the "
		"same with the certificate on file, which is judged again, now; if "
		"smime.certificate is set the mail is signed inside. Without it smime.cipher aes-256-cbc does not "
		"notice changes on the way: DKIM does, where it is looked at.\n\n"
		"With recipients.wkd: always, --as pgp and --as auto look up who has no usable key on file in the key "
		"directory of their domain (Web Key Directory), which thereby learns that something is about to be "
		"sent. A key that is found is judged, put on file and told with its fingerprint in `show`; after "
		"recipients.wkd_again it is looked up again. Another key than the one on file is told as an event "
		"and used for nothing, and neither is the one on file, until `recipient key add` settles it. A domain "
		"without a directory, or whose directory does not answer, is asked once in a run; whom nothing was "
		"found for is refused with --as pgp and gets the next form with --as auto. --dry-run asks too, and "
		"keeps nothing.\n\n"
		"With --as auto each recipient gets the form that suits them: `smime` or `pgp`, where what they "
		"gave us is on file (`letterlock recipient key add`); else `pdf`, if there are only PDF documents "
		"and the proof is strong enough to be their password, else `open`, at the page. A key or "
		"certificate that turns out not to be fit when it is used gives way to the next form. What was "
		"chosen and why stands in `show`, and --dry-run counts it.\n\n"
		"What recipients answer at the page is forgiven what people spell in different ways, and the list's "
		"own spelling too. A password: blanks around it; and if it is made of sixteen or more letters and "
		"digits in groups, as the generated ones are, also capitals, blanks and dashes. A date: any usual "
		"form (3 April 1987, 03.04.1987, 3/4/87, 1987-04-03), the day before the month unless only the other "
		"way round is a date. Any other detail: capitals, blanks, dots, dashes and slashes; accents count. A "
		"code: blanks and dashes. The password of a zip or PDF forgives nothing.\n\n"
		"With --link presigned no server of yours is needed: the mail carries the presigned URL of the zip or "
		"PDF "
		"in the bucket (store: s3://…), and the password alone protects what it opens. Whoever has the URL may "
		"fetch the file as often as they like and try passwords for ever, and nobody can tell whether it was "
		"opened. It lives for seven days at most and dies with the key that signed it: credentials of a "
		"session, "
		"and keys that will be retired before the links end (s3.refuse_after), are refused before anything is "
		"accepted. `letterlock revoke` removes the file from the bucket, which alone ends the URL.\n\n"
		"With --as zip and --proof details the details become the archive's password, as they stand in the "
		"list, "
		"joined by blanks; they are refused unless they are as strong as a password must be, or the "
		"configuration "
		"allows it with a reason.",
	.examples = "# everyone's document opens at the page with a password that the results file has\n"
		    "$ letterlock send people.csv --documents letters/\n"
		    "# at the page, with the birth date that the list knows\n"
		    "$ letterlock send people.csv --documents letters/ --proof details:birth_date\n"
		    "# at the page, with a code that is sent to the telephone in the list\n"
		    "$ letterlock send people.csv --documents letters/ --proof code:mobile\n"
		    "# the right form for each: encrypted PDFs where that is safe, else the page\n"
		    "$ letterlock send people.csv --documents letters/ --as auto\n"
		    "# as AES-256 zip archives, links open for three days\n"
		    "$ letterlock send people.csv --documents letters/ --as zip --expires 3d\n"
		    "# the same without a server: the mail carries the bucket's own URL, good for three days\n"
		    "$ letterlock send people.csv --documents letters/ --as zip --link presigned --expires 3d\n"
		    "# check everything and send nothing\n"
		    "$ letterlock send people.csv --documents letters/ --dry-run\n"
		    "# after an interruption\n"
		    "$ letterlock send people.csv --documents letters/ --resume people-results.csv\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
