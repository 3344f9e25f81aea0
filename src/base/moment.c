/* Dates by the proleptic Gregorian calendar in plain arithmetic: the C library's functions depend on the
 * environment's time zone and on static state. */
#include "base/base.h"

#include <string.h>

static int64_t days_of_civil(int64_t year, int month, int day)
{
	/* Years begin in March, so that the leap day is the last of the year. */
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil moment_civil(moment at)
{
	int64_t seconds = floor_div(at, SECOND);
	int64_t days = floor_div(seconds, 86400);
	int64_t rest = seconds - days * 86400;
	int64_t shifted = days + 719468;
	int64_t era = floor_div(shifted, 146097);
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	return (struct civil){
		.year = (int)(year + era * 400 + (month >= 10)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.weekday = (int)(((days + 4) % 7 + 7) % 7),
	};
}

moment moment_of_civil(struct civil c)
{
	int64_t days = days_of_civil(c.year, c.month, c.day);
	return (days * 86400 + c.hour * 3600 + c.minute * 60 + c.second) * SECOND;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

static int digits(struct reader *r, size_t count)
{
	uint64_t n;
	str s = reader_take(r, count);

	if (!str_number(s, &n)) {
		r->failed = true;
		return 0;
	}
	return (int)n;
}

static void expect(struct reader *r, const char *any)
{
	str s = reader_take(r, 1);
	if (s.len == 0 || !strchr(any, s.at[0]) || s.at[0] == 0)
		r->failed = true;
}

static int64_t offset_minutes(struct reader *r)
{
	if (reader_skip(r, 'Z') || reader_skip(r, 'z'))
		return 0;
	int sign = reader_peek(r) == '-' ? -1 : 1;
	expect(r, "+-");
	int hours = digits(r, 2);
	expect(r, ":");
	int minutes = digits(r, 2);
	if (hours > 23 || minutes > 59)
		r->failed = true;
	return sign * (hours * 60 + minutes);
}

err moment_parse(str text, moment *out)
{
	struct reader r = READER(text);
	struct civil c = { 0 };
	uint64_t seconds;

	if (str_number(text, &seconds)) {
		if (seconds > 253402300799u)
			return NEVER(SYNTAX, "a time beyond the year 9999");
		*out = (moment)seconds * SECOND;
		return OK;
	}
	c.year = digits(&r, 4);
	expect(&r, "-");
	c.month = digits(&r, 2);
	expect(&r, "-");
	c.day = digits(&r, 2);
	expect(&r, "Tt ");
	c.hour = digits(&r, 2);
	expect(&r, ":");
	c.minute = digits(&r, 2);
	expect(&r, ":");
	c.second = digits(&r, 2);
	int64_t fraction = 0, unit = SECOND / 10;
	if (reader_skip(&r, '.'))
		for (; reader_peek(&r) >= '0' && reader_peek(&r) <= '9'; unit /= 10)
			fraction += unit * (reader_u8(&r) - '0');
	int64_t east = offset_minutes(&r);
	/* 60 is a leap second; it is taken as the first moment of the next minute. */
	if (!reader_ended(&r) || c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in(c.year, c.month) ||
	    c.hour > 23 || c.minute > 59 || c.second > 60)
		return NEVER(SYNTAX, "a time is written 2026-11-21T19:50:00Z or as Unix seconds");
	*out = moment_of_civil(c) + fraction - east * MINUTE;
	return OK;
}

void buf_add_moment(struct buf *b, moment at)
{
	struct civil c = moment_civil(at);
	char text[64];
	struct buf t = BUF_ON(text);

	buf_add_format(&t, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
	buf_add(b, buf_str(&t));
}

static const char day[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char month[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* By writing what was read once more: one spelling is accepted, and the day of the week has to be right. */
err moment_parse_http(str text, moment *out)
{
	struct reader r = READER(str_from(text, 5));
	struct civil c = { 0 };
	char again[64];
	struct buf b = BUF_ON(again);

	c.day = digits(&r, 2);
	expect(&r, " ");
	str name = reader_take(&r, 3);
	while (c.month < 12 && !str_same(name, str_of(month[c.month])))
		c.month++;
	c.month++;
	expect(&r, " ");
	c.year = digits(&r, 4);
	expect(&r, " ");
	c.hour = digits(&r, 2);
	expect(&r, ":");
	c.minute = digits(&r, 2);
	expect(&r, ":");
	c.second = digits(&r, 2);
	if (r.failed || c.month > 12 || c.day < 1 || c.hour > 23 || c.minute > 59 || c.second > 59)
		return NEVER(SYNTAX, "not a date of HTTP");
	moment at = moment_of_civil(c);
	buf_add_date_5322(&b, at);
	b.len -= 5; /* +0000 */
	buf_add(&b, STR("GMT"));
	if (!str_same(buf_str(&b), text))
		return NEVER(SYNTAX, "not a date of HTTP");
	*out = at;
	return OK;
}

void buf_add_date_5322(struct buf *b, moment at)
{
	struct civil c = moment_civil(at);
	char text[64];
	struct buf t = BUF_ON(text);

	buf_add_format(&t, "%s, %02d %s %04d %02d:%02d:%02d +0000", day[c.weekday], c.day, month[c.month - 1], c.year,
		       c.hour, c.minute, c.second);
	buf_add(b, buf_str(&t));
}

static const struct {
	char letter;
	span length;
} units[] = { { 'w', 7 * DAY }, { 'd', DAY }, { 'h', HOUR }, { 'm', MINUTE }, { 's', SECOND } };

err span_parse(str text, span *out)
{
	span unit = SECOND;
	uint64_t n;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (text.len && text.at[text.len - 1] == units[i].letter) {
			unit = units[i].length;
			text.len--;
			break;
		}
	span s;
	if (!str_number(text, &n) || n > INT64_MAX || __builtin_mul_overflow((span)n, unit, &s) || s > 10 * 366 * DAY)
		return NEVER(SYNTAX, "a duration is written 90s, 15m, 24h, 7d or 2w, and is at most ten years");
	*out = s;
	return OK;
}

void buf_add_span(struct buf *b, span s)
{
	for (size_t i = 1; i < sizeof units / sizeof *units; i++)
		if (s % units[i].length == 0 || units[i].length == SECOND) {
			buf_add_number(b, (uint64_t)(s / units[i].length));
			buf_add_char(b, units[i].letter);
			return;
		}
}

err id_new(const struct entropy *e, id *out)
{
	id fresh;

	TRY(entropy_fill(e, fresh.byte, sizeof fresh.byte));
	*out = fresh;
	return OK;
}

err id_parse(str text, id *out)
{
	char bytes[17];
	struct buf b = BUF_ON(bytes);

	if (text.len != ID_TEXT || failed(base32_decode(text, &b)) || b.len != sizeof out->byte)
		return NEVER(SYNTAX, "an id is 26 letters and digits");
	memcpy(out->byte, bytes, sizeof out->byte);
	return OK;
}

void buf_add_id(struct buf *b, id i)
{
	buf_add_base32(b, id_bytes(&i));
}

bool id_same(id a, id b)
{
	return memcmp(a.byte, b.byte, sizeof a.byte) == 0;
}

bool id_none(id i)
{
	return id_same(i, (id){ 0 });
}
