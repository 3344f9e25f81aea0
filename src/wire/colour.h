/* Colours as people configure them, and whether text in one can be read on another: WCAG 2.2, relative luminance and
 * contrast ratio (1.4.3). In whole numbers, so that every machine judges alike. */
#ifndef LETTERLOCK_WIRE_COLOUR_H
#define LETTERLOCK_WIRE_COLOUR_H

#include "base/base.h"

struct rgb {
	uint8_t red, green, blue;
};
#define RGB_WHITE ((struct rgb){ 255, 255, 255 })
#define RGB_BLACK ((struct rgb){ 0, 0, 0 })
/* Behind text on the recipients' page, at its worst for contrast: light, and dark (door/page/html/style.css). */
#define RGB_PAPER ((struct rgb){ 0xf3, 0xf5, 0xf8 })
#define RGB_NIGHT ((struct rgb){ 0x1d, 0x23, 0x2a })

err rgb_parse(str text, struct rgb *out); /* "#0b57d0"; NEVER SYNTAX for anything else */
void buf_add_rgb(struct buf *b, struct rgb c);
/* Times 100, rounded down: 2100 for black on white, 450 is what text needs (AA), 300 a control's edge. */
enum { CONTRAST_TEXT = 450, CONTRAST_EDGE = 300 };
unsigned rgb_contrast(struct rgb a, struct rgb b);

#endif
