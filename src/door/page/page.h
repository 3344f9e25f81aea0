/* door/page: the recipient's page. It works without script, asks for nothing from elsewhere, and is inert: GET and HEAD
 * change nothing, because scanners fetch links, follow them and press what they find (THREATS B-82).
 *
 *     GET  /d/TOKEN       the question; with a proven session, the documents
 *     POST /d/TOKEN       a proof: 303 back to GET with a session cookie, or 403
 *     GET  /f/TOKEN/ID    one object, whole or one range of it; without a session 303 to /d/TOKEN
 *     GET  /v/TOKEN/ID    the same to be shown by the browser: PDF, images and plain text alone
 *     GET  /a/TOKEN       all of them as one zip, made while it leaves
 *     POST /d/TOKEN?not-for-me   "this is not for me": asks once more, then tells the sender
 *     POST /d/TOKEN?code         asks once more, then has a code sent
 *     GET, POST /d/TOKEN?late    after expiry: asks for a new link to the same mailbox
 *                   these three want a number typed besides: scanners with a browser go on pressing
 *     GET  /help          how to open what there is, for each device
 *     POST /hooks/sns     what other services tell; see door/hook/hook.h
 *     GET  /style.css, /logo, /robots.txt, /healthz
 *
 * Before the proof the page says who sends, whether we can vouch for the domain, why, how much of what kind waits, and
 * until when: what the built-in mail says already, so whoever reads a forwarded link learns no more. Names of
 * documents are personal ("dismissal.pdf"), and a digest tells who got a document that is known: both stand there only
 * if the operator wants it.
 *
 * What is shown in the browser has a whole window of its own instead of a frame in our page: phones show only the
 * first sheet of a framed PDF, and so nothing of ours can be framed by anybody. Its policy allows it nothing; HTML and
 * SVG are never shown, only saved.
 *
 * Who guesses tokens learns nothing: unknown, expired, locked, revoked and renewed links and wrong proofs get the same
 * bytes, after the same time. What a wrong proof has cost is told only on the question's own page, to who holds a live
 * link. A form counts as a try only if it is ours (a MAC over its token, B-75), comes from our own origin, and holds a
 * proof that could be right; everything else costs nothing. Because of no-referrer
 * browsers call that origin "null"; Sec-Fetch-Site then says whose it is.
 *
 * The cookie is __Host-, Secure, HttpOnly, SameSite=Strict, named after the link, worth a quarter of an hour.
 * Tokens stand in the path, which is never written to a log, and Referrer-Policy keeps it from others. */
#ifndef LETTERLOCK_DOOR_PAGE_H
#define LETTERLOCK_DOOR_PAGE_H

#include "door/hook/hook.h"
#include "door/page/html.h"
#include "flow/fetch.h"
#include "net/http.h"

/* ACME http-01 (RFC 8555 8.3): the proof that lies in `folder` at that moment, if it begins with the token asked for.
 */
#define CHALLENGE_PATH STR("/.well-known/acme-challenge/")
err challenge_answer(const char *folder, str token, struct http_answer *answer);

/* How it looks and what it says; all of it may be empty. */
struct page_look {
	str brand;  /* the operator, in words; else the host */
	str domain; /* of the sender; `signs`: our own DKIM keys vouch for it */
	bool signs;
	bool show_names_before_proof;
	const char *logo;        /* path of a PNG or JPEG; read once */
	str colour, colour_dark; /* #rrggbb */
	str why[LANGUAGES];      /* people get documents, a sentence a language */
	struct labels labels;
	int utc_offset_minutes;
};
struct page_options {
	struct fetch *fetch;
	const char *challenges; /* as in struct page_server_options */
	str base_url;           /* https://docs.example.com, an origin without a path */
	struct page_look look;
	struct hook *hook; /* what other services tell; may be null */
	/* A request that failed through no fault of its peer; may be null. Never with a target. */
	void (*failed)(void *state, err e);
	void *state;
};
struct page;
err page_open(struct arena *a, const struct page_options *options, struct page **out, struct fault *fault);
str page_authority(const struct page *p);                                                    /* what Host must say */
err page_handle(void *page, const struct http_request *request, struct http_answer *answer); /* an http_handler */

/* ── All of it, for proc/serve ── */

struct page_server_options {
	struct fetch_parts fetch;
	str base_url;
	const struct http_listener *listeners; /* bound; stay the caller's */
	size_t listener_count;
	const struct proxies *proxies; /* may be null */
	struct page_look look;
	struct hook *hook; /* may be null; stays the caller's */
	const char *certificate, *key;
	const char *challenges;           /* the folder of what an authority comes to look for; may be null */
	const struct http_listener *acme; /* answers http-01 alone; may be null */
	unsigned connections_max, connections_of_one_max, requests_of_one_max; /* 0: the defaults of net/http.h */
	span handshake_max, request_max, answer_max, idle_max;                 /* answer_max: for 64 KiB of it */
	void (*failed)(void *state, err e);
	void *state;
};
struct page_server;
err page_server_open(const struct page_server_options *options, struct page_server **out, struct fault *fault);
err page_server_reload(struct page_server *s, struct fault *fault);          /* the certificate, on SIGHUP */
struct tls_dates page_server_certificate(struct page_server *s);             /* that is in use */
unsigned page_server_counts(struct page_server *s, struct http_counts *out); /* how many connections are open */
void page_server_stop(struct page_server *s, span drain);
void page_server_done(struct page_server **s);

#endif
