#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bidirectional controls and invisible characters can make a line read as something else (Trojan Source). */
bool rune_misleads(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
	       (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
	       (code >= 0xE0000 && code <= 0xE007F);
}

void buf_add_escaped(struct buf *b, str s)
{
	while (s.len) {
		uint32_t code = 0;
		size_t taken = str_rune(s, &code);
		if (taken && !rune_misleads(code)) {
			buf_add(b, str_upto(s, taken));
			s = str_from(s, taken);
			continue;
		}
		for (size_t i = 0; i < (taken ? taken : 1); i++) {
			buf_add(b, STR("\\x"));
			buf_add_hex(b, str_bytes(s.at + i, 1));
		}
		s = str_from(s, taken ? taken : 1);
	}
}

void escaped_copy(char *to, size_t max, str s)
{
	struct buf b = { .at = to, .max = max - 1 };

	/* Too long a text is cut at a character, not lost. */
	while (s.len && !b.overflow) {
		uint32_t code;
		size_t taken = str_rune(s, &code);
		buf_add_escaped(&b, str_upto(s, taken ? taken : 1));
		s = str_from(s, taken ? taken : 1);
	}
	to[b.len] = 0;
}

void fault_set(struct fault *f, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!f)
		return;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t kept = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
	escaped_copy(f->what, sizeof f->what, str_bytes(text, kept));
}

void fault_where(struct fault *f, str where, uint64_t line, uint64_t column)
{
	if (!f)
		return;
	escaped_copy(f->where, sizeof f->where, where);
	f->line = line;
	f->column = column;
}

bool fault_empty(const struct fault *f)
{
	return !f || f->what[0] == 0;
}

void buf_add_fault(struct buf *b, const struct fault *f, err e)
{
	if (f && f->where[0])
		buf_add(b, str_of(f->where));
	if (f && f->row)
		buf_add_format(b, "%srow %llu", f->where[0] ? ", " : "", (unsigned long long)f->row);
	if (f && f->line)
		buf_add_format(b, "%sline %llu", f->where[0] || f->row ? ", " : "", (unsigned long long)f->line);
	if (f && f->column)
		buf_add_format(b, ", column %llu", (unsigned long long)f->column);
	if (f && (f->where[0] || f->row || f->line))
		buf_add(b, STR(": "));
	if (!fault_empty(f))
		buf_add(b, str_of(f->what));
	else if (e.note && e.note[0])
		buf_add(b, str_of(e.note));
	else
		buf_add(b, str_of(err_verdict(e)->words));
}
