#include "door/cli/message.h"

#include "sign/sign.h"
#include "sys/sys.h"
#include "wire/dns_file.h"

#include <jansson.h>

static err find_txt(void *state, struct arena *a, str name, struct txt_record **out)
{
	struct dns_entry *found;
	struct txt_record *all = NULL, **end = &all;

	TRY(dns_file_find(a, state, name, STR("TXT"), &found));
	for (const struct dns_entry *r = found; r; r = r->next) {
		TRY(NEW(a, *end));
		(*end)->text = r->text;
		end = &(*end)->next;
	}
	*out = all;
	return OK;
}

static err read_names(struct cli *cli, struct dns_entry **out)
{
	const char *path = cli_value(cli, "--dns");
	str json;

	if (!path) {
		fault_set(&cli->fault, "keys are not yet looked up in the network: give them with --dns FILE");
		return NEVER(UNSUPPORTED, "no network DNS");
	}
	fault_where(&cli->fault, str_of(path), 0, 0);
	TRY(file_read_all(cli->arena, path, DNS_FILE_MAX, &json));
	return dns_file_parse(cli->arena, json, out, &cli->fault);
}

static json_t *result_json(struct arena *a, const struct dkim_result *r)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:s}", "domain", cli_text_json(a, r->domain), "selector",
			 cli_text_json(a, r->selector), "algorithm", cli_text_json(a, r->algorithm), "result",
			 r->result, "reason", r->reason);
}

static err run(struct cli *cli)
{
	struct dns_entry *names;
	struct dkim_result *results;
	str message;

	TRY(read_names(cli, &names));
	fault_where(&cli->fault, STR_NONE, 0, 0);
	TRY(cli_message(cli, &message));
	const struct txt_lookup dns = { .find = find_txt, .state = names };
	TRY(sign_verify(cli->arena, message, &dns, clock_now(&cli->clock), &results, &cli->fault));
	json_t *list = json_array();
	for (const struct dkim_result *r = results; r; r = r->next)
		json_array_append_new(list, result_json(cli->arena, r));
	cli_out_json(cli, list);
	return OK;
}

static const struct cli_option options[] = {
	{ "--dns", "FILE", "stands for the network: {\"name\": {\"TXT\": [\"…\"]}, …}" },
	{ 0 },
};

const struct cli_command command_dkim_verify = {
	.name = "dkim verify",
	.usage = "--dns FILE",
	.summary = "judge the DKIM signatures of a message",
	.details =
		"Prints a JSON list with an object for each DKIM-Signature, from the top: domain, selector, algorithm, "
		"result and reason. The result is a word of RFC 8601: pass; fail, the message or the field was "
		"changed; policy, the signature matches or might, but is not to be trusted (it has l=, has expired, "
		"was "
		"made in the future, or its key is too short); temperror, the key could not be fetched; permerror, the "
		"field or the key is missing, malformed, revoked or of a kind that is not accepted.\n\n"
		"It exits with 0 when the message was judged, whatever the verdicts.",
	.examples = "# Judge a message with the keys in names.json\n"
		    "$ letterlock dkim verify --dns names.json < mail.eml",
	.options = options,
	.run = run,
};
