#include "test/support/support.h"

#include "compose/compose.h"
#include "wire/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A test's own little world. */
struct world {
	struct arena *arena;
	uint64_t counter;
	struct entropy entropy;
	struct compose *compose;
	struct submission submission;
	struct recipient recipient;
	struct document document;
	struct value birth, policy, colour;
	struct fault fault;
	struct message message;
};

static struct address address(const char *local, const char *domain, const char *text)
{
	return (struct address){ str_of(local), str_of(domain), str_of(text), false };
}

static struct world *world_open(const char *dir)
{
	struct world *w = calloc(1, sizeof *w);
	struct compose_settings settings = { .dir = dir };

	assert_ok(arena_open(4 << 20, &w->arena));
	w->entropy = test_entropy(&w->counter);
	assert_ok(compose_open(w->arena, &settings, &w->compose, &w->fault));
	w->submission.from = address("papers", "insurer.example", "papers@insurer.example");
	w->submission.from_name = STR("Insurer Inc.");
	w->submission.expires_at = 1764000000 * SECOND;
	w->document =
		(struct document){ .name = STR("Police 2026.pdf"), .type = STR("application/pdf"), .size = 103456 };
	w->colour = (struct value){ .name = STR("colour"), .text = STR("green & <blue>") };
	w->policy = (struct value){ .next = &w->colour, .name = STR("policy"), .text = STR("PX-4711-09") };
	w->birth = (struct value){ .next = &w->policy, .name = STR("birth_date"), .text = STR("1980-02-03") };
	w->recipient.address = address("anna", "mail.example", "anna@mail.example");
	w->recipient.name = STR("Anna Ärmel");
	w->recipient.values = &w->birth;
	w->recipient.documents = &w->document;
	w->recipient.link.secret = STR("kabo-futi-mela-rono");
	return w;
}

static void world_close(struct world *w)
{
	arena_close(w->arena);
	free(w);
}

static err compose(struct world *w)
{
	return compose_message(w->compose, &w->submission, &w->recipient, STR("https://papers.insurer.example/d/token"),
			       1763000000 * SECOND, &w->entropy, w->arena, &w->message, &w->fault);
}

static bool mentions(str text, const char *what)
{
	return str_find(text, str_of(what)) >= 0;
}

static void the_built_in_templates_make_small_clean_messages(void **state)
{
	static const char *const names[] = { "document", "plain" }, *const languages[] = { "", "en", "de-AT", "FR",
											   "es" };
	(void)state;

	for (size_t i = 0; i < COUNT(names) * COUNT(languages); i++) {
		struct world *w = world_open(NULL);
		w->submission.template_name = str_of(names[i % 2]);
		w->recipient.seal = (enum seal_kind)(i % 5);
		w->recipient.language = str_of(languages[i / 2]);
		assert_ok(compose_check(w->compose, &w->submission, &w->recipient, &w->fault));
		assert_ok(compose(w));
		assert_true(w->message.bytes.len < 30000);
		assert_false(mentions(w->message.bytes, "kabo"));
		const char *show = getenv("SHOW_MESSAGES");
		if (show) {
			char path[256];
			snprintf(path, sizeof path, "%s/%zu-%s-%s.eml", show, i, names[i % 2], languages[i / 2]);
			test_file_write(path, w->message.bytes);
		}
		world_close(w);
	}
}

/* ── What opens the link stays out ───────────────────────────────────────────────────────────────── */

/* The bodies as they are read: soft line breaks of quoted-printable undone. */
static str joined(struct arena *a, str bytes)
{
	struct buf b;

	assert_ok(buf_open(a, bytes.len, &b));
	for (; bytes.len; bytes = str_from(bytes, 1)) {
		if (str_starts(bytes, STR("=\r\n")))
			bytes = str_from(bytes, 2);
		else
			buf_add_char(&b, bytes.at[0]);
	}
	return buf_str(&b);
}

/* ── Every form, in every language ───────────────────────────────────────────────────────────────── */

/* From the first blank line behind "text/plain" to the next part. */
static str plain_part(str message)
{
	str rest = str_from(message, (size_t)str_find(message, STR("text/plain")));
	rest = str_from(rest, (size_t)str_find(rest, STR("\r\n\r\n")) + 4);
	return str_upto(rest, (size_t)str_find(rest, STR("\r\n--=")));
}

/* A sentence: a line that is no address of the net and no list of what was given. */
static bool is_sentence(str line)
{
	return line.len > 24 && str_find(line, STR("://")) < 0 && str_find(line, STR("Police 2026")) < 0;
}

static void no_sentence_is_the_same(str one, str other)
{
	str line, rest = one;

	for (bool more = true; more;) {
		more = str_cut(rest, '\n', &line, &rest);
		if (is_sentence(line) && str_find(other, line) >= 0)
			fail_msg("not translated: %.*s", STR_ARG(line));
	}
}

static void how_it_opens_is_said_for_all_devices(str text, enum seal_kind seal)
{
	bool in_mail = seal == SEAL_SMIME || seal == SEAL_PGP;

	for (const char *const *left = (const char *const[]){ "[[", "{{", NULL }; *left; left++)
		assert_false(mentions(text, *left));
	assert_int_equal(mentions(text, "https://papers.insurer.example/d/token"), !in_mail);
	for (const char *const *name = (const char *const[]){ "iPhone", "Android", "Windows", "Mac", NULL }; *name;
	     name++)
		assert_true(mentions(text, *name));
	assert_int_equal(mentions(text, "Keka"), seal == SEAL_ZIP);
	assert_int_equal(mentions(text, "Acrobat"), seal == SEAL_PDF);
	assert_int_equal(mentions(text, "S/MIME"), seal == SEAL_SMIME);
	assert_int_equal(mentions(text, "OpenPGP"), seal == SEAL_PGP);
}

static str composed(struct world *w, const char *template_name, const char *language, unsigned form)
{
	w->submission.template_name = str_of(template_name);
	w->recipient.language = str_of(language);
	w->recipient.seal = (enum seal_kind)(form % 5);
	w->recipient.link.proof = (enum proof_kind)(form / 5);
	w->recipient.link.prompt = w->recipient.link.proof == PROOF_PASSWORD ? STR("") : STR("birth_date");
	assert_ok(compose_check(w->compose, &w->submission, &w->recipient, &w->fault));
	assert_ok(compose(w));
	assert_true(w->message.bytes.len < 30000);
	str all = joined(w->arena, w->message.bytes);
	how_it_opens_is_said_for_all_devices(all, w->recipient.seal);
	return plain_part(all);
}

static void every_form_and_proof_is_told_in_every_language_and_for_every_device(void **state)
{
	static const char *const names[] = { "document", "plain" }, *const languages[] = { "de", "fr", "es" };
	(void)state;

	for (unsigned i = 0; i < 15 * COUNT(names); i++) {
		struct world *w = world_open(NULL);
		str english = composed(w, names[i / 15], "en", i % 15);
		for (size_t l = 0; l < COUNT(languages); l++)
			no_sentence_is_the_same(english, composed(w, names[i / 15], languages[l], i % 15));
		world_close(w);
	}
}

static const char *in_dir(const char *name)
{
	static const char *dir;
	static char path[4][512];
	static unsigned next;

	dir = dir ? dir : test_dir();
	char *to = path[next++ % 4];
	snprintf(to, sizeof path[0], "%s/%s", dir, name);
	return to;
}

/* A directory with one template: `text` in its text and its HTML. */
static const char *template_dir(const char *text)
{
	assert_int_equal(test_shell("rm -rf %s && mkdir -p %s", in_dir("t"), in_dir("t/own/de")), 0);
	test_file_write(in_dir("t/own/text.txt"), str_of(text));
	test_file_write(in_dir("t/own/html.html"), str_of(text));
	test_file_write(in_dir("t/own/subject.txt"), STR("From {{sender.domain}}\n"));
	return in_dir("t");
}

static struct world *world_of(const char *text)
{
	struct world *w = world_open(template_dir(text));

	w->submission.template_name = STR("own");
	return w;
}

static void a_detail_that_is_asked_for_can_be_told_by_no_template(void **state)
{
	static const char *const texts[] = {
		"{{birth_date}}",
		"{{values.birth_date}}",
		"{{#values}}{{birth_date}}{{/values}}",
		"{{#birth_date}}x{{/birth_date}}",
		"{{copy}}",
		"{{values.copy}}",
		"{{link.secret}}",
		"{{proof.secret}}",
		"{{password}}",
		"{{proof.password}}",
		"{{#documents}}{{name}}{{/documents}}",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct world *w = world_of(texts[i]);
		struct value copy = { .next = &w->birth, .name = STR("copy"), .text = STR("born 1980 02 03, x") };
		w->recipient.values = &copy;
		w->document.name = STR("born-19800203.pdf");
		w->recipient.link.proof = PROOF_DETAILS;
		w->recipient.link.prompt = STR("birth_date");
		w->recipient.link.secret = STR("1980-02-03");
		assert_why(NEVER, TEMPLATE, compose_check(w->compose, &w->submission, &w->recipient, &w->fault));
		assert_true(mentions(str_of(w->fault.what), "cannot be used"));
		assert_false(mentions(str_of(w->fault.what), "1980"));
		assert_why(NEVER, TEMPLATE, compose(w));
		world_close(w);
	}
}

static void the_same_date_in_other_words_is_found(void **state)
{
	static const char *const same[] = { "3 Feb 1980", "03.02.1980", "1980-02-03", "born on 1980-02-03." };
	struct world *w = world_of("{{copy}}");
	struct value copy = { .next = &w->birth, .name = STR("copy") };
	(void)state;

	w->recipient.values = &copy;
	w->recipient.link.proof = PROOF_DETAILS;
	w->recipient.link.prompt = STR("birth_date");
	w->recipient.link.secret = STR("1980-02-03");
	for (size_t i = 0; i < COUNT(same); i++) {
		copy.text = str_of(same[i]);
		assert_why(NEVER, TEMPLATE, compose(w));
	}
	copy.text = STR("4 Feb 1980");
	assert_ok(compose(w));
	world_close(w);
}

static void a_generated_password_is_found_in_any_spelling(void **state)
{
	static const char *const same[] = { "kabo-futi-mela-rono", "KABO FUTI MELA RONO", "xkabofutimelaronox" };
	struct world *w = world_of("{{colour}}");
	(void)state;

	for (size_t i = 0; i < COUNT(same); i++) {
		w->colour.text = str_of(same[i]);
		assert_why(NEVER, TEMPLATE, compose(w));
	}
	w->colour.text = STR("kabo-futi-mela");
	assert_ok(compose(w));
	world_close(w);
}

static void a_name_may_greet_when_a_number_is_asked_for_too(void **state)
{
	struct world *w = world_open(NULL);
	struct value last = { .next = &w->birth, .name = STR("last_name"), .text = STR("Ärmel") };
	(void)state;

	w->recipient.values = &last;
	w->recipient.link.proof = PROOF_DETAILS;
	w->recipient.link.prompt = STR("last_name+birth_date");
	assert_ok(compose(w));
	str text = joined(w->arena, w->message.bytes);
	assert_true(mentions(text, "last name and date of birth"));
	assert_false(mentions(text, "1980"));
	/* Asked for alone, it is the whole proof. */
	w->recipient.link.prompt = STR("last_name");
	assert_why(NEVER, TEMPLATE, compose(w));
	world_close(w);
}

static void an_address_that_tells_the_proof_is_refused(void **state)
{
	struct world *w = world_open(NULL);
	(void)state;

	w->recipient.link.proof = PROOF_DETAILS;
	w->recipient.link.prompt = STR("policy");
	assert_ok(compose(w));
	w->recipient.address = address("px4711.09", "mail.example", "px4711.09@mail.example");
	assert_why(NEVER, TEMPLATE, compose(w));
	world_close(w);
}

/* Templates of random variables, values that hold the secret or not: no message ever holds it. */
static void no_template_and_no_values_bring_the_secret_into_a_message(void **state)
{
	static const char *const names[] = {
		"recipient.name",    "recipient.email", "colour",        "values.colour", "policy",  "birth_date",
		"values.birth_date", "sender.name",     "sender.domain", "proof.prompt",  "expires", "expires.rfc3339",
		"link.url",          "documents.count", "link.secret",   "password"
	};
	static const char *const texts[] = { "PX-4711-09", "px 4711 09 and more", "harmless", "PX-4711-0", "", "x" };
	unsigned chance = 7, told = 0;
	(void)state;

	for (unsigned i = 0; i < 200; i++) {
		unsigned pick[5];
		char source[256];
		for (size_t k = 0; k < COUNT(pick); k++)
			pick[k] = (chance = chance * 1103515245 + 12345) >> 16;
		snprintf(source, sizeof source, "{{%s}} {{%s}}", names[pick[0] % COUNT(names)],
			 names[pick[1] % COUNT(names)]);
		struct world *w = world_of(source);
		w->recipient.link.proof = PROOF_DETAILS;
		w->recipient.link.prompt = STR("policy");
		w->recipient.link.secret = STR("px471109");
		w->colour.text = str_of(texts[pick[2] % COUNT(texts)]);
		w->recipient.name = str_of(texts[pick[3] % COUNT(texts)]);
		w->submission.from_name = str_of(texts[pick[4] % COUNT(texts)]);
		if (!failed(compose(w))) {
			str text = joined(w->arena, w->message.bytes);
			assert_false(mentions(text, "4711-09"));
			assert_false(mentions(text, "4711 09"));
			told++;
		}
		world_close(w);
	}
	assert_in_range(told, 20, 190);
}

/* ── Choosing and reading templates ──────────────────────────────────────────────────────────────── */

static void the_language_chooses_the_directory_and_the_words(void **state)
{
	static const struct {
		const char *language, *text;
	} rows[] = {
		{ "de", "auf Deutsch Montag, 24. November 2025 um 16:00 Uhr (UTC)" },
		{ "de_AT", "auf Deutsch" },
		{ "DE-ch", "auf Deutsch" },
		{ "fr", "in the house's own Monday, 24 November 2025 at 16:00 (UTC)" },
		{ "", "in the house's own" },
	};
	(void)state;

	template_dir("in the house's own {{expires}}");
	test_file_write(in_dir("t/own/de/text.txt"), STR("auf Deutsch {{expires}}"));
	test_file_write(in_dir("t/own/de/subject.txt"), STR("Von {{sender.domain}}"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_open(in_dir("t"));
		w->submission.template_name = STR("own");
		w->recipient.language = str_of(rows[i].language);
		assert_ok(compose(w));
		assert_true(mentions(joined(w->arena, w->message.bytes), rows[i].text));
		world_close(w);
	}
}

static void dates_and_sizes_are_written_as_people_write_them(void **state)
{
	static const struct {
		const char *language, *subject;
		int offset;
	} rows[] = {
		{ "en", "Thursday, 1 January 2026 at 00:30 (UTC+1) 104 kB", 60 },
		{ "de", "Mittwoch, 31. Dezember 2025 um 23:30 Uhr (UTC) 104 kB", 0 },
		{ "fr", "jeudi 1er janvier 2026 =C3=A0 05 h 00 (UTC+5:30) 104 ko", 330 },
		{ "es", "mi=C3=A9rcoles, 31 de diciembre de 2025 a las 18:30 (UTC-5) 104 kB", -300 },
	};
	(void)state;

	template_dir("{{expires}} {{#documents}}{{size}}{{/documents}} {{expires.rfc3339}}");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct compose_settings settings = { in_dir("t"), str_of(rows[i].language), rows[i].offset };
		struct world *w = world_open(NULL);
		assert_ok(compose_open(w->arena, &settings, &w->compose, NULL));
		w->submission.template_name = STR("own");
		w->submission.expires_at = 1767223800 * SECOND;
		assert_ok(compose(w));
		str text = joined(w->arena, w->message.bytes);
		assert_true(mentions(text, rows[i].subject));
		assert_true(mentions(text, "2025-12-31T23:30:00Z"));
		world_close(w);
	}
}

static void a_directory_replaces_a_built_in_template_of_its_name(void **state)
{
	(void)state;
	template_dir("ours");
	assert_int_equal(test_shell("mv %s %s", in_dir("t/own"), in_dir("t/document")), 0);
	struct world *w = world_open(in_dir("t"));
	assert_ok(compose(w));
	assert_true(mentions(w->message.bytes, "\r\nours\r\n"));
	w->submission.template_name = STR("plain");
	assert_ok(compose(w));
	assert_true(mentions(w->message.bytes, "A protected message"));
	world_close(w);
}

static void what_init_writes_out_composes_as_what_is_built_in(void **state)
{
	(void)state;
	for (size_t i = 0; compose_builtin(i); i++) {
		const struct compose_file *file = compose_builtin(i);
		char name[256];
		snprintf(name, sizeof name, "b/%.*s/%.*s", STR_ARG(file->template_name), STR_ARG(file->language));
		assert_int_equal(test_shell("mkdir -p %s", in_dir(name)), 0);
		snprintf(name, sizeof name, "b/%.*s/%.*s/%.*s", STR_ARG(file->template_name), STR_ARG(file->language),
			 STR_ARG(file->file));
		test_file_write(in_dir(name), file->content);
	}
	struct world *ours = world_open(NULL), *theirs = world_open(in_dir("b"));
	ours->recipient.language = theirs->recipient.language = STR("fr");
	assert_ok(compose(ours));
	assert_ok(compose(theirs));
	assert_str(theirs->message.bytes, ours->message.bytes);
	world_close(ours);
	world_close(theirs);
}

static void mistakes_in_templates_are_told_before_the_first_recipient(void **state)
{
	static const struct {
		const char *file, *text, *what;
	} rows[] = {
		{ "t/own/text.txt", "Hello\n{{#a}}", "never ended" },
		{ "t/own/html.html", "<p title={{recipient.name}}>", "quotes" },
		{ "t/own/subject.txt", "two\nlines\n", "one line" },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_open(NULL);
		template_dir("x");
		test_file_write(in_dir(rows[i].file), str_of(rows[i].text));
		struct compose_settings settings = { .dir = in_dir("t") };
		assert_why(NEVER, TEMPLATE, compose_open(w->arena, &settings, &w->compose, &w->fault));
		assert_true(mentions(str_of(w->fault.what), rows[i].what));
		assert_true(mentions(str_of(w->fault.where), rows[i].file + 2));
		assert_true(w->fault.line > 0);
		world_close(w);
	}
	template_dir("x");
	assert_int_equal(test_shell("rm %s", in_dir("t/own/subject.txt")), 0);
	struct world *w = world_open(NULL);
	struct compose_settings settings = { .dir = in_dir("t") };
	assert_why(NEVER, NOT_FOUND, compose_open(w->arena, &settings, &w->compose, &w->fault));
	assert_true(mentions(str_of(w->fault.where), "subject.txt"));
	world_close(w);
}

static void a_variable_nobody_has_is_told_with_the_nearest_name(void **state)
{
	struct world *w = world_of("Dear {{recipient.nam}},");
	(void)state;

	assert_why(NEVER, TEMPLATE, compose_check(w->compose, &w->submission, &w->recipient, &w->fault));
	assert_string_equal(w->fault.what, "there is no value {{recipient.nam}}; did you mean {{recipient.name}}?");
	assert_int_equal(w->fault.line, 1);
	assert_int_equal(w->fault.column, 6);
	w->submission.template_name = STR("oven");
	assert_why(NEVER, TEMPLATE, compose(w));
	assert_true(mentions(str_of(w->fault.what), "own, document, plain"));
	world_close(w);
}

/* ── The message ─────────────────────────────────────────────────────────────────────────────────── */

static void a_delivery_keeps_its_message_id(void **state)
{
	struct world *w = world_open(NULL);
	(void)state;

	w->recipient.delivery.byte[15] = 31;
	assert_ok(compose(w));
	str first = w->message.id, bytes = w->message.bytes;
	assert_str(first, STR("<0000000000000000000000003w@insurer.example>"));
	assert_ok(compose(w));
	assert_str(w->message.id, first);
	assert_true(mentions(w->message.bytes, "Message-ID: <0000000000000000000000003w@insurer.example>\r\n"));
	assert_false(str_same(w->message.bytes, bytes)); /* another boundary */
	assert_str(w->message.from, STR("papers@insurer.example"));
	assert_str(w->message.to, STR("anna@mail.example"));
	assert_str(w->message.domain, STR("mail.example"));
	assert_false(w->message.smtputf8);
	w->recipient.address.smtputf8 = true;
	assert_ok(compose(w));
	assert_true(w->message.smtputf8);
	world_close(w);
}

static void a_thousand_documents_still_make_a_small_mail(void **state)
{
	static struct document many[1000];
	struct world *w = world_open(NULL);
	(void)state;

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct document){ .next = i ? &many[i - 1] : NULL,
					     .name = STR("An annual statement.pdf"),
					     .size = 4294967296 };
	w->recipient.documents = &many[999];
	assert_ok(compose(w));
	assert_true(w->message.bytes.len < 30000);
	str text = joined(w->arena, w->message.bytes);
	assert_true(mentions(text, "1000 documents for you"));
	assert_true(mentions(text, "4.3 GB"));
	assert_true(mentions(text, "and 975 more"));
	world_close(w);
}

static void a_mail_that_grows_too_long_is_refused_in_words(void **state)
{
	static char long_text[60000];
	struct world *w = world_of("{{colour}}");
	(void)state;

	memset(long_text, 'x', sizeof long_text);
	w->colour.text = (str){ long_text, sizeof long_text };
	assert_why(NEVER, LIMIT, compose(w));
	assert_true(mentions(str_of(w->fault.what), "grows"));
	w->colour.text.len = 40000; /* twice: text and HTML */
	w->fault = (struct fault){ 0 };
	assert_why(NEVER, LIMIT, compose(w));
	assert_true(mentions(str_of(w->fault.what), "50 kB"));
	world_close(w);
}

static void a_line_end_in_a_name_is_refused_by_the_fields_name(void **state)
{
	struct world *w = world_open(NULL);
	(void)state;

	w->recipient.name = STR("Anna\r\nBcc: evil@evil.example");
	assert_why(NEVER, HEADER, compose(w));
	assert_string_equal(w->fault.where, "to");
	w->recipient.name = STR("Anna");
	w->submission.from_name = STR("x\ny");
	assert_why(NEVER, HEADER, compose(w));
	world_close(w);
}

static void a_link_that_is_no_https_url_is_refused(void **state)
{
	static const char *const urls[] = { "http://papers.example/d/x", "javascript:alert(1)", "https://a@b/d/x", "" };
	struct world *w = world_open(NULL);
	(void)state;

	for (size_t i = 0; i < COUNT(urls); i++)
		assert_why(NEVER, TEMPLATE,
			   compose_message(w->compose, &w->submission, &w->recipient, str_of(urls[i]), 0, &w->entropy,
					   w->arena, &w->message, &w->fault));
	world_close(w);
}

static void values_are_escaped_where_they_stand(void **state)
{
	struct world *w = world_of("<p title=\"{{colour}}\">{{values.colour}}</p>");
	(void)state;

	assert_ok(compose(w));
	str text = joined(w->arena, w->message.bytes);
	assert_true(mentions(text, "title=\"green &amp; &lt;blue&gt;\">green &amp; &lt;blue&gt;</p>"));
	assert_true(mentions(text, "title=\"green & <blue>\">green & <blue></p>"));
	world_close(w);
}

TESTS(compose, test(the_built_in_templates_make_small_clean_messages),
      test(every_form_and_proof_is_told_in_every_language_and_for_every_device),
      test(a_detail_that_is_asked_for_can_be_told_by_no_template), test(the_same_date_in_other_words_is_found),
      test(a_generated_password_is_found_in_any_spelling), test(a_name_may_greet_when_a_number_is_asked_for_too),
      test(an_address_that_tells_the_proof_is_refused), test(no_template_and_no_values_bring_the_secret_into_a_message),
      test(the_language_chooses_the_directory_and_the_words), test(dates_and_sizes_are_written_as_people_write_them),
      test(a_directory_replaces_a_built_in_template_of_its_name),
      test(what_init_writes_out_composes_as_what_is_built_in),
      test(mistakes_in_templates_are_told_before_the_first_recipient),
      test(a_variable_nobody_has_is_told_with_the_nearest_name), test(a_delivery_keeps_its_message_id),
      test(a_thousand_documents_still_make_a_small_mail), test(a_mail_that_grows_too_long_is_refused_in_words),
      test(a_line_end_in_a_name_is_refused_by_the_fields_name), test(a_link_that_is_no_https_url_is_refused),
      test(values_are_escaped_where_they_stand))
