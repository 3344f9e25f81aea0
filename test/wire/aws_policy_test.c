/* Policies of buckets: only one that holds for everyone and everything is taken for one. */
#include "test/support/support.h"

#include "wire/aws_policy.h"

#define WITHOUT_TLS "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}"
#define ALL "\"Action\":\"s3:*\",\"Resource\":[\"arn:aws:s3:::b\",\"arn:aws:s3:::b/*\"]"

static void a_denial_for_everyone_is_seen(void **state)
{
	static const char *const fine[] = {
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\"," ALL "," WITHOUT_TLS "}]}",
		"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"*\"}," ALL "," WITHOUT_TLS "}}",
		"{\"Statement\":[{\"Effect\":\"Allow\"},{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":[\"*\"]},"
		"\"Action\":\"*\","
		"\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":[\"false\"]}}}]}",
	};

	for (size_t i = 0; i < COUNT(fine); i++)
		assert_true(aws_policy_denies_plain(str_of(fine[i]), STR("b")));
}

static void anything_narrower_is_none(void **state)
{
	static const char *const narrow[] = {
		"",
		"[]",
		"{}",
		"{\"Statement\":7}",
		"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\"," ALL "," WITHOUT_TLS "}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"}," ALL
		"," WITHOUT_TLS "}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"NotPrincipal\":\"*\"," ALL "," WITHOUT_TLS "}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"*"
		"\"," WITHOUT_TLS "}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:"
		"s3:::b/x/*\"," WITHOUT_TLS "}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\"," ALL "}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\"," ALL
		",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\"}}}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\"," ALL
		",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\",\"aws:ViaAWSService\":\"false\"}}}]}",
		"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\"," ALL
		",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"},\"IpAddress\":{\"aws:SourceIp\":\"10.0.0."
		"0/8\"}}}]}",
	};

	for (size_t i = 0; i < COUNT(narrow); i++)
		assert_false(aws_policy_denies_plain(str_of(narrow[i]), STR("b")));
}

TESTS(aws_policy, test(a_denial_for_everyone_is_seen), test(anything_narrower_is_none))
