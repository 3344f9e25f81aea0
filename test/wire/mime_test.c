#include "test/support/support.h"

#include "wire/mime.h"

#include <string.h>

/* What JSON cannot carry is tried here: the stories try the rest. */

static const char *const bad[] = {
	"\r\n",         "\n",           "\r",       "\x01",         "\x0B",         "\x0C",     "\x1B",
	"\x7F",         "\t",           "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xC0\x8A", "\xC0\x8D\xC0\x8A",
	"\xE0\x80\x8A", "\xED\xA0\x80", "\xFF",     "\xE2\x82",
};

struct message {
	struct mime_mailbox from, to, cc, reply_to;
	struct mime_header header;
	struct mime_attachment file;
	str content;
	struct mime mime;
};

static struct address address(void)
{
	return (struct address){ STR("a"), STR("b.example"), STR("a@b.example"), false };
}

static void message_open(struct message *m)
{
	*m = (struct message){ .content = STR("content") };
	m->from.address = m->to.address = m->cc.address = m->reply_to.address = address();
	m->header = (struct mime_header){ .name = STR("X-Job"), .value = STR("7") };
	m->file = (struct mime_attachment){ .name = STR("a.pdf"), .type = STR("application/pdf") };
	m->file.content = source_of_str(&m->content);
	m->mime = (struct mime){ .from = &m->from, .to = &m->to, .cc = &m->cc, .reply_to = &m->reply_to };
	m->mime.id = STR("<a@b.example>");
	m->mime.text = STR("text");
	m->mime.headers = &m->header;
	m->mime.attachments = &m->file;
}

static err write_to(const struct mime *m, struct buf *b, struct fault *f)
{
	uint64_t counter = 0;
	struct entropy e = test_entropy(&counter);
	struct sink to = sink_to_buf(b);

	return mime_write(m, &e, &to, f);
}

static void every_bad_byte_in_every_field_is_refused_by_name(void **state)
{
	static const char *const names[] = { "from",
					     "from",
					     "to",
					     "to",
					     "cc",
					     "cc",
					     "reply_to",
					     "reply_to",
					     "subject",
					     "message id",
					     "language",
					     "X-Job",
					     "header name",
					     "attachment name",
					     "attachment type",
					     "unsubscribe",
					     "unsubscribe" };
	char room[8192];
	(void)state;

	for (size_t field = 0; field < COUNT(names); field++) {
		/* One more row: a NUL, which a C string cannot hold. */
		for (size_t i = 0; i <= COUNT(bad); i++) {
			struct message m;
			message_open(&m);
			str *places[] = { &m.from.name,
					  &m.from.address.text,
					  &m.to.name,
					  &m.to.address.text,
					  &m.cc.name,
					  &m.cc.address.text,
					  &m.reply_to.name,
					  &m.reply_to.address.text,
					  &m.mime.subject,
					  &m.mime.id,
					  &m.mime.language,
					  &m.header.value,
					  &m.header.name,
					  &m.file.name,
					  &m.file.type,
					  &m.mime.unsubscribe_url,
					  &m.mime.unsubscribe_mailto };
			char text[128];
			struct buf value = BUF_ON(text), out = BUF_ON(room);
			struct fault f = { 0 };

			buf_add(&value, field == 9    ? STR("<a@b")
					: field == 15 ? STR("https://h/")
					: field == 16 ? STR("mailto:a@b")
						      : STR("ab"));
			buf_add(&value, i < COUNT(bad) ? str_of(bad[i]) : (str){ "", 1 });
			buf_add(&value, field == 9 ? STR("cd>") : STR("cd"));
			*places[field] = buf_str(&value);
			assert_why(NEVER, HEADER, write_to(&m.mime, &out, &f));
			assert_string_equal(f.where, names[field]);
			assert_true(f.what[0] != 0);
			assert_int_equal(out.len, 0);
		}
	}
}

static void without_chance_there_is_no_message(void **state)
{
	char room[8192];
	struct buf out = BUF_ON(room);
	struct entropy e = test_entropy_failing();
	struct sink to = sink_to_buf(&out);
	struct message m;
	(void)state;

	message_open(&m);
	assert_true(failed(mime_write(&m.mime, &e, &to, NULL)));
}

static void a_message_without_sender_recipient_or_content_is_refused(void **state)
{
	char room[8192];
	struct buf out = BUF_ON(room);
	struct message m;
	(void)state;

	message_open(&m);
	m.mime.from = NULL;
	assert_why(NEVER, HEADER, write_to(&m.mime, &out, NULL));
	message_open(&m);
	m.mime.to = m.mime.cc = NULL;
	assert_why(NEVER, HEADER, write_to(&m.mime, &out, NULL));
	message_open(&m);
	m.mime.text = STR_NONE;
	m.mime.attachments = NULL;
	assert_why(NEVER, HEADER, write_to(&m.mime, &out, NULL));
	message_open(&m);
	m.from.next = &m.cc;
	assert_why(NEVER, HEADER, write_to(&m.mime, &out, NULL));
	message_open(&m);
	m.mime.text = STR("\xFF");
	assert_why(NEVER, SYNTAX, write_to(&m.mime, &out, NULL));
	m.mime.text = (str){ "a\0b", 3 };
	assert_why(NEVER, SYNTAX, write_to(&m.mime, &out, NULL));
	assert_int_equal(out.len, 0);
}

static void too_many_of_anything_is_refused(void **state)
{
	static struct mime_mailbox boxes[MIME_MAILBOX_MAX + 1];
	static char long_value[MIME_VALUE_MAX + 1];
	char room[8192];
	struct buf out = BUF_ON(room);
	struct message m;
	(void)state;

	for (size_t i = 0; i < COUNT(boxes); i++)
		boxes[i] = (struct mime_mailbox){ .address = address(), .next = i ? &boxes[i - 1] : NULL };
	message_open(&m);
	m.mime.to = &boxes[MIME_MAILBOX_MAX];
	assert_why(NEVER, HEADER, write_to(&m.mime, &out, NULL));
	message_open(&m);
	memset(long_value, 'a', sizeof long_value);
	m.mime.subject = (str){ long_value, sizeof long_value };
	assert_why(NEVER, HEADER, write_to(&m.mime, &out, NULL));
	m.mime.subject.len--;
	assert_ok(write_to(&m.mime, &out, NULL));
	struct buf tiny = { .at = room, .max = 100 };
	assert_why(NEVER, LIMIT, write_to(&m.mime, &tiny, NULL));
}

static void the_bytes_are_these_and_no_others(void **state)
{
	char room[4096];
	struct buf out = BUF_ON(room);
	struct message m;
	(void)state;

	message_open(&m);
	m.mime.cc = m.mime.reply_to = NULL;
	m.mime.headers = NULL;
	m.mime.attachments = NULL;
	m.mime.generated = true;
	m.mime.date = 1764000000 * SECOND;
	m.mime.subject = STR("Hello");
	m.mime.text = STR("one\ntwo");
	assert_ok(write_to(&m.mime, &out, NULL));
	assert_str(buf_str(&out), STR("From: a@b.example\r\nTo: a@b.example\r\nSubject: Hello\r\n"
				      "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\nMessage-ID: <a@b.example>\r\n"
				      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
				      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n"
				      "\r\none\r\ntwo\r\n"));
}

/* RFC 9788: what a reader shows is inside, what stood outside is repeated, and the content's type says so. */
static void header_fields_are_protected_inside_the_content(void **state)
{
	char room[8192];
	struct buf out = BUF_ON(room);
	uint64_t counter = 0;
	struct entropy e = test_entropy(&counter);
	struct sink to = sink_to_buf(&out);
	struct mime_mailbox who = { .address = address(), .name = STR("Maria") }, nobody = { .address = address() };
	struct mime inner = { .from = &who,
			      .to = &who,
			      .subject = STR("Your diagnosis"),
			      .id = STR("<a@b.example>"),
			      .text = STR("text") };
	struct mime outer = { .from = &nobody, .to = &nobody, .subject = STR("[...]"), .id = STR("<a@b.example>") };
	(void)state;

	assert_ok(mime_write_entity(&inner, &outer, &e, &to, NULL));
	assert_str(buf_str(&out), STR("From: Maria <a@b.example>\r\n"
				      "To: Maria <a@b.example>\r\n"
				      "Subject: Your diagnosis\r\n"
				      "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
				      "Message-ID: <a@b.example>\r\n"
				      "HP-Outer: From: a@b.example\r\n"
				      "HP-Outer: To: a@b.example\r\n"
				      "HP-Outer: Subject: [...]\r\n"
				      "HP-Outer: Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
				      "HP-Outer: Message-ID: <a@b.example>\r\n"
				      "Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\r\n"
				      "Content-Transfer-Encoding: 7bit\r\n"
				      "\r\n"
				      "text\r\n"));
}

static void an_entity_of_its_own_needs_no_header_fields(void **state)
{
	char room[8192];
	struct buf out = BUF_ON(room);
	uint64_t counter = 0;
	struct entropy e = test_entropy(&counter);
	struct sink to = sink_to_buf(&out);
	(void)state;

	assert_ok(mime_write_entity(&(struct mime){ .text = STR("text") }, NULL, &e, &to, NULL));
	assert_str(buf_str(&out), STR("Content-Type: text/plain; charset=utf-8\r\n"
				      "Content-Transfer-Encoding: 7bit\r\n\r\ntext\r\n"));
	assert_why(NEVER, HEADER, mime_write_entity(&(struct mime){ 0 }, NULL, &e, &to, NULL));
}

static void base64_comes_out_the_same_however_it_goes_in(void **state)
{
	static char content[100000], room[200000], other[200000];
	struct arena *a;
	(void)state;

	assert_ok(arena_open(1 << 20, &a));
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (char)(i * 31 + i / 251);
	for (size_t len = 0; len < sizeof content; len = len * 3 + 29) {
		struct buf want = BUF_ON(room), got = BUF_ON(other);
		struct sink below = sink_to_buf(&got), above;
		for (size_t at = 0; at < len; at += 57) {
			buf_add_base64(&want, str_bytes(content + at, len - at < 57 ? len - at : 57));
			buf_add(&want, STR("\r\n"));
		}
		assert_ok(mime_base64_sink(a, &below, &above));
		for (size_t at = 0, step = 1; at < len; at += step, step = step * 2 + 1)
			assert_ok(sink_write(&above, content + at, len - at < step ? len - at : step));
		assert_ok(sink_finish(&above));
		assert_str(buf_str(&got), buf_str(&want));
	}
	arena_close(a);
}

TESTS(mime, test(every_bad_byte_in_every_field_is_refused_by_name), test(without_chance_there_is_no_message),
      test(a_message_without_sender_recipient_or_content_is_refused), test(too_many_of_anything_is_refused),
      test(the_bytes_are_these_and_no_others), test(header_fields_are_protected_inside_the_content),
      test(an_entity_of_its_own_needs_no_header_fields), test(base64_comes_out_the_same_however_it_goes_in))
