/* The beginning of a list: its byte order mark, and the delimiter its author's spreadsheet used. */
#include "wire/csv_inside.h"

enum { WINDOW_MIN = 4096 };

static int is_blank(unsigned char c)
{
	return c == ' '; /* a TAB may be the delimiter, and is data otherwise */
}

static bool first_line(str have, str *line)
{
	bool quoted = false;

	for (size_t i = 0; i < have.len; i++) {
		quoted ^= have.at[i] == '"';
		if (!quoted && (have.at[i] == '\n' || have.at[i] == '\r')) {
			*line = str_upto(have, i);
			return true;
		}
	}
	*line = have;
	return false;
}

/* The candidate that stands most often outside quotation marks; a list of one column has none. */
static char find_delimiter(str line)
{
	static const char candidates[] = { ',', ';', '\t' };
	size_t counts[3] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		quoted ^= line.at[i] == '"';
		for (size_t c = 0; c < 3; c++)
			counts[c] += !quoted && line.at[i] == candidates[c];
	}
	for (size_t c = 1; c < 3; c++)
		if (counts[c] > counts[best])
			best = c;
	return candidates[best];
}

static err look_at_start(struct csv_reader *r)
{
	str line;

	TRY(csv_fill(r));
	while (!r->source_ended && !first_line(csv_waiting(r), &line) && r->end < r->window_max)
		TRY(csv_fill(r));
	if (str_starts(csv_waiting(r), STR("\xFF\xFE")) || str_starts(csv_waiting(r), STR("\xFE\xFF")))
		return LIST("the list is UTF-16: save it as CSV in UTF-8");
	r->had_bom = str_starts(csv_waiting(r), STR("\xEF\xBB\xBF"));
	r->begin += r->had_bom ? 3 : 0;
	if (!first_line(csv_waiting(r), &line) && !r->source_ended)
		return NEVER(LIMIT, "the first line of the list is longer than its limit");
	if (line.len > r->limits.header_max)
		return NEVER(LIMIT, "the first line of the list is longer than its limit");
	csv_set_delim(&r->parser, (unsigned char)find_delimiter(line));
	return OK;
}

err csv_open(struct arena *a, struct source *from, const struct csv_limits *limits, struct csv_reader **out,
	     struct fault *fault)
{
	OWNED(csv_done) struct csv_reader *r = NULL;
	void *window;

	TRY(NEW(a, r));
	r->from = from;
	r->limits = *limits;
	r->line = 1;
	r->window_max = limits->header_max + WINDOW_MIN;
	if (csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL))
		return LATER(MEMORY, "no memory to read the list");
	csv_set_space_func(&r->parser, is_blank);
	csv_set_blk_size(&r->parser, 1024);
	TRY(arena_take(a, r->window_max, &window));
	r->window = window;
	err e = look_at_start(r);
	if (failed(e))
		return csv_broken(r, fault, e);
	*out = r;
	r = NULL;
	return OK;
}
