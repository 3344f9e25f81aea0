#include "wire/file_rules.h"

#include "wire/json.h"

static const struct {
	str word;
	const char *sentence;
} actives[] = {
#define FILE_ACTIVE(name, word, sentence) { STR(word), sentence },
#include "wire/file_active.def"
#undef FILE_ACTIVE
};

str file_active_word(enum file_active a)
{
	return actives[a].word;
}

const char *file_active_sentence(enum file_active a)
{
	return actives[a].sentence;
}

void buf_add_file_actives(struct buf *b, uint32_t bits)
{
	const char *blank = "";

	for (unsigned i = 0; i < FILE_ACTIVES; i++)
		if (bits & ACTIVE_BIT(i)) {
			buf_add(b, str_of(blank));
			buf_add(b, actives[i].word);
			blank = " ";
		}
}

static bool read_active(str word, uint32_t *bits)
{
	for (unsigned i = 0; i < FILE_ACTIVES; i++)
		if (str_same(word, actives[i].word)) {
			*bits |= ACTIVE_BIT(i);
			return true;
		}
	return false;
}

err file_actives_read(str words, uint32_t *bits, str *wrong)
{
	uint32_t found = 0;

	for (size_t at = 0, end; at < words.len; at = end + 1) {
		for (end = at; end < words.len && words.at[end] != ' ' && words.at[end] != ','; end++)
			;
		str word = str_upto(str_from(words, at), end - at);
		if (word.len && !str_same(word, STR("none")) && !read_active(word, &found)) {
			*wrong = word;
			return NEVER(SYNTAX, "nothing active is called this");
		}
	}
	*bits = found;
	return OK;
}

struct file_rules file_rules_default(void)
{
	return (struct file_rules){
		.types = FILE_BIT(FILE_SEVEN) - 1, /* the table begins with those of the default */
		.active = POLICY_REFUSE,
		.tolerated = ACTIVE_BIT(ACTIVE_SIGNED),
		.look_bytes = 256u << 20,
		.entries_max = 10000,
		.bytes_max = 1u << 30,
		.ratio_max = 200,
		.depth_max = 3,
		.time_max = 30 * SECOND,
	};
}

/* ── Written ─────────────────────────────────────────────────────────────────────────────────────── */

void buf_add_file_question(struct buf *b, const struct file_question *q)
{
	buf_add_char(b, '{');
	buf_add_json_field(b, "name", q->name);
	buf_add_json_field(b, "declared", q->declared);
	buf_add_json_number(b, "types", q->rules.types);
	buf_add_json_number(b, "active", q->rules.active);
	buf_add_json_number(b, "tolerated", q->rules.tolerated);
	buf_add_json_number(b, "look_bytes", q->rules.look_bytes);
	buf_add_json_number(b, "entries_max", q->rules.entries_max);
	buf_add_json_number(b, "bytes_max", q->rules.bytes_max);
	buf_add_json_number(b, "ratio_max", q->rules.ratio_max);
	buf_add_json_number(b, "depth_max", q->rules.depth_max);
	buf_add_json_number(b, "time_max", (uint64_t)q->rules.time_max);
	buf_add_char(b, '}');
}

void buf_add_file_verdict(struct buf *b, const struct file_verdict *v)
{
	buf_add_char(b, '{');
	buf_add_json_number(b, "type", v->type);
	buf_add_json_number(b, "outcome", v->outcome);
	buf_add_json_number(b, "active", v->active);
	buf_add_json_field(b, "reason", v->reason);
	buf_add_char(b, '}');
}

/* ── Read ────────────────────────────────────────────────────────────────────────────────────────── */

static void json_done(json_t **j)
{
	json_decref(*j);
}

/* Sticks: what is missing, of another kind, or beyond `most` leaves `failed` behind. */
struct fields {
	const json_t *object;
	size_t taken;
	bool failed;
};

static uint64_t number(struct fields *f, const char *name, uint64_t most)
{
	json_t *j = json_object_get(f->object, name);
	json_int_t n = json_integer_value(j);

	f->taken++;
	if (!json_is_integer(j) || n < 0 || (uint64_t)n > most)
		f->failed = true;
	return f->failed ? 0 : (uint64_t)n;
}

static str text(struct fields *f, struct arena *a, const char *name)
{
	json_t *j = json_object_get(f->object, name);
	str s = str_bytes(json_string_value(j), json_string_length(j)), copy = STR_NONE;

	f->taken++;
	if (!json_is_string(j) || failed(str_copy(a, s, &copy)))
		f->failed = true;
	return copy;
}

static struct fields fields_of(const json_t *j)
{
	return (struct fields){ .object = j, .failed = !json_is_object(j) };
}

static err fields_check(const struct fields *f)
{
	if (f->failed || json_object_size(f->object) != f->taken)
		return NEVER(SYNTAX, "this is no question or answer about a file");
	return OK;
}

err file_question_read(struct arena *a, const json_t *question, struct file_question *out)
{
	struct fields f = fields_of(question);
	struct file_question q = { 0 };

	q.name = text(&f, a, "name");
	q.declared = text(&f, a, "declared");
	q.rules.types = (uint32_t)number(&f, "types", FILE_BIT(FILE_TYPES) - 1);
	q.rules.active = (enum file_policy)number(&f, "active", POLICY_ALLOW);
	q.rules.tolerated = (uint32_t)number(&f, "tolerated", ACTIVE_BIT(FILE_ACTIVES) - 1);
	q.rules.look_bytes = number(&f, "look_bytes", INT64_MAX);
	q.rules.entries_max = number(&f, "entries_max", UINT32_MAX);
	q.rules.bytes_max = number(&f, "bytes_max", INT64_MAX);
	q.rules.ratio_max = number(&f, "ratio_max", UINT32_MAX);
	q.rules.depth_max = number(&f, "depth_max", 16);
	q.rules.time_max = (span)number(&f, "time_max", (uint64_t)HOUR);
	TRY(fields_check(&f));
	*out = q;
	return OK;
}

err file_verdict_read(struct arena *a, str json, struct file_verdict *out)
{
	OWNED(json_done)
	json_t *answer = json_loadb(json.at ? json.at : "", json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	struct fields f = fields_of(answer);
	struct file_verdict v = { 0 };

	v.type = (enum file_type)number(&f, "type", FILE_TYPES);
	v.outcome = (enum file_outcome)number(&f, "outcome", FILE_REFUSED);
	v.active = (uint32_t)number(&f, "active", ACTIVE_BIT(FILE_ACTIVES) - 1);
	v.reason = text(&f, a, "reason");
	TRY(fields_check(&f));
	if ((v.outcome == FILE_ALLOWED) != (v.reason.len == 0) || (v.outcome == FILE_ALLOWED && v.type == FILE_TYPES))
		return NEVER(SYNTAX, "an answer that contradicts itself");
	*out = v;
	return OK;
}
