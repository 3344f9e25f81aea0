#include "wire/json.h"

/* Beyond 16 bits as a pair (RFC 8259 7). */
void buf_add_json_escape(struct buf *b, uint32_t code)
{
	if (code >= 0x10000)
		buf_add_format(b, "\\u%04x\\u%04x", 0xD800 + (unsigned)((code - 0x10000) >> 10),
			       0xDC00 + (unsigned)(code & 0x3FF));
	else
		buf_add_format(b, "\\u%04x", (unsigned)code);
}

size_t json_plain_run(str json)
{
	size_t len = 0;

	while (len < json.len) {
		uint32_t code = 0;
		size_t taken = str_rune(str_from(json, len), &code);
		if (code >= 0x7F && rune_misleads(code))
			break;
		len += taken ? taken : 1;
	}
	return len;
}

static void add_control(struct buf *b, unsigned char c)
{
	switch (c) {
	case '\n':
		buf_add(b, STR("\\n"));
		break;
	case '\t':
		buf_add(b, STR("\\t"));
		break;
	default:
		buf_add_format(b, "\\u%04x", c);
	}
}

void buf_add_json(struct buf *b, str text)
{
	buf_add_char(b, '"');
	while (text.len) {
		uint32_t code = 0;
		size_t taken = str_rune(text, &code);
		if (taken == 0)
			buf_add(b, STR("\\ufffd"));
		else if (code < 0x20)
			add_control(b, (unsigned char)code);
		else if (rune_misleads(code))
			buf_add_json_escape(b, code);
		else if (code == '"' || code == '\\')
			buf_add_char(b, '\\'), buf_add_char(b, (char)code);
		else
			buf_add(b, str_upto(text, taken));
		text = str_from(text, taken ? taken : 1);
	}
	buf_add_char(b, '"');
}

static void add_name(struct buf *b, const char *name)
{
	if (b->len && b->at[b->len - 1] != '{')
		buf_add_char(b, ',');
	buf_add_json(b, str_of(name));
	buf_add_char(b, ':');
}

void buf_add_json_field(struct buf *b, const char *name, str text)
{
	add_name(b, name);
	buf_add_json(b, text);
}

void buf_add_json_number(struct buf *b, const char *name, uint64_t number)
{
	add_name(b, name);
	buf_add_number(b, number);
}

bool json_more_than(str json, size_t values)
{
	bool within = false;
	size_t count = 0;

	for (size_t i = 0; i < json.len && count <= values; i++) {
		char c = json.at[i];
		if (within && c == '\\')
			i++;
		else if (c == '"')
			within = !within;
		else
			count += !within && (c == '[' || c == '{' || c == ',');
	}
	return count > values;
}

bool json_deeper_than(str json, unsigned depth)
{
	unsigned open = 0;
	bool within = false;

	for (size_t i = 0; i < json.len; i++) {
		char c = json.at[i];
		if (within && c == '\\')
			i++;
		else if (c == '"')
			within = !within;
		else if (!within && (c == '[' || c == '{') && ++open > depth)
			return true;
		else if (!within && (c == ']' || c == '}') && open > 0)
			open--;
	}
	return false;
}
