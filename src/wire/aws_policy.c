#include "wire/aws_policy.h"

#include <jansson.h>

/* A text, or a list of texts with it among them. */
static bool says(const json_t *j, const char *what)
{
	const json_t *one;
	size_t i;

	if (json_is_string(j))
		return str_same(str_of(json_string_value(j)), str_of(what));
	json_array_foreach((json_t *)(uintptr_t)j, i, one) if (says(one, what)) return true;
	return false;
}

static bool is_about_all_objects(const json_t *resource, str bucket)
{
	char room[128];
	struct buf b = BUF_ON(room);

	buf_add_format(&b, "arn:aws:s3:::%.*s/*", STR_ARG(bucket));
	return says(resource, buf_c(&b)) || says(resource, "*");
}

/* Exactly one condition: any further one would narrow what is denied. */
static bool is_without_tls(const json_t *condition)
{
	const json_t *names = json_object_get(condition, "Bool");
	const json_t *value = json_object_get(names, "aws:SecureTransport");

	return json_object_size(condition) == 1 && json_object_size(names) == 1 &&
	       (says(value, "false") || json_is_false(value));
}

static bool denies_plain(const json_t *statement, str bucket)
{
	const json_t *who = json_object_get(statement, "Principal");
	const json_t *what = json_object_get(statement, "Action");

	return says(json_object_get(statement, "Effect"), "Deny") &&
	       (says(who, "*") || says(json_object_get(who, "AWS"), "*")) && (says(what, "s3:*") || says(what, "*")) &&
	       is_about_all_objects(json_object_get(statement, "Resource"), bucket) &&
	       is_without_tls(json_object_get(statement, "Condition"));
}

static void json_done(json_t **j)
{
	json_decref(*j);
}

bool aws_policy_denies_plain(str text, str bucket)
{
	OWNED(json_done) json_t *policy = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *statements = json_object_get(policy, "Statement"), *one;
	size_t i;

	if (json_is_object(statements))
		return denies_plain(statements, bucket);
	json_array_foreach(statements, i, one) if (denies_plain(one, bucket)) return true;
	return false;
}
