#include "link/token.h"

#define FORM_MAX (12 * HOUR)
enum { MOMENT_BYTES = 8 };

/* Sessions and forms share a purpose of the keyring; the first word keeps them apart. */
static err session_mac(struct keyring *k, unsigned age, const struct link_session *s, uint8_t mac[MAC_LEN])
{
	char bytes[64];
	struct buf b = BUF_ON(bytes);
	uint8_t until[MOMENT_BYTES];

	put_u64be(until, (uint64_t)s->until);
	buf_add(&b, STR("session"));
	buf_add(&b, id_bytes(&s->link));
	buf_add(&b, str_bytes(s->serial, sizeof s->serial));
	buf_add(&b, str_bytes(until, sizeof until));
	TRY(buf_check(&b));
	return keyring_mac(k, MAC_SESSION, age, buf_str(&b), mac);
}

static err form_mac(struct keyring *k, unsigned age, str token, moment at, uint8_t mac[MAC_LEN])
{
	char bytes[256];
	struct buf b = BUF_ON(bytes);
	uint8_t when[MOMENT_BYTES];

	put_u64be(when, (uint64_t)at);
	buf_add(&b, STR("form"));
	buf_add(&b, str_bytes(when, sizeof when));
	buf_add(&b, token);
	TRY(buf_check(&b));
	return keyring_mac(k, MAC_SESSION, age, buf_str(&b), mac);
}

err link_session_new(struct keyring *k, const struct entropy *e, id link, moment now, struct buf *text)
{
	struct link_session s = { .link = link, .until = now + LINK_SESSION_MAX };
	uint8_t all[LINK_SESSION_SERIAL + MOMENT_BYTES + MAC_LEN];

	TRY(entropy_fill(e, s.serial, sizeof s.serial));
	memcpy(all, s.serial, sizeof s.serial);
	put_u64be(all + LINK_SESSION_SERIAL, (uint64_t)s.until);
	TRY(session_mac(k, 0, &s, all + LINK_SESSION_SERIAL + MOMENT_BYTES));
	buf_add_base64url(text, str_bytes(all, sizeof all));
	return buf_check(text);
}

err link_session_read(struct keyring *k, str text, id link, moment now, struct link_session *out)
{
	uint8_t all[LINK_SESSION_SERIAL + MOMENT_BYTES + MAC_LEN], mac[MAC_LEN];
	struct buf b = { .at = (char *)all, .max = sizeof all };
	struct link_session s = { .link = link };

	if (text.len != LINK_SESSION_TEXT || failed(base64url_decode(text, &b)) || b.len != sizeof all)
		return NEVER(DENIED, "no session");
	struct reader r = READER(buf_str(&b));
	memcpy(s.serial, reader_take(&r, sizeof s.serial).at, sizeof s.serial);
	s.until = (moment)reader_u64be(&r);
	for (unsigned age = 0; !failed(session_mac(k, age, &s, mac)); age++) {
		if (!crypt_same(str_bytes(mac, sizeof mac), r.rest))
			continue;
		if (s.until <= now || s.until > now + LINK_SESSION_MAX)
			return NEVER(DENIED, "the session is over");
		*out = s;
		return OK;
	}
	return NEVER(DENIED, "no session of ours");
}

err link_form_new(struct keyring *k, str token, moment now, struct buf *text)
{
	uint8_t all[MOMENT_BYTES + MAC_LEN];

	put_u64be(all, (uint64_t)now);
	TRY(form_mac(k, 0, token, now, all + MOMENT_BYTES));
	buf_add_base64url(text, str_bytes(all, sizeof all));
	return buf_check(text);
}

err link_form_check(struct keyring *k, str token, str text, moment now)
{
	uint8_t all[MOMENT_BYTES + MAC_LEN], mac[MAC_LEN];
	struct buf b = { .at = (char *)all, .max = sizeof all };

	if (failed(base64url_decode(text, &b)) || b.len != sizeof all)
		return NEVER(DENIED, "no form");
	struct reader r = READER(buf_str(&b));
	moment at = (moment)reader_u64be(&r);
	for (unsigned age = 0; !failed(form_mac(k, age, token, at, mac)); age++)
		if (crypt_same(str_bytes(mac, sizeof mac), r.rest))
			return at <= now && now - at < FORM_MAX ? OK : NEVER(DENIED, "the form is too old");
	return NEVER(DENIED, "no form of ours");
}
