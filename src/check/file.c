#include "check/file.h"

static err wrong_word(struct fault *fault, const char *setting, str wrong)
{
	fault_set(fault, "%s: \"%.*s\" is none of the words it may hold", setting, STR_ARG(wrong));
	return NEVER(CONFIG, "a setting about documents holds a word that is none");
}

err check_file_rules(const struct config *c, struct file_rules *out, struct fault *fault)
{
	struct file_rules rules = file_rules_default();
	str wrong;

	if (failed(file_types_read(c->check.types, &rules.types, &wrong)))
		return wrong_word(fault, "check.types", wrong);
	if (failed(file_actives_read(c->check.tolerate, &rules.tolerated, &wrong)))
		return wrong_word(fault, "check.tolerate", wrong);
	rules.active = (enum file_policy)c->check.active;
	rules.look_bytes = c->limits.look_bytes;
	rules.entries_max = c->limits.archive_entries;
	rules.bytes_max = c->limits.archive_bytes;
	rules.ratio_max = c->limits.archive_ratio;
	rules.depth_max = c->limits.archive_depth;
	rules.time_max = c->limits.look_time;
	*out = rules;
	return OK;
}

static str last_part(str path)
{
	for (ptrdiff_t i; (i = str_find_char(path, '/')) >= 0;)
		path = str_from(path, (size_t)i + 1);
	return path;
}

/* What needs no look: a name that misleads does so whatever it stands on, and may not even be sent as JSON. */
static bool name_misleads(str name, struct file_verdict *out)
{
	struct file_verdict v = { .type = FILE_TYPES, .outcome = FILE_REFUSED };
	err judged = file_name_judge(name);

	if (!failed(judged))
		return false;
	v.reason = str_of(judged.note);
	*out = v;
	return true;
}

err check_file(struct inspectors *pool, struct arena *a, const struct file_rules *rules, str name, str declared,
	       struct source *document, struct file_verdict *out, struct fault *fault)
{
	const struct file_question question = { .rules = *rules, .name = last_part(name), .declared = declared };
	struct inspection what = { .job = INSPECT_file, .document = document, .answer_max = FILE_ANSWER_MAX };
	struct buf b;
	str answer;

	if (name_misleads(question.name, out))
		return OK;
	TRY(buf_open(a, FILE_QUESTION_MAX, &b));
	buf_add_file_question(&b, &question);
	TRY(buf_check(&b));
	what.parameters = buf_str(&b);
	TRY(inspect(pool, a, &what, &answer, fault));
	return file_verdict_read(a, answer, out);
}
