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
		w->submission.seal = (enum seal_kind)(i % 5);
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

TESTS(compose, test(the_built_in_templates_make_small_clean_messages))
