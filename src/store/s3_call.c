/* One request: signed, sent, its answer understood, and sent again as long as that can help. */
#include "store/s3.h"

#include "crypt/crypt.h"
#include "sys/sys.h"
#include "wire/xml.h"

#include <stdlib.h>

enum { SECRET_ROOM = 64 * 1024, FIELDS = 12 };
#define FIRST_WAIT (100 * (SECOND / 1000))
#define LONGEST_WAIT (10 * SECOND)
#define LONGEST_STALL (30 * SECOND)
#define SLOWEST (16 * 1024) /* bytes a second, of what is long */

/* ── Clients ─────────────────────────────────────────────────────────────────────────────────────── */

static struct s3_client *take_idle(struct s3 *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	struct s3_client *c = s->idle;
	if (c)
		s->idle = c->next;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return c;
}

static err take_client(struct s3 *s, struct s3_client **out)
{
	const struct http_client_options options = { .ca_file = s->options.ca_file,
						     .plain_local = s->options.plain_local,
						     .stop_fd = -1 };
	struct s3_client *c = take_idle(s);

	if (!c) {
		c = calloc(1, sizeof *c);
		if (!c)
			return LATER(MEMORY, "no memory for a connection to the store");
		err e = http_client_open(&options, &c->http, NULL);
		if (failed(e)) {
			free(c);
			return e;
		}
	}
	*out = c;
	return OK;
}

static void give_back(struct s3 *s, struct s3_client *c)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	c->next = s->idle;
	s->idle = c;
	must(pthread_mutex_unlock(&s->lock) == 0);
}

/* ── What the store says ─────────────────────────────────────────────────────────────────────────── */

static const struct {
	str code;
	err means;
} codes[] = {
	{ STR("NoSuchKey"), { FATE_NEVER, WHY_NOT_FOUND, 0, "no such object" } },
	{ STR("NoSuchUpload"), { FATE_NEVER, WHY_NOT_FOUND, 0, "no such upload" } },
	{ STR("InvalidRange"), { FATE_NEVER, WHY_SYNTAX, 0, "the object has no such part" } },
	{ STR("NoSuchBucket"), { FATE_NEVER, WHY_STORE, 0, "the store has no such bucket" } },
	{ STR("AccessDenied"),
	  { FATE_NEVER, WHY_STORE, 0,
	    "the store denies access: is the secret key the right one, and what do the policies of user and bucket "
	    "say?" } },
	{ STR("AllAccessDisabled"), { FATE_NEVER, WHY_STORE, 0, "the store has shut the bucket" } },
	{ STR("InvalidAccessKeyId"), { FATE_NEVER, WHY_STORE, 0, "the store does not know the access key" } },
	{ STR("SignatureDoesNotMatch"),
	  { FATE_NEVER, WHY_STORE, 0, "the store does not accept the signature: is the secret key the right one?" } },
	{ STR("ExpiredToken"), { FATE_LATER, WHY_STORE, 0, "the credentials of the session are over" } },
	{ STR("InvalidToken"), { FATE_NEVER, WHY_STORE, 0, "the store does not know the session of the credentials" } },
	{ STR("RequestTimeTooSkewed"), { FATE_LATER, WHY_CLOCK, 0, "our clock and the store's are too far apart" } },
	{ STR("PermanentRedirect"),
	  { FATE_NEVER, WHY_STORE, 0, "the bucket is in another region or at another endpoint" } },
	{ STR("TemporaryRedirect"), { FATE_LATER, WHY_STORE, 0, "the bucket is being moved" } },
	{ STR("AuthorizationHeaderMalformed"), { FATE_NEVER, WHY_STORE, 0, "the bucket is in another region" } },
	{ STR("IllegalLocationConstraintException"), { FATE_NEVER, WHY_STORE, 0, "the bucket is in another region" } },
	{ STR("BadDigest"), { FATE_LATER, WHY_STORE, 0, "what arrived at the store was not what was sent" } },
	{ STR("XAmzContentSHA256Mismatch"),
	  { FATE_LATER, WHY_STORE, 0, "what arrived at the store was not what was sent" } },
	{ STR("IncompleteBody"), { FATE_LATER, WHY_STORE, 0, "what arrived at the store was cut short" } },
	{ STR("RequestTimeout"), { FATE_LATER, WHY_TIMEOUT, 0, "the store waited too long for us" } },
	{ STR("QuotaExceeded"), { FATE_LATER, WHY_DISK_FULL, 0, "the store is full" } },
	{ STR("EntityTooLarge"), { FATE_NEVER, WHY_LIMIT, 0, "the store does not take objects of that size" } },
	{ STR("KMS.DisabledException"),
	  { FATE_NEVER, WHY_STORE, 0, "the key that the store shall encrypt with is disabled" } },
	{ STR("KMS.NotFoundException"), { FATE_NEVER, WHY_STORE, 0, "the store has no such key to encrypt with" } },
};

static err refusal(unsigned status, str code)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (str_same(code, codes[i].code))
			return codes[i].means;
	if (status == 404)
		return NEVER(NOT_FOUND, "no such object");
	if (status == 412)
		return NEVER(TAMPERED, "the object in the store is not the one that was opened");
	if (status == 429 || status >= 500)
		return LATER(STORE, "the store is busy or failing");
	if (status == 403)
		return NEVER(STORE, "the store denies access");
	if (status / 100 == 3)
		return NEVER(STORE, "the store sends us elsewhere: look at region and endpoint");
	return NEVER(STORE, "the store refuses the request");
}

str s3_element(struct arena *a, str body, const char *path)
{
	enum xml_event event = XML_OPEN;
	struct xml x = XML(str_trim(body)); /* blanks keep a slow answer's connection alive */
	str text = STR_NONE;

	while (!failed(xml_next(&x, &event)) && event != XML_END)
		if (event == XML_CLOSE && xml_at(&x, path))
			(void)failed(xml_text(a, &x, &text));
	return text;
}

/* Keys come and go while we run: who signs is told, and may have another. */
static bool is_about_the_key(str code)
{
	return str_same(code, STR("InvalidAccessKeyId")) || str_same(code, STR("ExpiredToken")) ||
	       str_same(code, STR("InvalidToken")) || str_same(code, STR("SignatureDoesNotMatch"));
}

/* A clock that is off is told by the store's Date, and from then on we sign with theirs; `config check` says so. Only
 * the signature goes by their clock: whatever expires here, expires by ours. */
static err learn_skew(struct s3 *s, const struct http_result *result)
{
	const str *date = http_result_field(result, STR("date"));
	moment theirs;

	if (!date || failed(moment_parse_http(*date, &theirs)))
		return LATER(CLOCK, "our clock and the store's are too far apart");
	span skew = theirs - clock_now(&s->options.clock);
	if (skew > S3_SKEW_MAX || skew < -S3_SKEW_MAX)
		return NEVER(CLOCK, "our clock and the store's are more than a day apart");
	must(pthread_mutex_lock(&s->lock) == 0);
	s->skew = skew;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return LATER(CLOCK, "our clock and the store's are too far apart");
}

span s3_skew(struct s3 *s)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	span skew = s->skew;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return skew;
}

/* ── A request ───────────────────────────────────────────────────────────────────────────────────── */

struct request {
	struct http_field fields[FIELDS];
	size_t count;
	uint8_t md5[MD5_LEN];
	str key_id; /* of who signed */
};

static void add(struct request *r, const char *name, str value)
{
	must(r->count < FIELDS);
	r->fields[r->count++] = (struct http_field){ str_of(name), value };
}

static err add_digests(struct arena *a, const struct s3_call *call, struct request *r)
{
	uint8_t digest[SHA256_LEN];
	struct buf hex, base64;

	TRY(sha256(call->body, digest));
	TRY(buf_open(a, 2 * SHA256_LEN, &hex));
	buf_add_hex(&hex, str_bytes(digest, sizeof digest));
	add(r, "x-amz-content-sha256", buf_str(&hex));
	if (!call->body.len)
		return OK;
	TRY(md5(call->body, r->md5));
	TRY(buf_open(a, 24, &base64));
	buf_add_base64(&base64, str_bytes(r->md5, MD5_LEN));
	add(r, "content-md5", buf_str(&base64));
	return OK;
}

static err fill(const struct s3 *s, struct arena *a, const struct s3_call *call, struct request *r)
{
	if (!call->anonymous) /* such a field that is not signed is refused */
		TRY(add_digests(a, call, r));
	if (call->seals && s->options.kms_key.len) {
		add(r, "x-amz-server-side-encryption", STR("aws:kms"));
		add(r, "x-amz-server-side-encryption-aws-kms-key-id", s->options.kms_key);
	} else if (call->seals) {
		add(r, "x-amz-server-side-encryption", STR("AES256"));
	}
	if (call->to) {
		str range;
		TRY(str_format(a, &range, "bytes=%llu-%llu", (unsigned long long)call->at,
			       (unsigned long long)(call->at + call->room - 1)));
		add(r, "range", range);
	}
	if (call->if_match.len)
		add(r, "if-match", call->if_match);
	if (call->disposition.len) {
		add(r, "content-type", call->type);
		add(r, "content-disposition", call->disposition);
		add(r, "cache-control", STR("private, no-store"));
	}
	if (call->only_new)
		add(r, "if-none-match", STR("*"));
	return OK;
}

static err sign(struct s3 *s, struct arena *a, const struct s3_call *call, str path, struct request *r)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct sigv4_field fields[FIELDS + 1];
	struct sigv4_request request = { call->method, path, call->query, fields, r->count + 1, r->fields[0].value };
	moment now = clock_now(&s->options.clock) + s3_skew(s);
	const struct sigv4_rules rules = sigv4_rules_of(STR("s3"), s->options.region, now);
	struct aws_credentials who = { 0 };
	struct sigv4 signed_;

	TRY(arena_open_secret(SECRET_ROOM, &secret));
	TRY(s->options.login.get(s->options.login.state, secret, &who));
	for (size_t i = 0; i < r->count; i++)
		fields[i] = (struct sigv4_field){ r->fields[i].name, r->fields[i].value };
	fields[r->count] = (struct sigv4_field){ STR("host"), str_of(s->host) };
	TRY(sigv4_sign(a, &request, &who, &rules, &signed_));
	str date, token;
	TRY(str_copy(a, str_of(signed_.date), &date));
	TRY(str_copy(a, who.token, &token));
	TRY(str_copy(a, who.access_key_id, &r->key_id));
	add(r, "x-amz-date", date);
	if (token.len)
		add(r, "x-amz-security-token", token);
	add(r, "authorization", signed_.authorization);
	return OK;
}

err s3_url(const struct s3 *s, struct arena *a, const char *key, str query, str *path, str *url)
{
	struct buf b;

	TRY(buf_open(a, sizeof s->base_path + 3 * S3_KEY_MAX, &b));
	buf_add(&b, str_of(s->base_path));
	buf_add_uri(&b, str_of(key), true);
	TRY(buf_check(&b));
	*path = buf_str(&b);
	return str_format(a, url, "%s%.*s%s%.*s", s->origin, STR_ARG(*path), query.len ? "?" : "", STR_ARG(query));
}

/* ── An answer ───────────────────────────────────────────────────────────────────────────────────── */

static err read_length(const struct http_result *result, struct s3_answer *out)
{
	const str *length = http_result_field(result, STR("content-length"));

	return length && str_number(*length, &out->total) ? OK
							  : LATER(PROTOCOL, "the store does not say how long it is");
}

/* RFC 9110 14.4. What was asked for is what was given, up to the object's end. */
static err read_part(const struct s3_call *call, const struct http_result *result, struct s3_answer *out)
{
	const str *range = http_result_field(result, STR("content-range"));
	char room[64];
	struct buf b = BUF_ON(room);
	str part, total;

	out->total = out->got;
	if (result->status == 200 && call->at == 0)
		return OK; /* all of it, and no more than was asked for: the sink has seen to that */
	buf_add_format(&b, "bytes %llu-%llu", (unsigned long long)call->at,
		       (unsigned long long)(call->at + out->got - 1));
	if (result->status != 206 || !range || !str_cut(*range, '/', &part, &total) || !str_same(part, buf_str(&b)) ||
	    !str_number(total, &out->total) || (out->got < call->room && call->at + out->got != out->total))
		return LATER(PROTOCOL, "the store gave another part of the object than was asked for");
	return OK;
}

/* Where the ETag is an MD5 (not under KMS, and not of what was put together from parts), it is of what arrived. */
static err check_etag(const struct s3_call *call, const struct request *r, const struct http_result *result, str etag)
{
	const str *sealed_by = http_result_field(result, STR("x-amz-server-side-encryption"));
	char hex[2 * MD5_LEN];
	struct buf b = BUF_ON(hex);

	if (!str_same(call->method, STR("PUT")))
		return OK;
	if (etag.len < 3)
		return LATER(PROTOCOL, "the store does not say what it stored");
	if (etag.len != 2 * MD5_LEN + 2 || (sealed_by && str_starts(*sealed_by, STR("aws:kms"))))
		return OK;
	buf_add_hex(&b, str_bytes(r->md5, MD5_LEN));
	if (str_same(buf_str(&b), str_upto(str_from(etag, 1), 2 * MD5_LEN)))
		return OK;
	return LATER(STORE, "what arrived at the store was not what was sent");
}

static err understand_refusal(struct s3 *s, const struct s3_call *call, const struct request *r,
			      const struct http_result *result, str code)
{
	const struct store_login *login = &s->options.login;

	if (call->only_new && result->status == 412)
		return NEVER(EXISTS, "the name is taken");
	if (call->only_new && result->status == 409) /* somebody else puts it at this moment */
		return LATER(STORE, "the store could not decide whose object it takes");

	if (str_same(code, STR("RequestTimeTooSkewed")))
		return learn_skew(s, result);
	if (is_about_the_key(code) && login->refused && login->refused(login->state, r->key_id))
		return LATER(KEY, "the store does not know the access key any more");
	return refusal(result->status, code);
}

/* "200 OK" is said before the work is done, where that takes long: what counts is the body. */
static err check_body(struct arena *a, const struct s3_call *call, const struct http_result *result)
{
	if (!call->answers || s3_element(a, result->body, call->answers).len)
		return OK;
	str code = s3_element(a, result->body, "Error/Code");
	return code.len ? refusal(500, code) : LATER(PROTOCOL, "the store's answer cannot be read");
}

static err understand(struct s3 *s, struct arena *a, const struct s3_call *call, const struct request *r,
		      const struct http_result *result, struct s3_answer *out)
{
	const str *etag = http_result_field(result, STR("etag"));
	struct buf kept = BUF_ON(out->etag);

	out->status = result->status;
	out->body = result->body;
	if (result->status / 100 != 2)
		return understand_refusal(s, call, r, result, s3_element(a, result->body, "Error/Code"));
	if (etag && str_clean(*etag))
		buf_add(&kept, *etag);
	(void)buf_c(&kept);
	TRY(buf_check(&kept));
	if (str_same(call->method, STR("HEAD")))
		TRY(read_length(result, out));
	if (call->to)
		TRY(read_part(call, result, out));
	TRY(check_body(a, call, result));
	return check_etag(call, r, result, buf_str(&kept));
}

struct room {
	char *to;
	size_t room, got;
};

static err write_room(void *state, const void *from, size_t len)
{
	struct room *r = state;

	if (len > r->room - r->got)
		return LATER(PROTOCOL, "the store gave more than was asked for");
	memcpy(r->to + r->got, from, len);
	r->got += len;
	return OK;
}

/* A store that stands still is left and asked again, a few times within our patience. */
static span stall_of(const struct s3 *s)
{
	span stall = s->options.patience / 4;

	return stall < SECOND ? SECOND : stall < LONGEST_STALL ? stall : LONGEST_STALL;
}

/* What is left until `until`, and as long as a slow line needs. */
static span patience_of(const struct s3 *s, const struct s3_call *call, int64_t until)
{
	span left = until - clock_ticks(&s->options.clock), least = stall_of(s);

	if (call->once)
		return S3_PROBE_PATIENCE;
	return (left > least ? left : least) + (span)(call->body.len + call->room) * SECOND / SLOWEST;
}

static err try_once(struct s3 *s, struct s3_client *c, struct arena *a, const struct s3_call *call, int64_t until,
		    struct s3_answer *out)
{
	static const struct sink_ops ops = { .write = write_room };
	struct room room = { call->to, call->room, 0 };
	struct sink into = { &ops, &room };
	struct request r = { 0 };
	struct http_result result;
	struct s3_answer answer = { 0 };
	str path, url;

	TRY(s3_url(s, a, call->key, call->query, &path, &url));
	TRY(fill(s, a, call, &r));
	if (!call->anonymous)
		TRY(sign(s, a, call, path, &r));
	const struct http_call http = {
		.method = call->method,
		.url = url,
		.fields = r.fields,
		.field_count = r.count,
		.body = call->body,
		.to = call->to ? &into : NULL,
		.answer_max = call->to ? call->room : call->answer_max + HTTP_RESULT_ERROR_MAX,
		.patience = patience_of(s, call, until),
		.stall = stall_of(s),
		.repeatable = true, /* POST too: an upload that began twice, or ended twice, is one upload */
	};
	TRY(http_call(c->http, a, &http, &result, NULL));
	answer.got = room.got;
	TRY(understand(s, a, call, &r, &result, &answer));
	*out = answer;
	return OK;
}

/* Half of each wait is by chance, so that many who were told to slow down do not come back together. */
static span wait_of(unsigned tried)
{
	struct entropy entropy = sys_entropy();
	span longest = FIRST_WAIT << (tried < 7 ? tried : 7);
	uint16_t dice = 0;

	if (failed(entropy_fill(&entropy, &dice, sizeof dice)))
		dice = 0;
	longest = longest < LONGEST_WAIT ? longest : LONGEST_WAIT;
	return longest / 2 + longest / 2 * dice / 65536;
}

/* By another clock, or another key: the next try is another request. */
static bool is_corrected(err e)
{
	return e.why == WHY_CLOCK || e.why == WHY_KEY;
}

err s3_call(struct s3 *s, struct arena *a, const struct s3_call *call, struct s3_answer *out)
{
	int64_t until = clock_ticks(&s->options.clock) + s->options.patience;
	struct s3_client *c;
	err e;

	TRY(take_client(s, &c));
	for (unsigned tried = 0;; tried++) {
		struct arena_mark mark = arena_mark(a);
		e = try_once(s, c, a, call, until, out);
		if (e.fate != FATE_LATER || (call->once && (tried || !is_corrected(e))) ||
		    clock_ticks(&s->options.clock) >= until)
			break;
		arena_rewind(&mark);
		if (!(is_corrected(e) && !tried) && !sys_sleep(wait_of(tried)))
			break;
	}
	give_back(s, c);
	return e;
}
