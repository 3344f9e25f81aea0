#include "wire/details_date.h"

enum { PARTS_MAX = 8, YEAR_FIRST = 1800, YEAR_LAST = 2199, PIVOT = 30 };

/* A run of digits, or a run of letters (with UTF-8). */
struct part {
	str text;
	uint64_t number;
	bool is_number;
};
struct parts {
	struct part part[PARTS_MAX];
	size_t count;
};

/* Full names, and the shortenings that are no beginning of them; every beginning of three bytes or more counts. */
static const struct {
	str name;
	unsigned month;
} months[] = {
	{ STR("january"), 1 },    { STR("februari"), 2 },  { STR("february"), 2 },   { STR("march"), 3 },
	{ STR("april"), 4 },      { STR("may"), 5 },       { STR("june"), 6 },       { STR("july"), 7 },
	{ STR("august"), 8 },     { STR("september"), 9 }, { STR("october"), 10 },   { STR("november"), 11 },
	{ STR("december"), 12 },  { STR("januari"), 1 },   { STR("januar"), 1 },     { STR("jänner"), 1 },
	{ STR("februar"), 2 },    { STR("märz"), 3 },      { STR("maerz"), 3 },      { STR("mrz"), 3 },
	{ STR("mai"), 5 },        { STR("juni"), 6 },      { STR("juli"), 7 },       { STR("oktober"), 10 },
	{ STR("dezember"), 12 },  { STR("janvier"), 1 },   { STR("février"), 2 },    { STR("fevrier"), 2 },
	{ STR("mars"), 3 },       { STR("avril"), 4 },     { STR("juin"), 6 },       { STR("juillet"), 7 },
	{ STR("août"), 8 },       { STR("aout"), 8 },      { STR("septembre"), 9 },  { STR("octobre"), 10 },
	{ STR("novembre"), 11 },  { STR("décembre"), 12 }, { STR("decembre"), 12 },  { STR("gennaio"), 1 },
	{ STR("febbraio"), 2 },   { STR("marzo"), 3 },     { STR("aprile"), 4 },     { STR("maggio"), 5 },
	{ STR("giugno"), 6 },     { STR("luglio"), 7 },    { STR("agosto"), 8 },     { STR("settembre"), 9 },
	{ STR("ottobre"), 10 },   { STR("dicembre"), 12 }, { STR("enero"), 1 },      { STR("febrero"), 2 },
	{ STR("abril"), 4 },      { STR("mayo"), 5 },      { STR("junio"), 6 },      { STR("julio"), 7 },
	{ STR("septiembre"), 9 }, { STR("octubre"), 10 },  { STR("noviembre"), 11 }, { STR("diciembre"), 12 },
	{ STR("janeiro"), 1 },    { STR("fevereiro"), 2 }, { STR("março"), 3 },      { STR("maio"), 5 },
	{ STR("junho"), 6 },      { STR("julho"), 7 },     { STR("setembro"), 9 },   { STR("outubro"), 10 },
	{ STR("novembro"), 11 },  { STR("dezembro"), 12 }, { STR("maart"), 3 },      { STR("mrt"), 3 },
	{ STR("mei"), 5 },        { STR("augustus"), 8 },  { STR("okt"), 10 },
};

static const str fillers[] = { STR("st"), STR("nd"),  STR("rd"),  STR("th"), STR("er"), STR("of"),
			       STR("de"), STR("del"), STR("the"), STR("le"), STR("den") };

/* "juin" and "juni", "mar" and "mai": a beginning that two months share names none. */
static unsigned month_named(str word)
{
	unsigned found = 0;

	for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
		if (str_same(months[i].name, word))
			return months[i].month;
		if (word.len < 3 || !str_starts(months[i].name, word))
			continue;
		if (found && found != months[i].month)
			return 0;
		found = months[i].month;
	}
	return found;
}

static bool filler(str word)
{
	for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
		if (str_same(fillers[i], word))
			return true;
	return false;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool separator(char c)
{
	return c == ' ' || c == '.' || c == '-' || c == '/' || c == ',';
}

static str run(str s)
{
	size_t len = 1;
	bool digits = digit(s.at[0]);

	while (len < s.len && !separator(s.at[len]) && digit(s.at[len]) == digits)
		len++;
	return str_upto(s, len);
}

static bool add_part(struct parts *p, str text)
{
	struct part *part = &p->part[p->count];

	if (!digit(text.at[0]) && filler(text))
		return true;
	if (p->count == PARTS_MAX || text.len > 24)
		return false;
	part->text = text;
	part->is_number = digit(text.at[0]);
	p->count++;
	return !part->is_number || str_number(text, &part->number);
}

static bool split(str s, struct parts *p)
{
	p->count = 0;
	while (s.len) {
		str text = separator(s.at[0]) ? str_upto(s, 1) : run(s);
		if (!separator(text.at[0]) && !add_part(p, text))
			return false;
		s = str_from(s, text.len);
	}
	return true;
}

static bool leap(uint64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool make(uint64_t year, uint64_t month, uint64_t day, struct date *out)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (year < YEAR_FIRST || year > YEAR_LAST || month < 1 || month > 12)
		return false;
	if (day < 1 || day > days[month - 1] + (month == 2 && leap(year) ? 1u : 0u))
		return false;
	*out = (struct date){ (unsigned)year, (unsigned)month, (unsigned)day };
	return true;
}

static bool year_of(const struct part *p, uint64_t *year)
{
	if (p->text.len == 2)
		*year = p->number + (p->number < PIVOT ? 2000 : 1900);
	else if (p->text.len == 4)
		*year = p->number;
	else
		return false;
	return true;
}

static bool three_numbers(const struct part *p, struct date *out)
{
	uint64_t year;

	if (p[0].text.len == 4)
		return p[1].text.len <= 2 && p[2].text.len <= 2 && make(p[0].number, p[1].number, p[2].number, out);
	if (p[0].text.len > 2 || p[1].text.len > 2 || !year_of(&p[2], &year))
		return false;
	return make(year, p[1].number, p[0].number, out) || make(year, p[0].number, p[1].number, out);
}

/* 19870403 or 03041987: a year begins with 18 to 21, so the middle four digits are never both. */
static bool eight_digits(str text, uint64_t n, struct date *out)
{
	return text.len == 8 &&
	       (make(n / 10000, n / 100 % 100, n % 100, out) || make(n % 10000, n / 10000 % 100, n / 1000000, out));
}

/* One part is a name; of the two numbers the one with four digits is the year, else the later one. */
static bool month_by_name(const struct part *p, struct date *out)
{
	const struct part *word = NULL, *number[2] = { 0 };
	size_t numbers = 0;
	uint64_t year;

	for (size_t i = 0; i < 3; i++)
		if (!p[i].is_number)
			word = &p[i];
		else if (numbers < 2)
			number[numbers++] = &p[i];
	unsigned month = word && numbers == 2 ? month_named(word->text) : 0;
	if (!month)
		return false;
	bool year_first = number[0]->text.len == 4;
	const struct part *day = number[year_first];
	return day->text.len <= 2 && year_of(number[!year_first], &year) && make(year, month, day->number, out);
}

/* 1987-04-03T00:00:00.000Z and the like, from a database or a spreadsheet. */
static str without_midnight(str s)
{
	static const str ends[] = { STR("00:00:00.000z"), STR("00:00:00.000"), STR("00:00:00z"),
				    STR("00:00:00"),      STR("00:00z"),       STR("00:00") };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t rest = s.len - ends[i].len;
		if (!str_ends(s, ends[i]) || rest < 2 || (s.at[rest - 1] != ' ' && s.at[rest - 1] != 't'))
			continue;
		return str_upto(s, rest - 1);
	}
	return s;
}

bool date_read(str folded, struct date *out)
{
	struct parts p;

	if (!split(without_midnight(folded), &p))
		return false;
	if (p.count == 1)
		return p.part[0].is_number && eight_digits(p.part[0].text, p.part[0].number, out);
	if (p.count != 3)
		return false;
	if (p.part[0].is_number && p.part[1].is_number && p.part[2].is_number)
		return three_numbers(p.part, out);
	return month_by_name(p.part, out);
}

err date_text(struct arena *a, const struct date *date, str *out)
{
	return str_format(a, out, "%04u-%02u-%02u", date->year, date->month, date->day);
}
