/* Where a topic lives, and so whom we ask about it: never whom a message names. */
#include "wire/sigv4.h"
#include "wire/sns.h"

#define CHINA STR("aws-cn")

enum { REGION_MAX = 32, NAME_MAX = 256, URL_ROOM = 1024 };

static bool is_of(str text, bool hyphens, bool letters, bool upper)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (!((c >= '0' && c <= '9') || (letters && c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z') ||
		      (hyphens && c == '-') || (upper && c == '_')))
			return false;
	}
	return text.len > 0;
}

/* "eu-central-1": it becomes a label of a host. */
static bool is_region(str text)
{
	return is_of(text, true, true, false) && text.len <= REGION_MAX && str_has(text, '-') && text.at[0] != '-' &&
	       text.at[text.len - 1] != '-';
}

static bool is_partition(str text, str region)
{
	if (str_same(text, CHINA))
		return str_starts(region, STR("cn-"));
	return (str_same(text, STR("aws")) || str_same(text, STR("aws-us-gov"))) && !str_starts(region, STR("cn-"));
}

err sns_topic_read(str arn, struct sns_topic *out)
{
	struct sns_topic t = { .arn = arn };
	str rest = arn, head, service;

	if (!str_cut(rest, ':', &head, &rest) || !str_same(head, STR("arn")) ||
	    !str_cut(rest, ':', &t.partition, &rest) || !str_cut(rest, ':', &service, &rest) ||
	    !str_same(service, STR("sns")) || !str_cut(rest, ':', &t.region, &rest) ||
	    !str_cut(rest, ':', &t.account, &t.name))
		return NEVER(SYNTAX, "a topic is named arn:aws:sns:REGION:ACCOUNT:NAME");
	if (!is_region(t.region) || !is_partition(t.partition, t.region))
		return NEVER(SYNTAX, "the topic's region or partition is none of Amazon's");
	if (t.account.len != 12 || !is_of(t.account, false, false, false))
		return NEVER(SYNTAX, "the topic's account is no number of twelve figures");
	if (!is_of(t.name, true, true, true) || t.name.len > NAME_MAX)
		return NEVER(SYNTAX,
			     "the topic's name holds letters, figures, '-' and '_' only (FIFO topics cannot call us)");
	*out = t;
	return OK;
}

err sns_topics_read(str list, struct sns_topic out[SNS_TOPICS_MAX], size_t *count)
{
	size_t found = 0;

	for (str rest = str_trim(list), arn; rest.len; rest = str_trim(rest)) {
		(void)str_cut(rest, ' ', &arn, &rest);
		if (found == SNS_TOPICS_MAX)
			return NEVER(LIMIT, "more topics than are listened to (16)");
		TRY(sns_topic_read(arn, &out[found++]));
	}
	*count = found;
	return OK;
}

static const char *suffix_of(const struct sns_topic *t)
{
	return str_same(t->partition, CHINA) ? "amazonaws.com.cn" : "amazonaws.com";
}

/* ── Certificates ────────────────────────────────────────────────────────────────────────────────── */

static bool is_file(str text, str ending)
{
	bool ends = str_ends(text, ending);

	text.len -= ends ? ending.len : 0;
	return ends && text.len + ending.len <= SNS_FILE_MAX && is_of(text, true, true, true);
}

err sns_certificate_file(const struct sns_topic *topic, str url, str *out)
{
	char room[128];
	struct buf start = BUF_ON(room);

	buf_add_format(&start, "https://sns.%.*s.%s/", STR_ARG(topic->region), suffix_of(topic));
	TRY(buf_check(&start));
	str file = str_from(url, start.len);
	if (!str_starts(url, buf_str(&start)) || !is_file(file, STR(".pem")))
		return NEVER(DENIED, "the certificate is said to lie elsewhere than at SNS in the topic's region");
	*out = file;
	return OK;
}

static err base_of(struct buf *b, const struct sns_topic *topic, str endpoint)
{
	while (str_ends(endpoint, STR("/")))
		endpoint.len--;
	if (endpoint.len)
		buf_add(b, endpoint);
	else
		buf_add_format(b, "https://sns.%.*s.%s", STR_ARG(topic->region), suffix_of(topic));
	buf_add_char(b, '/');
	return buf_check(b);
}

err sns_certificate_url(struct arena *a, const struct sns_topic *topic, str endpoint, str file, str *out)
{
	struct buf b;

	must(is_file(file, STR(".pem")));
	TRY(buf_open(a, URL_ROOM + endpoint.len, &b));
	TRY(base_of(&b, topic, endpoint));
	buf_add(&b, file);
	*out = buf_str(&b);
	return buf_check(&b);
}

err sns_issuer_url(struct arena *a, str endpoint, str said, str *out)
{
	str host, file, label = STR_NONE;

	if (!str_starts(said, STR("http://")) || !str_cut(str_from(said, 7), '/', &host, &file) ||
	    !str_starts(host, STR("crt.")) || !str_ends(host, STR(".amazontrust.com")))
		return NEVER(DENIED, "the issuer is none of Amazon's authorities");
	if (host.len > 20)
		label = str_upto(str_from(host, 4), host.len - 20);
	if (!is_of(label, false, true, false) || (!is_file(file, STR(".cer")) && !is_file(file, STR(".crt"))))
		return NEVER(DENIED, "the issuer is none of Amazon's authorities");
	return endpoint.len ? str_format(a, out, "%.*s/%.*s", STR_ARG(endpoint), STR_ARG(file))
			    : str_copy(a, said, out);
}

err sns_signers(struct arena *a, const struct sns_topic *topic, str out[SNS_SIGNERS])
{
	const char *suffix = suffix_of(topic);

	/* The classic regions share one; newer ones have their own; China's and the government's are spelled otherwise.
	 */
	TRY(str_format(a, &out[0], "sns.%s", suffix));
	TRY(str_format(a, &out[1], "sns.%.*s.%s", STR_ARG(topic->region), suffix));
	TRY(str_format(a, &out[2], "sns-signing.%.*s.%s", STR_ARG(topic->region), suffix));
	if (str_same(topic->partition, STR("aws-us-gov")))
		return str_copy(a, STR("sns-us-gov-west-1.amazonaws.com"), &out[3]);
	return str_format(a, &out[3], "sns-%.*s.%s", STR_ARG(topic->region), suffix);
}

/* ── Confirming ──────────────────────────────────────────────────────────────────────────────────── */

err sns_confirm_url(struct arena *a, const struct sns_topic *topic, str endpoint, str token, str *out)
{
	struct buf b;

	TRY(buf_open(a, URL_ROOM + endpoint.len + 3 * (topic->arn.len + token.len), &b));
	TRY(base_of(&b, topic, endpoint));
	buf_add(&b, STR("?Action=ConfirmSubscription&TopicArn="));
	buf_add_uri(&b, topic->arn, false);
	buf_add(&b, STR("&Token="));
	buf_add_uri(&b, token, false);
	buf_add(&b, STR("&Version=2010-03-31"));
	*out = buf_str(&b);
	return buf_check(&b);
}
