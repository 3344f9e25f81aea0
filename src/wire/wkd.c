#include "wire/wkd.h"

enum { URL_MAX = 1024 };

err wkd_folded(struct arena *a, const struct address *address, str *out)
{
	struct buf b;

	if (address->quoted || address->literal)
		return NEVER(UNSUPPORTED, "a key directory has no place for an address of this form");
	TRY(buf_open(a, address->local.len, &b));
	for (size_t i = 0; i < address->local.len; i++) {
		char c = address->local.at[i];
		buf_add_char(&b, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	TRY(buf_check(&b));
	*out = buf_str(&b);
	return OK;
}

/* RFC 3986 2.3: what stands for itself. */
static void add_escaped(struct buf *b, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		    c == '.' || c == '_' || c == '~')
			buf_add_char(b, c);
		else
			buf_add_format(b, "%%%02X", (unsigned char)c);
	}
}

err wkd_advanced_host(struct arena *a, const struct address *address, str *out)
{
	return str_format(a, out, "openpgpkey.%.*s", STR_ARG(address->domain));
}

static void add_directory(struct buf *b, str host, bool direct, const struct address *address)
{
	buf_add_format(b, "https://%.*s/.well-known/openpgpkey/", STR_ARG(host));
	if (!direct)
		buf_add_format(b, "%.*s/", STR_ARG(address->domain));
}

err wkd_url(struct arena *a, str host, bool direct, const struct address *address, const uint8_t digest[WKD_DIGEST_LEN],
	    str *out)
{
	struct buf b;

	TRY(buf_open(a, URL_MAX, &b));
	add_directory(&b, host, direct, address);
	buf_add(&b, STR("hu/"));
	buf_add_zbase32(&b, str_bytes(digest, WKD_DIGEST_LEN));
	buf_add(&b, STR("?l="));
	add_escaped(&b, address->local);
	TRY(buf_check(&b));
	*out = buf_str(&b);
	return OK;
}

err wkd_policy_url(struct arena *a, str host, bool direct, const struct address *address, str *out)
{
	struct buf b;

	TRY(buf_open(a, URL_MAX, &b));
	add_directory(&b, host, direct, address);
	buf_add(&b, STR("policy"));
	TRY(buf_check(&b));
	*out = buf_str(&b);
	return OK;
}
