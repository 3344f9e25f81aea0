/* compose: a submission's template and one recipient's values become one finished message.
 *
 * A template is a directory NAME/ with subject.txt, text.txt and (optional) html.html; the same in NAME/de/ and
 * so on for other languages, each complete in itself. Two are built in: "document" (the default) and "plain",
 * which is text-led and names no document; and for mails of our own "notice", "reminder" and "code". All are parsed and
 * judged when they are opened.
 *
 * What a template can say: recipient.name, recipient.email; each column of the list as values.COLUMN, and by
 * its bare name where that is not taken; sender.name, sender.domain, sender.email; link.url, link.host, link.help (of
 * our own page); expires (in words), expires.date, expires.time, expires.rfc3339; documents (a list of name, size,
 * type, sha256, digest: that of what is delivered, in groups) with documents.count, .one, .many, .more; proof.prompt;
 * and as conditions proof.by_password, .by_details, .by_code, seal.as_open, .as_zip, .as_pdf, .as_smime, .as_pgp,
 * .in_mail (the documents are attached: smime, pgp), link.to_page, link.to_storage.
 *
 * What it cannot say: the link's secret, the columns that a proof asks for, and any other value that holds
 * their text. The mail carries the link, so it never carries what opens it (MISSION A6). Naming such a value is
 * an error that says why; it is found by compose_check() before anything is queued.
 *
 * The mail stays under COMPOSE_MESSAGE_MAX whatever the documents weigh, loads nothing from anywhere, and its
 * Message-ID is the delivery's id, so an attempt repeated is the same message (RFC 5322 3.6.4). */
#ifndef LETTERLOCK_COMPOSE_H
#define LETTERLOCK_COMPOSE_H

#include "model/model.h"
#include "wire/mime.h"
#include "wire/tongue.h"

enum {
	COMPOSE_MESSAGE_MAX = 50 * 1024,
	COMPOSE_DOCUMENTS_SHOWN = 25, /* the rest is counted in documents.more */
};

struct compose_settings {
	const char *dir;        /* of templates; null: only the built-in ones */
	str language;           /* for recipients without one, and of NAME/ itself; empty: en */
	int utc_offset_minutes; /* of dates in words, which name it */
	bool show_digests;      /* of what is delivered */
	struct labels labels;   /* of the operator's, for what a proof asks for; outlive it */
};

struct compose; /* lives in the arena; may be used by many threads */
err compose_open(struct arena *a, const struct compose_settings *settings, struct compose **out, struct fault *f);

/* Would this recipient's message compose? NEVER TEMPLATE with file, line, column and the nearest known name. */
err compose_check(const struct compose *c, const struct submission *s, const struct recipient *r, struct fault *f);

/* The envelope sender in `out` is the submission's `from`; a caller with a bounce address replaces it.
 * NEVER TEMPLATE, NEVER HEADER with the field's name, NEVER LIMIT. Only the result is kept in `a`. */
err compose_message(const struct compose *c, const struct submission *s, const struct recipient *r, str link_url,
		    moment now, const struct entropy *e, struct arena *a, struct message *out, struct fault *f);

/* ── Mails that carry their documents ── */

/* For recipients whose key is on file: the mail is encrypted as a whole, so the documents are in it and there is no
 * link. It comes in two pieces, for `seal` to make one of: the header fields that stand outside, and the MIME entity
 * that is encrypted. With `protect_headers` subject and names stand inside alone, and outside a subject that tells
 * nothing (RFC 9788). */
struct compose_enclosing {
	struct mime_attachment *documents; /* at least one; each is read once */
	size_t room;                       /* bytes that the inner piece may take */
	bool protect_headers;
};
struct enclosed {
	str outside, inside; /* in the arena */
};
/* As compose_message(); out->bytes stays empty. NEVER LIMIT beyond the room. */
err compose_enclosed(const struct compose *c, const struct submission *s, const struct recipient *r,
		     const struct compose_enclosing *what, moment now, const struct entropy *e, struct arena *a,
		     struct message *out, struct enclosed *pieces, struct fault *f);

/* ── Other mails about a submission ── */

/* To the sender, template "notice": what befell some links. Its names are notice.locked, .not_for_me, .renewal and
 * .opened as conditions, notice.count, notice.more, and the list notices of email and delivery. */
struct notice_item {
	struct notice_item *next;
	str email, delivery;
};
struct notice {
	enum notice_kind kind;
	const struct notice_item *items;
	size_t count; /* of all; the items may be fewer */
};
err compose_notice(const struct compose *c, const struct submission *s, const struct recipient *sender,
		   const struct notice *notice, moment now, const struct entropy *e, struct arena *a,
		   struct message *out, struct fault *f);
/* To a recipient, template "reminder": as compose_message(), but there is no link to tell. */
err compose_reminder(const struct compose *c, const struct submission *s, const struct recipient *r, moment now,
		     const struct entropy *e, struct arena *a, struct message *out, struct fault *f);
/* A text message, template "code", in the recipient's language: one line. In secret memory, as the code is. */
err compose_code(const struct compose *c, const struct submission *s, const struct recipient *r, str code,
		 struct arena *secret, str *out, struct fault *f);

/* What is built in, for `init` to write out as NAME/LANGUAGE/FILE; null past the last. */
struct compose_file {
	str template_name, language, file, content;
};
const struct compose_file *compose_builtin(size_t index);

#endif
