#include "inspector/file.h"
#include "sys/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A whole look: the first octet is the type that the name promises. Every verdict has its sentence or is let in, and
 * both sides of the process understand it in the same way. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const str names[] = { STR("a.pdf"), STR("a.docx"), STR("a.odt"), STR("a.png"),
				     STR("a.jpg"), STR("a.gif"),  STR("a.txt"), STR("a.zip"),
				     STR("a.7z"),  STR("a.gz"),   STR("a.tar"), STR("a.csv") };
	const struct clock clock = sys_clock();
	OWNED(arena_done) struct arena *arena = NULL;
	struct file_verdict verdict, read;
	struct buf b;

	if (size == 0)
		return 0;
	file_prepare();
	must(!failed(arena_open(16 << 20, &arena)));
	struct file_question question = { .rules = file_rules_default(),
					  .name = names[data[0] % (sizeof names / sizeof *names)] };
	question.rules.types = FILE_BIT(FILE_TYPES) - 1;
	question.rules.look_bytes = question.rules.bytes_max = 4 << 20;
	str bytes = str_bytes(data + 1, size - 1);
	struct source from = source_of_str(&bytes);
	if (failed(file_look(arena, &clock, &question, &from, &verdict)))
		return 0;
	must((verdict.outcome == FILE_ALLOWED) == (verdict.reason.len == 0));
	must(!failed(buf_open(arena, FILE_ANSWER_MAX, &b)));
	buf_add_file_verdict(&b, &verdict);
	must(!failed(buf_check(&b)) && !failed(file_verdict_read(arena, buf_str(&b), &read)));
	must(read.outcome == verdict.outcome && read.active == verdict.active && str_same(read.reason, verdict.reason));
	return 0;
}
