#include "test/support/support.h"

#include "wire/gate.h"
#include "wire/json.h"

static void every_control_character_is_stopped_and_every_other_passes(void **state)
{
	for (uint32_t c = 1; c < 0x3000; c++) {
		bool control = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
		char text[8] = "a";
		struct buf b = { .at = text, .len = 1, .max = 8 };
		struct gate_finding found = { 0 };
		if (c < 0x80) {
			buf_add_char(&b, (char)c);
		} else if (c < 0x800) {
			buf_add_char(&b, (char)(0xC0 | c >> 6));
			buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
		} else {
			buf_add_char(&b, (char)(0xE0 | c >> 12));
			buf_add_char(&b, (char)(0x80 | (c >> 6 & 0x3F)));
			buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
		}
		assert_int_equal(gate_line(buf_str(&b), &found), !control);
		if (control)
			assert_true(found.offset == 1 && found.code == c && !found.broken);
	}
}

static void what_is_not_utf8_is_stopped(void **state)
{
	static const str broken[] = { STR("\xC0\x8A"),         STR("\xED\xA0\x80"), STR("\xFF"), STR("\xE2\x82"),
				      STR("\xC0\x8D\xC0\x8A"), STR("\x80"),         { "\0", 1 } };

	for (size_t i = 0; i < COUNT(broken); i++)
		assert_false(gate_line(broken[i], NULL));
	assert_true(gate_line(STR(""), NULL) && gate_line(STR("a b \xC3\xA4"), NULL));
	assert_true(gate_word(STR("a\xC3\xA4")) && !gate_word(STR("a b")) && !gate_word(STR("")));
}

static void json_spells_out_what_a_terminal_obeys(void **state)
{
	char room[200];
	struct buf b = BUF_ON(room);

	buf_add_json(&b, STR("\x1B[2J \xC2\x9B \xE2\x80\xAE \xF3\xA0\x80\x81 \xC3\xA4 \x7F"));
	assert_str(buf_str(&b), STR("\"\\u001b[2J \\u009b \\u202e \\udb40\\udc01 \xC3\xA4 \\u007f\""));
	assert_int_equal(json_plain_run(STR("{\"a\":\"\xC3\xA4\xC2\x9B\"}")), 8);
}

TESTS(gate, test(every_control_character_is_stopped_and_every_other_passes), test(what_is_not_utf8_is_stopped),
      test(json_spells_out_what_a_terminal_obeys))
