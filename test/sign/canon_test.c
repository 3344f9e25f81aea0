#include "test/support/support.h"

#include "sign/sign.h"

/* What a foreign verifier makes of whole messages is in test/story/test_dkim.py; here is what it cannot reach: the
 * same body in pieces of every size. */

static err canon_in_pieces(enum canon how, str body, size_t piece, struct buf *out)
{
	struct canon_body c;
	struct sink to = sink_to_buf(out);

	canon_body_begin(&c, how, &to);
	for (; body.len; body = str_from(body, piece))
		TRY(canon_body_add(&c, str_upto(body, piece)));
	return canon_body_finish(&c);
}

static void body_is_the_same_in_pieces_of_any_size(void **state)
{
	static const struct {
		str body, simple, relaxed;
	} rows[] = {
		{ STR(""), STR("\r\n"), STR("") },
		{ STR("\r\n\r\n"), STR("\r\n"), STR("") },
		{ STR(" \r\n"), STR(" \r\n"), STR("") },
		{ STR("a"), STR("a\r\n"), STR("a\r\n") },
		{ STR(" C \r\nD \t E\r\n\r\n\r\n"), STR(" C \r\nD \t E\r\n"),
		  STR(" C\r\nD E\r\n") }, /* RFC 6376 3.4.5 */
		{ STR("\r\n\r\na\r\n"), STR("\r\n\r\na\r\n"), STR("\r\n\r\na\r\n") },
		{ STR("a \t\r\n\t\r\nb"), STR("a \t\r\n\t\r\nb\r\n"), STR("a\r\n\r\nb\r\n") },
		{ STR("\ta\tb\t"), STR("\ta\tb\t\r\n"), STR(" a b\r\n") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t piece = 1; piece <= rows[i].body.len + 1; piece++) {
			char rooms[2][64];
			struct buf simple = BUF_ON(rooms[0]), relaxed = BUF_ON(rooms[1]);
			assert_ok(canon_in_pieces(CANON_SIMPLE, rows[i].body, piece, &simple));
			assert_ok(canon_in_pieces(CANON_RELAXED, rows[i].body, piece, &relaxed));
			assert_str(buf_str(&simple), rows[i].simple);
			assert_str(buf_str(&relaxed), rows[i].relaxed);
		}
	}
}

static void bare_ends_of_line_are_refused_wherever_a_piece_ends(void **state)
{
	static const str bad[] = { STR("\n"),      STR("\r"),   STR("a\nb"),  STR("a\rb"),
				   STR("a\r\r\n"), STR("a\r "), STR("\r\n\n") };
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		for (size_t piece = 1; piece <= bad[i].len; piece++) {
			for (int how = CANON_SIMPLE; how <= CANON_RELAXED; how++) {
				char room[64];
				struct buf out = BUF_ON(room);
				assert_why(NEVER, SYNTAX, canon_in_pieces((enum canon)how, bad[i], piece, &out));
			}
		}
	}
}

static void a_body_larger_than_the_window_passes_whole(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct buf body, out;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(buf_open(a, 100000, &body));
	assert_ok(buf_open(a, 100000, &out));
	for (int i = 0; i < 900; i++)
		buf_add_format(&body, "%0*d x\r\n", 1 + i % 90, i);
	buf_add_format(&body, "%09000d\r\n", 7);
	assert_ok(buf_check(&body));
	assert_ok(canon_in_pieces(CANON_RELAXED, buf_str(&body), 70000, &out));
	assert_str(buf_str(&out), buf_str(&body));
}

TESTS(sign_canon, test(body_is_the_same_in_pieces_of_any_size),
      test(bare_ends_of_line_are_refused_wherever_a_piece_ends), test(a_body_larger_than_the_window_passes_whole))
