/* Answers of object stores: every name and text lies within the input, and what was opened is closed. */
#include "wire/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(str part, str whole)
{
	return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_bytes(data, size), text;
	enum xml_event event = XML_OPEN;
	struct xml x = XML(input);
	unsigned opened = 0, closed = 0;
	struct arena *a = NULL;

	must(!failed(arena_open(16 << 20, &a)));
	while (event != XML_END) {
		if (failed(xml_next(&x, &event)))
			break;
		opened += event == XML_OPEN;
		closed += event == XML_CLOSE;
		if (event != XML_END)
			must(x.depth && x.depth <= XML_DEPTH_MAX && within(x.path[x.depth - 1], input));
		if (event == XML_CLOSE) {
			SCRATCH(a);
			must(within(x.text, input));
			if (!failed(xml_text(a, &x, &text)))
				must(str_utf8(text));
		}
	}
	must(event != XML_END || (opened == closed && opened > 0));
	arena_close(a);
	return 0;
}
