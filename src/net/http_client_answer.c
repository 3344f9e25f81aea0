/* The callbacks: what curl hears, line by line and window by window. Each failure is kept as an err, for curl knows
 * only that it was aborted. */
#include "net/http_client_inside.h"

static size_t give_up(struct http_exchange *x, err e)
{
	x->failed = err_first(x->failed, e);
	return CURL_WRITEFUNC_ERROR;
}

/* ── Head ────────────────────────────────────────────────────────────────────────────────────────── */

/* RFC 9112 5: also without folding and without control bytes, which libcurl would pass. */
static err take_field(struct http_exchange *x, str line)
{
	struct http_field *f;
	str name, value;

	if (x->result.field_count == HTTP_FIELDS_MAX)
		return LATER(PROTOCOL, "the other side sent too many fields");
	if (!str_cut(line, ':', &name, &value) || name.len == 0 || str_has(name, ' ') || str_has(name, '\t') ||
	    !str_clean(line))
		return LATER(PROTOCOL, "the other side sent a field that cannot be read");
	f = &x->fields[x->result.field_count];
	TRY(str_copy(x->arena, name, &f->name));
	TRY(str_copy(x->arena, str_trim(value), &f->value));
	x->result.field_count++;
	return OK;
}

/* An interim answer (RFC 9110 15.2) is forgotten when the next status line comes; what follows a whole head are
 * trailers, which nobody asked for. */
static err take_line(struct http_exchange *x, str line)
{
	x->head_len += line.len;
	if (x->head_len > HTTP_RESULT_HEAD_MAX)
		return LATER(PROTOCOL, "the other side sent a head that is too long");
	line = str_ends(line, STR("\r\n")) ? str_upto(line, line.len - 2) : str_trim(line);
	if (str_starts(line, STR("HTTP/")) && (x->head_whole || x->result.field_count == 0)) {
		x->head_whole = false;
		x->result.field_count = 0;
		return OK;
	}
	if (x->head_whole)
		return OK;
	x->head_whole = line.len == 0;
	return line.len ? take_field(x, line) : OK;
}

/* Long answers come from servers that leave Nagle's algorithm on, too: Ceph's gateway stood still 43 ms in every
 * fourteenth object of 100 KB. */
static void expect_more(const struct http_exchange *x)
{
	if (x->client->socket >= 0)
		socket_acknowledge_at_once(x->client->socket);
}

static size_t on_head(char *at, size_t each, size_t count, void *state)
{
	struct http_exchange *x = state;

	if (x->head_len == 0 && x->call->to)
		expect_more(x);
	err e = take_line(x, str_bytes(at, each * count));
	return failed(e) ? give_up(x, e) : each * count;
}

/* ── Body ────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_good(const struct http_exchange *x)
{
	long status = 0;

	curl_easy_getinfo(x->client->curl, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static err take_body(struct http_exchange *x, str bytes)
{
	const struct http_call *call = x->call;
	bool to_sink = call->to && is_good(x);
	uint64_t max = call->to && !to_sink ? HTTP_RESULT_ERROR_MAX : call->answer_max;

	x->result.body_len += bytes.len;
	if (x->result.body_len > max && !(call->to && !to_sink))
		return NEVER(LIMIT, "the other side's answer is too long");
	if (to_sink)
		return sink_put(call->to, bytes);
	if (!x->body.at)
		TRY(buf_open(x->arena, (size_t)max, &x->body));
	buf_add(&x->body, str_upto(bytes, x->body.max - x->body.len));
	return OK;
}

static size_t on_body(char *at, size_t each, size_t count, void *state)
{
	struct http_exchange *x = state;

	err e = take_body(x, str_bytes(at, each * count));
	return failed(e) ? give_up(x, e) : each * count;
}

static size_t on_send(char *to, size_t each, size_t count, void *state)
{
	struct http_exchange *x = state;
	size_t room = each * count, got = 0;

	room = x->stream_left < room ? (size_t)x->stream_left : room;
	if (room == 0)
		return 0;
	err e = source_read(x->call->stream, to, room, &got);
	if (!failed(e) && got == 0)
		e = BROKEN(IO, "what was to be sent is shorter than it said");
	if (failed(e)) {
		x->failed = err_first(x->failed, e);
		return CURL_READFUNC_ABORT;
	}
	x->stream_left -= got;
	if (x->call->sent && x->stream_left == 0)
		*x->call->sent = true;
	return got;
}

/* Curl's own figure of speed is a mean of five seconds: it sees a stop too late for who has little patience. */
static bool stands_still(struct http_exchange *x, curl_off_t moved)
{
	int64_t now = clock_ticks(&x->client->clock);

	if (moved != x->moved || !x->moved_at) {
		x->moved = moved;
		x->moved_at = now;
	}
	return x->call->stall && now - x->moved_at >= x->call->stall;
}

/* Once a second, and whenever something moves. */
static int on_progress(void *state, curl_off_t to_come, curl_off_t came, curl_off_t to_go, curl_off_t went)
{
	struct http_exchange *x = state;
	struct wait *w = &x->client->wait;

	(void)to_come, (void)to_go;
	if (wait_stopping(w) && clock_ticks(&x->client->clock) >= w->grace_end)
		x->failed = err_first(x->failed, LATER(CANCELLED, "stopping: the grace period is over"));
	else if (stands_still(x, came + went))
		x->failed = err_first(x->failed, LATER(TIMEOUT, "no answer came in time"));
	return failed(x->failed);
}

/* ── Both ────────────────────────────────────────────────────────────────────────────────────────── */

err http_exchange_begin(struct http_exchange *x)
{
	CURL *c = x->client->curl;

	TRY(NEW_ARRAY(x->arena, HTTP_FIELDS_MAX, x->fields));
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
	curl_easy_setopt(c, CURLOPT_READDATA, x);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	return OK;
}

err http_exchange_result(struct http_exchange *x, struct http_result *out)
{
	long status = 0;

	if (curl_easy_getinfo(x->client->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status < 200 ||
	    status > 999)
		return LATER(PROTOCOL, "the other side sent no status");
	x->result.status = (unsigned)status;
	x->result.fields = x->fields;
	x->result.body = buf_str(&x->body);
	*out = x->result;
	return OK;
}
