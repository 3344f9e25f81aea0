/* The operator's colours and logo, read once. */
#include "door/page/inside.h"

#include "sys/sys.h"
#include "wire/colour.h"

enum { LOGO_MAX = 256 * 1024, STYLE_EXTRA = 512 };

static const struct {
	str begins, type;
} pictures[] = {
	{ { "\x89PNG\r\n\x1a\n", 8 }, STR("image/png") },
	{ { "\xff\xd8\xff", 3 }, STR("image/jpeg") },
};

static err refuse_logo(const struct page *p, struct fault *fault, const char *why)
{
	fault_where(fault, str_of(p->options.look.logo), 0, 0);
	fault_set(fault, "page.logo: %s", why);
	return NEVER(CONFIG, "the logo cannot be used");
}

static err read_logo(struct arena *a, struct page *p, struct fault *fault)
{
	if (!p->options.look.logo)
		return OK;
	if (failed(file_read_all(a, p->options.look.logo, LOGO_MAX, &p->logo)))
		return refuse_logo(p, fault, "it cannot be read, or has more than 256 KiB");
	for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
		if (str_starts(p->logo, pictures[i].begins))
			p->logo_type = pictures[i].type;
	return p->logo_type.len ? OK : refuse_logo(p, fault, "it is neither PNG nor JPEG");
}

/* What stands on a colour: whichever of black and white can be read better. */
static struct rgb on(struct rgb c)
{
	return rgb_contrast(c, RGB_WHITE) >= rgb_contrast(c, RGB_BLACK) ? RGB_WHITE : RGB_BLACK;
}

static err add_colours(struct buf *style, str given, const char *otherwise)
{
	struct rgb c;

	TRY(rgb_parse(given.len ? given : str_of(otherwise), &c));
	buf_add(style, STR(":root { --act: "));
	buf_add_rgb(style, c);
	buf_add(style, STR("; --on-act: "));
	buf_add_rgb(style, on(c));
	buf_add(style, STR("; }"));
	return OK;
}

err brand_open(struct arena *a, struct page *p, struct fault *fault)
{
	const struct page_look *look = &p->options.look;
	struct buf style;

	TRY(read_logo(a, p, fault));
	TRY(buf_open(a, page_style.len + STYLE_EXTRA, &style));
	TRY(add_colours(&style, look->colour, "#0b4f8a"));
	buf_add(&style, STR("\n@media (prefers-color-scheme: dark) { "));
	TRY(add_colours(&style, look->colour_dark, "#8cc2f2"));
	buf_add(&style, STR(" }\n"));
	buf_add(&style, page_style);
	p->style = buf_str(&style);
	return buf_check(&style);
}
