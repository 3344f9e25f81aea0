#include "wire/gate.h"

#include "wire/rune.h"

bool gate_line(str text, struct gate_finding *found)
{
	struct gate_finding unread;

	if (!found)
		found = &unread;
	for (size_t at = 0; at < text.len;) {
		uint32_t code = 0;
		size_t taken = str_rune(str_from(text, at), &code);
		if (!taken || rune_control(code)) {
			*found = (struct gate_finding){ at, taken ? code : (unsigned char)text.at[at], !taken };
			return false;
		}
		at += taken;
	}
	return true;
}

bool gate_word(str text)
{
	return text.len && !str_has(text, ' ') && gate_line(text, NULL);
}
