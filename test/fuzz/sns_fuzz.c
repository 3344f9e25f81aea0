/* Messages of SNS: what is signed can be taken apart in one way, and no message leads anywhere but to SNS. */
#include "wire/sns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str last_line(str *text)
{
	size_t at = text->len - 1;

	must(text->len > 0 && text->at[at] == '\n');
	while (at > 0 && text->at[at - 1] != '\n')
		at--;
	str line = str_upto(str_from(*text, at), text->len - 1 - at);
	text->len = at;
	return line;
}

static void last_member(str *text, str name, str value)
{
	str found = last_line(text);

	must(str_same(found, value) && str_same(last_line(text), name));
}

/* From its end, since Message alone may hold lines. */
static void take_apart(const struct sns_message *m, str text)
{
	last_member(&text, STR("Type"), m->type_name);
	last_member(&text, STR("TopicArn"), m->topic);
	if (m->type != SNS_NOTIFICATION)
		last_member(&text, STR("Token"), m->token);
	last_member(&text, STR("Timestamp"), m->timestamp);
	if (m->type != SNS_NOTIFICATION)
		last_member(&text, STR("SubscribeURL"), m->subscribe_url);
	if (m->subject.at)
		last_member(&text, STR("Subject"), m->subject);
	last_member(&text, STR("MessageId"), m->id);
	must(str_starts(text, STR("Message\n")) && text.len == m->message.len + 9);
}

static void look_for_places(struct arena *a, const struct sns_message *m)
{
	static const str arn = STR("arn:aws:sns:eu-central-1:111122223333:letters");
	struct sns_topic topic;
	str file, url;

	must(!failed(sns_topic_read(arn, &topic)));
	if (!failed(sns_certificate_file(&topic, m->signing_cert_url, &file))) {
		must(!failed(sns_certificate_url(a, &topic, STR_NONE, file, &url)));
		must(str_same(url, m->signing_cert_url) &&
		     str_starts(url, STR("https://sns.eu-central-1.amazonaws.com/")));
	}
	if (!failed(sns_topic_read(m->topic, &topic))) {
		must(!failed(sns_confirm_url(a, &topic, STR_NONE, m->token, &url)));
		must(str_starts(url, STR("https://sns.")) && str_clean(url));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sns_message m;
	struct arena *a = NULL;
	str text;

	must(!failed(arena_open(16 << 20, &a)));
	if (!failed(sns_read(a, str_bytes(data, size), &m, NULL))) {
		must(!failed(sns_signed_string(a, &m, &text)));
		take_apart(&m, text);
		look_for_places(a, &m);
	}
	arena_close(a);
	return 0;
}
