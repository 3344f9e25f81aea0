/* What clamd says, read strictly: an answer is what stands before one NUL, and after that comes nothing. */
#include "check/clamd.h"

#include <string.h>

static bool one_answer(str bytes, str *out)
{
	*out = str_upto(bytes, bytes.len - 1);
	return bytes.len > 0 && bytes.len <= CLAMD_ANSWER_MAX && bytes.at[bytes.len - 1] == 0 && !str_has(*out, 0);
}

static bool is_name(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7F)
			return false;
	return s.len > 0 && s.len < CLAMD_NAME_MAX;
}

/* Not the name of any malware, but clamd's word for what it did not look into. */
static bool is_opaque(str name)
{
	return str_starts(name, STR("Heuristics.Limits.Exceeded")) || str_starts(name, STR("Heuristics.Encrypted"));
}

static bool found(str answer, struct clamd_verdict *out)
{
	static const str before = { "stream: ", 8 }, after = { " FOUND", 6 };

	if (!str_starts(answer, before) || !str_ends(answer, after) || answer.len < before.len + after.len)
		return false;
	str name = str_upto(str_from(answer, before.len), answer.len - before.len - after.len);
	if (!is_name(name))
		return false;
	*out = (struct clamd_verdict){ .infected = true, .opaque = is_opaque(name) };
	memcpy(out->name, name.at, name.len);
	return true;
}

enum clamd_answer clamd_answer_parse(str bytes, struct clamd_verdict *out)
{
	str answer;

	if (!one_answer(bytes, &answer))
		return CLAMD_GARBAGE;
	if (str_same(answer, STR("stream: OK")))
		return CLAMD_CLEAN;
	if (found(answer, out))
		return CLAMD_FOUND;
	if (str_same(answer, STR("INSTREAM size limit exceeded. ERROR")))
		return CLAMD_TOO_LARGE;
	return str_ends(answer, STR(" ERROR")) && str_clean(answer) ? CLAMD_ERROR : CLAMD_GARBAGE;
}

/* ── The version ── */

static bool number_in(struct reader *r, size_t len, uint64_t least, uint64_t most, int *out)
{
	uint64_t n = 0;

	if (!str_number(str_trim(reader_take(r, len)), &n) || n < least || n > most)
		return false;
	*out = (int)n;
	return true;
}

static bool month_in(struct reader *r, int *out)
{
	ptrdiff_t at = str_find(STR("JanFebMarAprMayJunJulAugSepOctNovDec"), reader_take(r, 3));

	*out = (int)at / 3 + 1;
	return at >= 0 && at % 3 == 0;
}

/* ctime(3) without its line end: "Sat Nov  1 08:10:00 2026". */
static bool read_time(str text, moment *out)
{
	struct reader r = READER(str_from(text, 4));
	struct civil c = { 0 };

	bool fine = text.len == 24 && text.at[3] == ' ' && month_in(&r, &c.month) && reader_skip(&r, ' ') &&
		    number_in(&r, 2, 1, 31, &c.day) && reader_skip(&r, ' ') && number_in(&r, 2, 0, 23, &c.hour) &&
		    reader_skip(&r, ':') && number_in(&r, 2, 0, 59, &c.minute) && reader_skip(&r, ':') &&
		    number_in(&r, 2, 0, 60, &c.second) && reader_skip(&r, ' ') &&
		    number_in(&r, 4, 1990, 9999, &c.year) && reader_ended(&r);
	if (fine)
		*out = moment_of_civil(c);
	return fine;
}

/* The engine's name may hold blanks, the rest stands between slashes. */
err clamd_version_parse(str bytes, struct clamd_version *out)
{
	struct clamd_version v = { 0 };
	str answer, engine, number, date;
	uint64_t n;

	if (!one_answer(bytes, &answer) || !str_starts(answer, STR("ClamAV ")) || !str_clean(answer))
		return NEVER(SYNTAX, "clamd tells no version");
	bool has_number = str_cut(answer, '/', &engine, &number) && str_cut(number, '/', &number, &date);
	if (!has_number)
		return NEVER(NOT_FOUND, "clamd has no signatures");
	if (!str_number(number, &n) || !read_time(date, &v.signatures_at) ||
	    engine.len + number.len + 2 > sizeof v.engine)
		return NEVER(SYNTAX, "clamd tells no version");
	escaped_copy(v.engine, sizeof v.engine, str_upto(answer, engine.len + 1 + number.len));
	*out = v;
	return OK;
}
