/* GMime's word on the skeleton of a message. */
#include "inspector/mime.h"
#include "inspector/inspector.h"
#include "wire/json.h"

#include <gmime/gmime.h>
#include <string.h>

/* Converters are held open, so that their tables are there when files no longer are. */
static const char *const charsets[] = {
	"iso-8859-1",  "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252", "koi8-r",
	"iso-2022-jp", "shift_jis",  "euc-jp",      "gb2312",       "gbk",          "big5",         "euc-kr",
};

static iconv_t converters[sizeof charsets / sizeof *charsets];
static GMimeParserOptions *options;

void prepare_mime(void)
{
	const char *fallback[] = { "utf-8", "iso-8859-1", NULL };

	g_mime_init();
	options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, fallback);
	for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
		converters[i] = g_mime_iconv_open("utf-8", charsets[i]); /* without one, its words stay encoded */
}

static void object_done(void *object)
{
	void **held = object;

	if (*held)
		g_object_unref(*held);
}

static void text_done(char **text)
{
	g_free(*text);
}

err mime_words(struct arena *a, str value, str *out)
{
	const char *raw;

	if (str_find(value, STR("=?")) < 0) {
		*out = value;
		return OK;
	}
	TRY(str_c(a, value, &raw));
	OWNED(text_done) char *text = g_mime_utils_header_decode_text(options, raw);
	return str_copy(a, str_of(text), out);
}

static void add_mailbox(struct buf *b, InternetAddress *one)
{
	const char *name = internet_address_get_name(one);

	buf_add_char(b, '{');
	if (INTERNET_ADDRESS_IS_MAILBOX(one)) {
		buf_add_json_field(b, "name", str_of(name));
		buf_add_json_field(b, "address",
				   str_of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one))));
	} else {
		buf_add_json_field(b, "group", str_of(name));
	}
	buf_add_char(b, '}');
}

err mime_mailboxes(struct arena *a, str value, struct buf *json)
{
	const char *raw;

	TRY(str_c(a, value, &raw));
	OWNED(object_done) InternetAddressList *list = internet_address_list_parse(options, raw);
	int count = list ? internet_address_list_length(list) : 0;
	buf_add_char(json, '[');
	for (int i = 0; i < count; i++) {
		buf_add(json, i ? STR(",") : STR(""));
		add_mailbox(json, internet_address_list_get_address(list, i));
	}
	buf_add_char(json, ']');
	return OK;
}

/* ── The same tree ───────────────────────────────────────────────────────────────────────────────── */

static err disagree(struct fault *f, const char *what)
{
	fault_where(f, STR("message"), 0, 0);
	fault_set(f, "two readers of messages do not agree on %s", what);
	return NEVER(HEADER, "a message that is read in two ways");
}

static err same_type(GMimeObject *o, const struct mime_part *p, struct fault *f)
{
	OWNED(text_done) char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(o));

	return str_same_nocase(str_of(type), p->type) ? OK : disagree(f, "the type of a part");
}

static err same_name(GMimeObject *o, const struct mime_part *p, struct fault *f)
{
	if (!GMIME_IS_PART(o))
		return OK;
	const char *name = g_mime_part_get_filename(GMIME_PART(o));
	return str_same(str_of(name), p->name) ? OK : disagree(f, "the name of a part");
}

static err same_part(GMimeObject *o, const struct mime_part *p, struct fault *f);

static err same_parts(GMimeMultipart *m, const struct mime_part *p, struct fault *f)
{
	int count = g_mime_multipart_get_count(m), at = 0;

	for (const struct mime_part *inner = p->parts; inner; inner = inner->next, at++) {
		if (at >= count)
			break;
		TRY(same_part(g_mime_multipart_get_part(m, at), inner, f));
	}
	size_t wanted = 0;
	for (const struct mime_part *inner = p->parts; inner; inner = inner->next)
		wanted++;
	return (size_t)count == wanted ? OK : disagree(f, "how many parts there are");
}

static err same_part(GMimeObject *o, const struct mime_part *p, struct fault *f)
{
	if (!o)
		return disagree(f, "whether there is a part");
	TRY(same_type(o, p, f));
	if (GMIME_IS_MULTIPART(o))
		return same_parts(GMIME_MULTIPART(o), p, f);
	if (GMIME_IS_MESSAGE_PART(o)) {
		GMimeMessage *within = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
		if (!within || !p->parts)
			return disagree(f, "the message within");
		return same_part(g_mime_message_get_mime_part(within), p->parts, f);
	}
	if (p->parts)
		return disagree(f, "what holds parts");
	return same_name(o, p, f);
}

err mime_agree(const struct mime_part *root, str skeleton, struct fault *f)
{
	OWNED(object_done) GMimeStream *stream = g_mime_stream_mem_new_with_buffer(skeleton.at, skeleton.len);
	OWNED(object_done) GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	OWNED(object_done) GMimeMessage *message = g_mime_parser_construct_message(parser, options);

	if (!message)
		return disagree(f, "whether this is a message");
	return same_part(g_mime_message_get_mime_part(message), root, f);
}
