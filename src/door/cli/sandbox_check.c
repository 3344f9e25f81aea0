/* The sandbox, tried from inside: one attempt a worker, because most attempts end it. */
#include "door/cli/inspector.h"

#include "sys/cage.h"

#include <jansson.h>

struct attempt {
	const struct cage_try *what;
	enum inspect_end end;
	char happened[128];
	bool held;
};

/* Most calls end the worker. Memory and limits are refused, computing ends by itself. */
static const char *expected(const struct cage_try *t)
{
	if (str_same(str_of(t->name), STR("memory")))
		return "refused";
	if (str_same(str_of(t->name), STR("cpu")))
		return "ended after a second";
	return "killed";
}

static bool expected_end(const struct cage_try *t, enum inspect_end end, long long error)
{
	if (str_same(str_of(t->name), STR("memory")))
		return end == INSPECT_ANSWERED && error != 0;
	return end == (str_same(str_of(t->name), STR("cpu")) ? INSPECT_CPU : INSPECT_REFUSED_CALL);
}

static const char *words_for(enum inspect_end end)
{
	switch (end) {
	case INSPECT_REFUSED_CALL:
		return "killed by the filter of system calls";
	case INSPECT_CPU:
		return "ended: it computed too long";
	case INSPECT_SILENT:
		return "it went on until it was ended from outside";
	case INSPECT_CRASHED:
		return "it broke down";
	default:
		return "it could not be tried";
	}
}

/* What got an answer was not killed: refused in some other way, or it went through. */
static void judge_answer(struct attempt *t, str answer)
{
	struct buf b = { .at = t->happened, .max = sizeof t->happened - 1 };
	json_t *j = json_loadb(answer.at ? answer.at : "", answer.len, JSON_REJECT_DUPLICATES, NULL);
	const char *words = json_string_value(json_object_get(j, "words"));
	long long error = json_integer_value(json_object_get(j, "errno"));

	if (error)
		buf_add(&b, STR("refused: "));
	buf_add_escaped(&b, str_upto(str_of(words ? words : "nothing is known"), 64));
	t->held = expected_end(t->what, t->end, error);
	json_decref(j);
}

static err try_one(struct cli *cli, struct inspectors *pool, struct attempt *t)
{
	SCRATCH(cli->arena);
	struct inspection what = { .job = INSPECT_sandbox_try, .end = &t->end };
	struct fault fault = { 0 };
	str answer = STR_NONE;

	TRY(str_format(cli->arena, &what.parameters, "{\"try\":\"%s\"}", t->what->name));
	err e = inspect(pool, cli->arena, &what, &answer, &fault);
	if (!failed(e)) {
		judge_answer(t, answer);
		return OK;
	}
	struct buf b = { .at = t->happened, .max = sizeof t->happened - 1 };
	buf_add(&b, str_of(words_for(t->end)));
	t->held = expected_end(t->what, t->end, 0);
	return OK;
}

static void print_text(struct cli *cli, const struct attempt *tries, const struct inspectors *pool)
{
	cli_out_format(cli, "      %-32s %-22s %s\n", "what reads documents tries to", "expected", "what happened");
	for (size_t i = 0; i < cage_try_count; i++)
		cli_out_format(cli, "%-5s %-32s %-22s %s\n", tries[i].held ? "ok" : "FAIL", tries[i].what->words,
			       expected(tries[i].what), tries[i].happened);
	if (inspectors_landlock(pool))
		cli_out_format(cli, "Landlock, version %u, and the filter of system calls\n",
			       inspectors_landlock(pool));
	else
		cli_out_format(cli, "This kernel has no Landlock; the filter of system calls holds alone\n");
}

static void print_json(struct cli *cli, const struct attempt *tries, const struct inspectors *pool, bool held)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cage_try_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:b}", "try", tries[i].what->name, "words",
						      tries[i].what->words, "expected", expected(tries[i].what),
						      "happened", tries[i].happened, "held", tries[i].held));
	cli_out_json(cli, json_pack("{s:b, s:i, s:o}", "held", held, "landlock", (int)inspectors_landlock(pool),
				    "tries", list));
}

static err run(struct cli *cli)
{
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	struct attempt *tries;
	bool held = true;

	TRY(cli_inspectors(cli, &pool));
	TRY(NEW_ARRAY(cli->arena, cage_try_count, tries));
	for (size_t i = 0; i < cage_try_count; i++) {
		tries[i].what = &cage_tries[i];
		TRY(try_one(cli, pool, &tries[i]));
		held = held && tries[i].held;
	}
	if (cli->json)
		print_json(cli, tries, pool, held);
	else
		print_text(cli, tries, pool);
	cli->exit_status = held ? 0 : 1;
	return OK;
}

const struct cli_command command_sandbox_check = {
	.name = "sandbox check",
	.usage = "",
	.summary = "try to get out of the sandbox that documents are looked into in",
	.details =
		"Documents, HTML, archives and mails are looked into by a second program, letterlock-inspector, that "
		"can "
		"read what it is given, answer, and nothing else. This command lets it try what an attacker inside it "
		"would: open files, make connections, run programs, reach other processes, take memory and time. Each "
		"attempt has a worker of its own. Exit status 1 if one got through or ended otherwise than expected.",
	.examples = "# after installing, and after a new kernel\n"
		    "$ letterlock sandbox check\n"
		    "\n"
		    "# for a monitor\n"
		    "$ letterlock sandbox check --json",
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
