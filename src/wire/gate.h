/* The one question that is asked of every text before it enters a line of a protocol (SMTP, headers, HTTP, log): does
 * it stay on that line, for everybody? CR, LF and NUL end lines and strings; other control characters mean something
 * to somebody; NEL, LS and PS end lines for those who read Unicode; broken UTF-8 is read in two ways. What a protocol
 * forbids besides stands at its own gate: mime_gate(), smtp_command.c, http_answer_field(), and the clients' fields. */
#ifndef LETTERLOCK_WIRE_GATE_H
#define LETTERLOCK_WIRE_GATE_H

#include "base/base.h"

struct gate_finding {
	size_t offset;
	uint32_t code; /* the character; of broken UTF-8 the byte */
	bool broken;   /* it is not UTF-8 there */
};
/* True if the text may pass; else *found, which may be null, says where and what. */
bool gate_line(str text, struct gate_finding *found);
bool gate_word(str text); /* not empty, and without blanks */

#endif
