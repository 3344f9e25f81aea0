/* Small tables of our own: the C library's depend on what is installed and on the environment. */
#include "wire/tongue.h"

#include <string.h>

struct tongue {
	str code;
	const char *day[7], *month[12];
	/* $w weekday, $d day, $m month, $y year */
	const char *date;
	/* $h hour, $n minute, $z zone */
	const char *time;
	const char *joiner; /* between date and time */
	char decimal;
	const char *unit[5];
};

static const struct tongue tongues[TONGUES] = {
	{
		.code = STR("en"),
		.day = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
		.month = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
			   "October", "November", "December" },
		.date = "$w, $d $m $y",
		.time = "$h:$n ($z)",
		.joiner = " at ",
		.decimal = '.',
		.unit = { "bytes", "kB", "MB", "GB", "TB" },
	},
	{
		.code = STR("de"),
		.day = { "Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag" },
		.month = { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
			   "Oktober", "November", "Dezember" },
		.date = "$w, $d. $m $y",
		.time = "$h:$n Uhr ($z)",
		.joiner = " um ",
		.decimal = ',',
		.unit = { "Byte", "kB", "MB", "GB", "TB" },
	},
	{
		.code = STR("fr"),
		.day = { "dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi" },
		.month = { "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
			   "octobre", "novembre", "décembre" },
		.date = "$w $d $m $y",
		.time = "$h h $n ($z)",
		.joiner = " à ",
		.decimal = ',',
		.unit = { "octets", "ko", "Mo", "Go", "To" },
	},
	{
		.code = STR("es"),
		.day = { "domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado" },
		.month = { "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
			   "octubre", "noviembre", "diciembre" },
		.date = "$w, $d de $m de $y",
		.time = "$h:$n ($z)",
		.joiner = " a las ",
		.decimal = ',',
		.unit = { "bytes", "kB", "MB", "GB", "TB" },
	},
};

const struct tongue *tongue_find(str language)
{
	for (size_t i = 0; i < sizeof tongues / sizeof *tongues; i++)
		if (str_same_nocase(str_upto(language, 2), tongues[i].code))
			return &tongues[i];
	return &tongues[0];
}

unsigned tongue_place(const struct tongue *t)
{
	return (unsigned)(t - tongues);
}

str tongue_code(const struct tongue *t)
{
	return t->code;
}

static void add_zone(struct buf *b, int offset)
{
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);

	buf_add(b, STR("UTC"));
	if (offset)
		buf_add_format(b, "%c%u", offset < 0 ? '-' : '+', minutes / 60);
	if (minutes % 60)
		buf_add_format(b, ":%02u", minutes % 60);
}

static void add_field(struct buf *b, const struct tongue *t, char field, struct civil c, int offset)
{
	/* The first of the month is an ordinal in French. */
	bool first = c.day == 1 && str_same(t->code, STR("fr"));

	switch (field) {
	case 'w':
		buf_add(b, str_of(t->day[c.weekday]));
		break;
	case 'd':
		buf_add_format(b, "%d%s", c.day, first ? "er" : "");
		break;
	case 'm':
		buf_add(b, str_of(t->month[c.month - 1]));
		break;
	case 'y':
		buf_add_format(b, "%d", c.year);
		break;
	case 'h':
		buf_add_format(b, "%02d", c.hour);
		break;
	case 'n':
		buf_add_format(b, "%02d", c.minute);
		break;
	default:
		add_zone(b, offset);
	}
}

static void add_pattern(struct buf *b, const struct tongue *t, const char *pattern, moment at, int offset)
{
	struct civil c = moment_civil(at + offset * MINUTE);

	for (; *pattern; pattern++)
		if (*pattern == '$')
			add_field(b, t, *++pattern, c, offset);
		else
			buf_add_char(b, *pattern);
}

enum { WORDS_MAX = 160 };

static err keep(struct arena *a, const struct buf *b, str *out)
{
	TRY(buf_check(b));
	return str_copy(a, buf_str(b), out);
}

err tongue_date(const struct tongue *t, struct arena *a, moment at, int offset, str *out)
{
	char room[WORDS_MAX];
	struct buf b = BUF_ON(room);

	add_pattern(&b, t, t->date, at, offset);
	return keep(a, &b, out);
}

err tongue_time(const struct tongue *t, struct arena *a, moment at, int offset, str *out)
{
	char room[WORDS_MAX];
	struct buf b = BUF_ON(room);

	add_pattern(&b, t, t->time, at, offset);
	return keep(a, &b, out);
}

err tongue_moment(const struct tongue *t, struct arena *a, moment at, int offset, str *out)
{
	char room[WORDS_MAX];
	struct buf b = BUF_ON(room);

	add_pattern(&b, t, t->date, at, offset);
	buf_add(&b, str_of(t->joiner));
	add_pattern(&b, t, t->time, at, offset);
	return keep(a, &b, out);
}

/* Two digits at least: 950 bytes, 9.3 kB, 84 kB. */
err tongue_size(const struct tongue *t, struct arena *a, uint64_t bytes, str *out)
{
	uint64_t tenths = bytes * 10;
	size_t unit = 0;

	if (bytes > UINT64_MAX / 16)
		return NEVER(LIMIT, "a size beyond all documents");
	for (; tenths >= 10000 && unit < 4; unit++)
		tenths = (tenths + 500) / 1000;
	if (unit == 0 || tenths >= 100)
		return str_format(a, out, "%llu %s", (unsigned long long)((tenths + (unit ? 5 : 0)) / 10),
				  t->unit[unit]);
	return str_format(a, out, "%llu%c%llu %s", (unsigned long long)(tenths / 10), t->decimal,
			  (unsigned long long)(tenths % 10), t->unit[unit]);
}
