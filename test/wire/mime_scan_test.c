#include "test/support/support.h"

#include "crypt/crypt.h"
#include "wire/mime_scan.h"

#include <stdio.h>
#include <string.h>

static err add(void *state, str bytes)
{
	return hash_add(state, bytes);
}

static err finish(void *state, uint8_t out[MIME_SHA256])
{
	return hash_finish(state, out);
}

struct scanned {
	struct arena *arena;
	struct hash *hash;
	struct mime_part *root;
	str skeleton;
	struct fault fault;
};

/* In pieces of `step` bytes: a line may come in any number of them. */
static err scan(struct scanned *s, const struct mime_limits *limits, str message, size_t step)
{
	struct mime_scan *scan;

	*s = (struct scanned){ 0 };
	assert_ok(arena_open(16 << 20, &s->arena));
	assert_ok(hash_open(&s->hash));
	struct mime_hash *hash;
	assert_ok(NEW(s->arena, hash));
	*hash = (struct mime_hash){ s->hash, add, finish };
	assert_ok(mime_scan_open(s->arena, limits, false, hash, &scan));
	for (size_t at = 0; at < message.len; at += step)
		TRY(mime_scan_add(scan, str_upto(str_from(message, at), step), &s->fault));
	return mime_scan_finish(scan, &s->root, &s->skeleton, &s->fault);
}

static void scanned_done(struct scanned *s)
{
	hash_done(&s->hash);
	arena_close(s->arena);
}

static void assert_hash(const struct mime_part *p, str body)
{
	uint8_t want[SHA256_LEN];

	assert_ok(sha256(body, want));
	assert_int_equal(p->size, body.len);
	assert_memory_equal(p->sha256, want, sizeof want);
}

#define MIXED "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n"

static const char whole[] = MIXED
	"preamble\r\n--=_b\r\nContent-Type: multipart/alternative; boundary=cc\r\n\r\n"
	"--cc\r\n\r\nhello\r\n\r\n--cc\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n--cc--\r\nepilogue\r\n"
	"--=_b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: BASE64\r\n"
	"Content-Disposition: Attachment;\r\n filename*0*=UTF-8''%C3%A4; filename*1=\"b.pdf\"\r\n\r\naGVs\r\nbG8=\r\n"
	"--=_b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nin\r\n--=_b--\r\n";

static void a_message_is_read_the_same_in_pieces_of_any_size(void **state)
{
	for (size_t step = 1; step < sizeof whole; step = step * 2 + 1) {
		struct scanned s;
		assert_ok(scan(&s, NULL, (str){ whole, sizeof whole - 1 }, step));
		struct mime_part *both = s.root->parts, *text = both->parts, *html = text->next, *pdf = both->next,
				 *within = pdf->next;
		assert_str(s.root->type, STR("multipart/mixed"));
		assert_str(text->type, STR("text/plain"));
		assert_hash(text, STR("hello\r\n"));
		assert_str(html->charset, STR("utf-8"));
		assert_hash(html, STR("a=bc"));
		assert_null(html->next);
		assert_str(pdf->name, STR("\xC3\xA4"
					  "b.pdf"));
		assert_str(pdf->disposition, STR("attachment"));
		assert_str(pdf->encoding, STR("base64"));
		assert_hash(pdf, STR("hello"));
		assert_str(str_upto(str_from((str){ whole, sizeof whole - 1 }, pdf->offset), pdf->length),
			   STR("aGVs\r\nbG8="));
		assert_str(within->parts->headers->value, STR("inner"));
		assert_hash(within->parts, STR("in"));
		assert_null(within->next);
		scanned_done(&s);
	}
}

static void the_skeleton_has_all_headers_and_no_body(void **state)
{
	struct scanned s;

	assert_ok(scan(&s, NULL, (str){ whole, sizeof whole - 1 }, 4096));
	assert_true(str_find(s.skeleton, STR("Subject: inner")) > 0);
	assert_true(str_find(s.skeleton, STR("--=_b--\r\n")) > 0);
	assert_true(str_find(s.skeleton, STR("hello")) < 0 && str_find(s.skeleton, STR("aGVs")) < 0);
	assert_true(str_find(s.skeleton, STR("preamble")) < 0 && str_find(s.skeleton, STR("epilogue")) < 0);
	scanned_done(&s);
}

static void the_body_of_a_single_part_has_its_last_end_of_line(void **state)
{
	struct scanned s;

	assert_ok(scan(&s, NULL, STR("Subject: x\r\n\r\none\r\n\r\n"), 3));
	assert_hash(s.root, STR("one\r\n\r\n"));
	assert_int_equal(s.root->length, 7);
	scanned_done(&s);
	assert_ok(scan(&s, NULL, STR("Subject: x\n\none\ntwo"), 3));
	assert_hash(s.root, STR("one\ntwo"));
	scanned_done(&s);
	assert_ok(scan(&s, NULL, STR("Subject: a header alone\r\n"), 3));
	assert_hash(s.root, STR(""));
	scanned_done(&s);
}

#define FIELD(line)                                                                                                    \
	{                                                                                                              \
		"Subject: x\r\n" line "\r\n\r\nbody\r\n", NULL                                                         \
	}
#define NO_FIELD(line, words)                                                                                          \
	{                                                                                                              \
		"Subject: x\r\n" line "\r\n\r\nbody\r\n", words                                                        \
	}
#define BODY(encoding, body, words)                                                                                    \
	{                                                                                                              \
		"Content-Transfer-Encoding: " encoding "\r\n\r\n" body, words                                          \
	}
#define PARTS(parts, words)                                                                                            \
	{                                                                                                              \
		MIXED parts, words                                                                                     \
	}

static const struct {
	const char *message, *words; /* null: it passes */
} judged[] = {
	FIELD("Content-Type: text/plain; charset=us-ascii"),
	FIELD("Content-Type: text/plain;\r\n\tcharset=\"utf-8\"; format=flowed"),
	FIELD("Content-Disposition: attachment; filename=\"two words.pdf\""),
	FIELD("Content-Disposition: attachment; filename*=UTF-8''%C3%A4.pdf; filename=\"_.pdf\""),
	FIELD("Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: inline; filename=\"a.pdf\""),
	FIELD("X-Note: a comment (here) is none of our business; =?utf-8?q?x?="),
	FIELD("From: \xC3\xA4@b.example"),
	NO_FIELD("Content-Type: text/plain\r\nContent-type: text/html", "twice"),
	NO_FIELD("Subject: y", "twice"),
	NO_FIELD("From: a@b\r\nfrom: c@d", "twice"),
	NO_FIELD("Date: x\r\nDATE: y", "twice"),
	NO_FIELD("Message-ID: x\r\nMessage-Id: y", "twice"),
	NO_FIELD("Content-Type: text/plain; charset=a; charset=b", "twice"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=a; boundary=b", "twice"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=a; Boundary=a", "twice"),
	NO_FIELD("Content-Type: multipart/mixed; boundary*=utf-8''a", "RFC 2231"),
	NO_FIELD("Content-Type: multipart/mixed", "boundary"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=\"\"", "boundary"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=\"a b\"", "boundary"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=\"a\\b\"", "backslash"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=\"a<b\"", "boundary"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=\"a", "never ended"),
	NO_FIELD("Content-Type: multipart/mixed; boundary=a(comment)", "neither a parameter"),
	NO_FIELD("Content-Type: text/plain (comment); charset=utf-8", "comments"),
	NO_FIELD("Content-Type: text/plain; (comment) charset=utf-8", "comments"),
	NO_FIELD("Content-Type: text/plain; charset = utf-8", "without blanks"),
	NO_FIELD("Content-Type: text/plain charset=utf-8", "neither a parameter"),
	NO_FIELD("Content-Type: text / plain", "neither a parameter"),
	NO_FIELD("Content-Type: text", "not a media type"),
	NO_FIELD("Content-Type:", "not what the field is for"),
	NO_FIELD("Content-Type: message/partial; id=a; number=1", "in pieces"),
	NO_FIELD("Content-Type: message/external-body; access-type=URL", "elsewhere"),
	NO_FIELD("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", "not encoded"),
	NO_FIELD("Content-Type: application/pdf; name=a.exe\r\nContent-Disposition: attachment; filename=a.pdf",
		 "differ"),
	NO_FIELD("Content-Disposition: attachment; filename*1=b; filename*0=a", "out of order"),
	NO_FIELD("Content-Disposition: attachment; filename*0=a; filename*0=b", "repeated"),
	NO_FIELD("Content-Disposition: attachment; filename*0=a; filename*2=b", "missing"),
	NO_FIELD("Content-Disposition: attachment; filename*0=a; filename*=utf-8''b", "repeated"),
	NO_FIELD("Content-Disposition: attachment; filename*00=a", "number"),
	NO_FIELD("Content-Disposition: attachment; filename**=utf-8''a", "two stars"),
	NO_FIELD("Content-Disposition: attachment; filename*0=a; filename*1*=%41", "first does not say"),
	NO_FIELD("Content-Disposition: attachment; filename*=\"utf-8''a\"", "without quotes"),
	NO_FIELD("Content-Disposition: attachment; filename*=a", "character set"),
	NO_FIELD("Content-Disposition: attachment; filename*=koi8-r''a", "UTF-8"),
	NO_FIELD("Content-Disposition: attachment; filename*=utf-8''%C3", "UTF-8"),
	NO_FIELD("Content-Disposition: attachment; filename*=utf-8''%4", "hexadecimal"),
	NO_FIELD("Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab", "carriage return"),
	NO_FIELD("Content-Disposition: attachment; filename*=utf-8''a%00b", "NUL"),
	NO_FIELD("Content-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.exe", "invisible"),
	NO_FIELD("Content-Disposition: attachment; filename=\"../a\"", "path"),
	NO_FIELD("Content-Disposition: attachment; filename*=utf-8''a.exe; filename=a.pdf", "differ"),
	FIELD("Content-Type: text/plain; charset=utf-8;"),
	FIELD("Content-Type: text/plain; "),
	FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?a=C3=A4_b.pdf?=\""),
	FIELD("Content-Disposition: attachment; filename=\"=?UTF-8?B?w6Q=?= =?utf-8?b?LnBkZg==?=\";"),
	FIELD("Content-Type: application/pdf; name=\"=?utf-8?q?=C3=A4?=\"\r\nContent-Disposition: attachment; "
	      "filename*=utf-8''%C3%A4"),
	NO_FIELD("Content-Type: text/plain; charset=utf-8;;", "name=value"),
	NO_FIELD("Content-Type: text/plain;; charset=utf-8", "name=value"),
	NO_FIELD("Content-Type: application/pdf; name=\"=?utf-8?q?a?=\"\r\nContent-Disposition: attachment; "
		 "filename=\"=?utf-8?q?b?=\"",
		 "differ"),
	NO_FIELD("Content-Type: text/plain; charset=\"=?utf-8?q?utf-8?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename==?utf-8?q?a?=", "needs quotes"),
	NO_FIELD("Content-Disposition: attachment; filename=\"a=?utf-8?q?b?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?b?=a\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?b?=  =?utf-8?q?b?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?koi8-r?q?b?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?=C3?= =?utf-8?q?=A4?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?a b?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?=c3=a4?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?b?w6Q?=\"", "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?"
		 "?=\"",
		 "encoded word"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?a=0D=0Ab?=\"", "carriage return"),
	NO_FIELD("Content-Disposition: attachment; filename=\"=?utf-8?q?..=2Fa?=\"", "path"),
	NO_FIELD("Content-Disposition: attachment; filename=\"\xC3\xA4\"", "ASCII"),
	NO_FIELD("Content-Disposition: attachment; name=a.pdf", "filename here"),
	NO_FIELD("Content-Transfer-Encoding: x-uuencode", "none of"),
	NO_FIELD("Content-Transfer-Encoding: base64 (really)", "neither"),
	NO_FIELD("Content-Transfer-Encoding: base64; x=y", "none of"),
	NO_FIELD("X-A : y", "blanks stand between"),
	NO_FIELD("no colon here", "neither a field"),
	NO_FIELD(" \r\nX-A: b", "blanks alone"),
	NO_FIELD("X-A: \x01", "control byte"),
	NO_FIELD("X-A: \xFF", "UTF-8"),
	NO_FIELD("X-A: a\rb", "bare CR"),
	NO_FIELD("X-A: a\nX-B: b", "does not end as the others"),
	{ " Subject: x\r\n\r\n", "continues nothing" },
	{ "From someone Sat Jan  1 00:00:00 2026\r\nSubject: x\r\n\r\n", "neither a field" },
	{ "\r\nbody\r\n", "without a header" },
	{ "", "without a header" },
	{ "Subject: x", "within a header" },
	{ "Subject: x\r\n\r\na\rb\r\n", "bare CR" },
	{ "Subject: x\r\n\r\na\nb\r\n", "does not end as the others" },
	{ "Subject: x\n\na\r\nb\n", "does not end as the others" },
	BODY("base64", "aGVsbG8=\r\n\r\n", NULL),
	BODY("base64", "", NULL),
	BODY("base64", "aGVs bG8=\r\n", "not of base64"),
	BODY("base64", "aGVsbG8\r\n", "cut off"),
	BODY("base64", "aGVsbG8=\r\naGVs\r\n", "after its padding"),
	BODY("base64", "aGVsbG8==\r\n", "padded wrongly"),
	BODY("base64", "aGVsbG9=\r\n", "belong to no byte"),
	BODY("base64", "aGVs*bG8=\r\n", "not of base64"),
	BODY("base64", "=\r\n", "padded wrongly"),
	BODY("quoted-printable", "a=3db\tc d\r\n", NULL),
	BODY("quoted-printable", "a=\r\n", "ends within a line"),
	BODY("quoted-printable", "a=b\r\n", "hexadecimal"),
	BODY("quoted-printable", "a= \r\nb\r\n", "ends with a blank"),
	BODY("quoted-printable", "a \r\n", "ends with a blank"),
	BODY("quoted-printable", "\xC3\xA4\r\n", "may not stand"),
	PARTS("--=_b\r\n\r\nx\r\n--=_b--", NULL),
	PARTS("--=_b\r\n\r\n--=_b\r\n\r\n\r\n--=_b--\r\n", NULL),
	PARTS("--=_b\r\n\r\nx\r\n", "before the last boundary"),
	PARTS("--=_b--\r\n", "no parts"),
	PARTS("", "before the last boundary"),
	PARTS("--=_b\r\n\r\nx\r\n--=_b--\r\n--=_b\r\n\r\ny\r\n--=_b--\r\n", "again after its end"),
	PARTS("--=_b\r\n\r\nx\r\n--=_b \r\n\r\ny\r\n--=_b--\r\n", "goes on otherwise"),
	PARTS("--=_b\r\n\r\nx\r\n--=_bc\r\n--=_b--\r\n", "goes on otherwise"),
	PARTS("--=_b\r\n\r\nx\r\n--=_b---\r\n--=_b--\r\n", "goes on otherwise"),
	PARTS("--=_b\r\nX-A: b\r\n--=_b--\r\n", "not ended by an empty line"),
	PARTS("--=_b\r\nX-A: b\r\n", "within the header"),
	PARTS("--=_b\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n", "begins like"),
	PARTS("--=_b\r\nContent-Type: multipart/mixed; boundary=\"=_bb\"\r\n\r\n", "begins like"),
	PARTS("--=_b\r\nContent-Type: multipart/mixed; boundary=\"=_\"\r\n\r\n", "begins like"),
	PARTS("--=_b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--=_b--\r\n", "part within"),
	PARTS("--=_b\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n--=_b--\r\n", "twice"),
	{ "Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: "
	  "quoted-printable\r\n\r\n--a\r\n\r\n\r\n--a--\r\n",
	  "not encoded" },
	{ "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n", "does not say its type" },
};

static void what_can_be_read_in_two_ways_is_refused_in_words(void **state)
{
	for (size_t i = 0; i < COUNT(judged); i++)
		for (size_t step = 1; step < 100; step += 98) {
			struct scanned s;
			err e = scan(&s, NULL, str_of(judged[i].message), step);
			bool right = judged[i].words ? e.fate == FATE_NEVER && strstr(s.fault.what, judged[i].words)
						     : !failed(e);
			if (!right)
				fail_msg("%s\nsaid: '%s', expected: '%s'", judged[i].message, s.fault.what,
					 judged[i].words ? judged[i].words : "nothing");
			scanned_done(&s);
		}
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
	for (size_t at = 0; at < sizeof whole - 1; at++) {
		char bad[sizeof whole];
		struct scanned s;
		memcpy(bad, whole, sizeof whole);
		bad[at] = 0;
		err e = scan(&s, NULL, (str){ bad, sizeof whole - 1 }, 1000);
		assert_int_equal(e.fate, FATE_NEVER);
		scanned_done(&s);
	}
}

/* A bound is told with its number, and what is just within it passes. */
static void assert_bound(const char *name, uint64_t bound, str fits, str beyond)
{
	struct mime_limits limits = mime_limits;
	struct scanned s;
	char words[40];

	*mime_limit_named(&limits, str_of(name)) = bound;
	assert_ok(scan(&s, &limits, fits, 7));
	scanned_done(&s);
	assert_why(NEVER, LIMIT, scan(&s, &limits, beyond, 7));
	(void)snprintf(words, sizeof words, "at most %llu", (unsigned long long)bound);
	assert_non_null(strstr(s.fault.what, words));
	scanned_done(&s);
}

static void every_bound_is_kept_to_the_byte(void **state)
{
	assert_bound("line", 12, STR("Subject: xyz\r\n\r\n123456789012\r\n"),
		     STR("Subject: xyz\r\n\r\n1234567890123\r\n"));
	assert_bound("line", 12, STR("Subject: xyz\r\n"), STR("Subject: xyzz\r\n"));
	assert_bound("field", 17, STR("Subject: xyz\r\n  z\r\n"), STR("Subject: xyz\r\n  zz\r\n"));
	assert_bound("fields", 2, STR("A: b\r\nC: d\r\n"), STR("A: b\r\nC: d\r\nE: f\r\n"));
	assert_bound("header", 12, STR("A: b\r\nC: d\r\n"), STR("A: b\r\nC: d\r\nE: f\r\n"));
	assert_bound("headers", 12, STR("A: b\r\nC: d\r\n"), STR("A: b\r\nC: d\r\nE: f\r\n"));
	assert_bound("message", 8, STR("A: b\r\n\r\n"), STR("A: b\r\n\r\nx"));
	assert_bound("parts", 2, STR(MIXED "--=_b\r\n\r\n--=_b--\r\n"),
		     STR(MIXED "--=_b\r\n\r\n--=_b\r\n\r\n--=_b--\r\n"));
	assert_bound("depth", 1, STR(MIXED "--=_b\r\n\r\n--=_b--\r\n"),
		     STR(MIXED "--=_b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n--=_b--\r\n"));
}

static void a_bound_can_be_lowered_and_not_raised(void **state)
{
	struct mime_limits limits = mime_limits;
	char message[2000];
	struct scanned s;

	limits.line = 100000;
	memset(message, 'x', sizeof message);
	memcpy(message, "A: b\r\n\r\n", 8);
	assert_why(NEVER, LIMIT, scan(&s, &limits, (str){ message, sizeof message }, 100));
	scanned_done(&s);
	assert_null(mime_limit_named(&limits, STR("anything")));
}

/* ── Rebuilding ──────────────────────────────────────────────────────────────────────────────────── */

static err open_slice(void *state, struct arena *a, uint64_t offset, uint64_t length, struct source *out)
{
	str *whole_message = state, *rest;

	TRY(NEW(a, rest));
	*rest = str_upto(str_from(*whole_message, offset), length);
	*out = source_of_str(rest);
	return OK;
}

static err rebuild(struct scanned *s, str message, str *out)
{
	const struct mime_hash hash = { s->hash, add, finish };
	struct mime_bodies bodies = { &hash, &message, open_slice };
	struct mime_mailbox box = { .address = { STR("a"), STR("b.example"), STR("a@b.example"), false } };
	uint64_t counter = 0;
	struct entropy e = test_entropy(&counter);
	struct mime m;
	struct buf b;

	s->root->from = s->root->to = &box;
	TRY(mime_rebuild(s->arena, s->root, &bodies, &m, &s->fault));
	m.id = STR("<a@b.example>");
	TRY(buf_open(s->arena, 65536, &b));
	struct sink to = sink_to_buf(&b);
	TRY(mime_write(&m, &e, &to, &s->fault));
	*out = buf_str(&b);
	return OK;
}

/* The leaves in order: name, size and hash. */
static void add_leaves(struct buf *b, const struct mime_part *p)
{
	if (mime_part_is_leaf(p)) {
		buf_add_format(b, "%.*s %.*s %llu ", STR_ARG(p->type), STR_ARG(p->name), (unsigned long long)p->size);
		buf_add_hex(b, str_bytes(p->sha256, sizeof p->sha256));
		buf_add(b, STR("\n"));
	}
	for (p = p->parts; p; p = p->next)
		add_leaves(b, p);
}

#define SMALL "Subject: x\r\nX-Job: 7\r\nReceived: by x\r\nBcc: c@d.example\r\n"
#define PDF                                                                                                            \
	"--=_b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: "         \
	"attachment; "                                                                                                 \
	"filename*=UTF-8''%C3%A4%20b.pdf\r\n\r\naGVs\r\nbG8=\r\n"
#define CSV                                                                                                            \
	"--=_b\r\nContent-Type: text/csv; name=\"a.csv\"\r\n\r\na,b\r\n\r\n.\r\n--=_b\r\nContent-Type: text/plain; "   \
	"name=\"e.txt\"\r\n\r\n\r\n"
#define BOTH                                                                                                           \
	"--=_b\r\nContent-Type: multipart/alternative; boundary=cc\r\n\r\n--cc\r\n\r\nno end of line\r\n--cc\r\n"      \
	"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "                                        \
	"quoted-printable\r\n\r\n<p>=C3=A4</p>=20\r\n=20\r\n--cc--\r\n"

static void what_is_rebuilt_has_the_same_parts_names_and_hashes(void **state)
{
	static const char *const messages[] = {
		SMALL MIXED BOTH PDF CSV "--=_b--\r\n",
		SMALL MIXED PDF CSV "--=_b--\r\n",
		SMALL MIXED "--=_b\r\n\r\ntext\r\n\r\n" PDF "--=_b--\r\n",
		SMALL "\r\ntext\r\n",
		SMALL "\r\nno end",
		SMALL "Content-Type: text/html; charset=utf-8\r\n\r\n<p>\xC3\xA4",
		SMALL "\r\n.\r\nFrom here\r\n \r\n",
		SMALL
		"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n",
	};

	for (size_t i = 0; i < COUNT(messages); i++) {
		char before[2000], after[2000];
		struct buf b = BUF_ON(before), a = BUF_ON(after);
		struct scanned s, again;
		str built = STR_NONE;
		assert_ok(scan(&s, NULL, str_of(messages[i]), 100));
		assert_ok(rebuild(&s, str_of(messages[i]), &built));
		assert_ok(scan(&again, NULL, built, 100));
		add_leaves(&b, s.root);
		add_leaves(&a, again.root);
		assert_str(buf_str(&a), buf_str(&b));
		/* Only what people may set comes along. */
		assert_true(str_find(built, STR("X-Job: 7\r\n")) > 0);
		assert_true(str_find(built, STR("Received")) < 0 && str_find(built, STR("Bcc")) < 0);
		scanned_done(&s);
		scanned_done(&again);
	}
}

static void what_is_not_written_here_is_not_rebuilt(void **state)
{
	static const char *const messages[] = {
		SMALL MIXED "--=_b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n--=_b--\r\n",
		SMALL MIXED PDF "--=_b\r\nContent-Type: application/pdf\r\n\r\nno name\r\n--=_b--\r\n",
		SMALL "Content-Type: text/plain; charset=koi8-r\r\n\r\nx\r\n",
		SMALL "Content-Type: text/plain\r\n\r\n\xE4\r\n",
		SMALL "Content-Type: multipart/signed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\n\r\ny\r\n--a--\r\n",
		SMALL MIXED PDF "--=_b\r\nContent-Type: image/png; name=a.png\r\nContent-ID: "
				"<x@y>\r\nContent-Disposition: inline\r\n\r\nx\r\n--=_b--\r\n",
	};

	for (size_t i = 0; i < COUNT(messages); i++) {
		struct scanned s;
		str built;
		assert_ok(scan(&s, NULL, str_of(messages[i]), 100));
		assert_why(NEVER, UNSUPPORTED, rebuild(&s, str_of(messages[i]), &built));
		assert_true(strlen(s.fault.what) > 20);
		scanned_done(&s);
	}
}

static void a_body_that_changed_after_it_was_judged_is_not_written(void **state)
{
	str message = STR(
		SMALL
		"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n");
	static const char *const bodies[] = { "*GVsbG8=", "bGVsbG8=", "aGVsbG4=", "aGVsbG8h", "aGVsbG==" };
	str text = STR(SMALL "Content-Type: text/plain\r\n\r\nhello\r\n");
	char other[400];
	struct scanned s;
	str built;

	for (size_t i = 0; i < COUNT(bodies); i++) {
		assert_ok(scan(&s, NULL, message, 100));
		memcpy(other, message.at, message.len);
		memcpy(other + s.root->offset, bodies[i], 8);
		assert_why(NEVER, TAMPERED, rebuild(&s, (str){ other, message.len }, &built));
		scanned_done(&s);
	}
	for (size_t i = 0; i < 5; i++) {
		assert_ok(scan(&s, NULL, text, 100));
		memcpy(other, text.at, text.len);
		other[s.root->offset + i]++;
		assert_why(NEVER, TAMPERED, rebuild(&s, (str){ other, text.len }, &built));
		scanned_done(&s);
	}
}

TESTS(mime_scan, test(a_message_is_read_the_same_in_pieces_of_any_size), test(the_skeleton_has_all_headers_and_no_body),
      test(the_body_of_a_single_part_has_its_last_end_of_line), test(what_can_be_read_in_two_ways_is_refused_in_words),
      test(a_nul_is_refused_wherever_it_stands), test(every_bound_is_kept_to_the_byte),
      test(a_bound_can_be_lowered_and_not_raised), test(what_is_rebuilt_has_the_same_parts_names_and_hashes),
      test(what_is_not_written_here_is_not_rebuilt), test(a_body_that_changed_after_it_was_judged_is_not_written))
