#include "door/cli/progress.h"

#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>

enum { STANDARD_ERROR = 2, REDRAW_TICKS = SECOND / 8, LINE_TICKS = 10 * SECOND, BAR_LEAST = 10, BAR_MOST = 40 };

struct progress progress_begin(const struct cli *cli)
{
	const char *no_colour = getenv("NO_COLOR");
	bool terminal = sys_is_terminal(2);

	return (struct progress){
		.cli = cli,
		.began_ticks = clock_ticks(&cli->clock),
		.shown_ticks = clock_ticks(&cli->clock),
		.terminal = terminal,
		.colour = terminal && !(no_colour && no_colour[0]),
	};
}

static void add_grouped(struct buf *b, uint64_t n)
{
	if (n >= 1000) {
		add_grouped(b, n / 1000);
		buf_add_format(b, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_add_number(b, n);
	}
}

static void add_duration(struct buf *b, int64_t seconds)
{
	if (seconds >= 3600)
		buf_add_format(b, "%d h %02d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
	else if (seconds >= 60)
		buf_add_format(b, "%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
	else
		buf_add_format(b, "%d s", (int)seconds);
}

static void add_facts(struct buf *b, const struct progress_count *c, int64_t elapsed)
{
	double rate = elapsed > 0 ? (double)c->done * (double)SECOND / (double)elapsed : 0;

	add_grouped(b, c->done);
	buf_add_char(b, '/');
	add_grouped(b, c->total);
	buf_add_format(b, rate >= 10 ? "  %.0f/s" : "  %.1f/s", rate);
	if (c->failures) {
		buf_add(b, STR("  "));
		add_grouped(b, c->failures);
		buf_add(b, STR(" failed"));
	}
	if (rate > 0 && c->done < c->total) {
		buf_add(b, STR("  "));
		add_duration(b, (int64_t)((double)(c->total - c->done) / rate) + 1);
		buf_add(b, STR(" left"));
	}
}

void progress_text(struct buf *b, const struct progress_count *count, int64_t elapsed, int columns)
{
	char room[128];
	struct buf facts = BUF_ON(room);

	add_facts(&facts, count, elapsed);
	int bar = columns - (int)facts.len - 4;
	if (bar > BAR_MOST)
		bar = BAR_MOST;
	if (bar >= BAR_LEAST) {
		uint64_t full = count->total ? (uint64_t)bar * count->done / count->total : 0;
		buf_add_char(b, '[');
		for (int i = 0; i < bar; i++)
			buf_add_char(b, (uint64_t)i < full ? '#' : '-');
		buf_add(b, STR("] "));
	}
	buf_add(b, str_upto(buf_str(&facts), columns > 1 ? (size_t)columns - 1 : 0));
}

static void draw(struct progress *p, const struct progress_count *count)
{
	char room[512];
	struct buf b = BUF_ON(room);
	int64_t elapsed = clock_ticks(&p->cli->clock) - p->began_ticks;

	progress_text(&b, count, elapsed, p->terminal ? sys_columns(2) : 100);
	if (p->terminal)
		fprintf(stderr, "\r%s%.*s%s\x1b[K", p->colour && count->failures ? "\x1b[33m" : "",
			STR_ARG(buf_str(&b)), p->colour ? "\x1b[0m" : "");
	else
		fprintf(stderr, "letterlock: %.*s\n", STR_ARG(buf_str(&b)));
	(void)fflush(stderr);
	p->drawn = true;
}

void progress_show(struct progress *p, const struct progress_count *count)
{
	int64_t now = clock_ticks(&p->cli->clock);

	if (p->cli->quiet || now - p->shown_ticks < (p->terminal ? REDRAW_TICKS : LINE_TICKS))
		return;
	p->shown_ticks = now;
	draw(p, count);
}

void progress_end(struct progress *p, const struct progress_count *count)
{
	if (p->cli->quiet || (!p->terminal && !p->drawn))
		return;
	draw(p, count);
	if (p->terminal)
		fputc('\n', stderr);
}
