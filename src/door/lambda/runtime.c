#include "door/lambda/lambda.h"

#include "sys/sys.h"
#include "wire/json.h"
#include "wire/order_event.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVENT_ROOM = ORDER_EVENT_MAX + 1, TOLD_MAX = 16 * 1024 };
#define EVENT_LONGEST ((uint64_t)64 * 1024 * 1024) /* read to its end, so that it can be answered */

struct runtime {
	struct http_client *http;
	char base[300]; /* http://HOST:PORT/2018-06-01/runtime */
};

err runtime_open(struct arena *a, str api, struct runtime **out, struct fault *fault)
{
	/* AWS puts it at this machine's loopback; it has no TLS anywhere. */
	const struct http_client_options options = { .plain_local = true,
						     .plain_metadata = true,
						     .stop_fd = stop_fd() };
	struct runtime *r;
	str host, port;
	uint64_t number;

	if (!str_cut(api, ':', &host, &port) || !host.len || host.len > 200 || !str_number(port, &number) ||
	    str_has(api, '/') || str_has(api, '@') || !str_clean(api)) {
		fault_set(fault, "AWS_LAMBDA_RUNTIME_API is HOST:PORT; this program is started by Lambda, or by what "
				 "speaks like it");
		return NEVER(USAGE, "there is no runtime API");
	}
	TRY(NEW(a, r));
	snprintf(r->base, sizeof r->base, "http://%.*s/2018-06-01/runtime", STR_ARG(api));
	TRY(http_client_open(&options, &r->http, fault));
	*out = r;
	return OK;
}

void runtime_done(struct runtime **r)
{
	if (*r)
		http_client_done(&(*r)->http);
	*r = NULL;
}

/* ── The next event ──────────────────────────────────────────────────────────────────────────────── */

struct taking {
	struct buf kept;
	bool too_long;
};

static err take(void *state, const void *from, size_t len)
{
	struct taking *t = state;
	str bytes = str_bytes(from, len), fits = str_upto(bytes, t->kept.max - t->kept.len);

	t->too_long = t->too_long || fits.len < len;
	buf_add(&t->kept, fits);
	return OK;
}

/* It becomes part of a path. */
static bool is_id(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'))
			return false;
	}
	return s.len > 0 && s.len <= 64;
}

static err read_head(const struct http_result *result, struct invocation *out)
{
	const str *which = http_result_field(result, STR("lambda-runtime-aws-request-id"));
	const str *deadline = http_result_field(result, STR("lambda-runtime-deadline-ms"));
	uint64_t ms = 0;

	if (result->status != 200)
		return LATER(PROTOCOL, "the runtime API gives no event");
	if (!which || !is_id(*which) || !deadline || !str_number(*deadline, &ms) || ms > (uint64_t)INT64_MAX / 1000)
		return LATER(PROTOCOL, "the runtime API gives an event without id or deadline");
	memcpy(out->id, which->at, which->len);
	out->id[which->len] = 0;
	out->deadline = (moment)ms * 1000;
	return OK;
}

err runtime_next(struct runtime *r, struct arena *a, struct invocation *out, struct fault *fault)
{
	static const struct sink_ops ops = { .write = take };
	struct taking taking = { 0 };
	struct sink to = { &ops, &taking };
	struct invocation got = { 0 };
	struct http_result result;
	str url;

	TRY(buf_open(a, EVENT_ROOM, &taking.kept));
	TRY(str_format(a, &url, "%s/invocation/next", r->base));
	const struct http_call call = {
		.method = STR("GET"), .url = url, .to = &to, .answer_max = EVENT_LONGEST, .patience = INT64_MAX
	};
	TRY(http_call(r->http, a, &call, &result, fault));
	TRY(read_head(&result, &got));
	got.event = buf_str(&taking.kept);
	got.too_long = taking.too_long;
	*out = got;
	return OK;
}

/* ── Answers ─────────────────────────────────────────────────────────────────────────────────────── */

static err post(struct runtime *r, struct arena *a, const char *path, const char *type, str body, struct fault *fault)
{
	const struct http_field fields[] = { { STR("Content-Type"), STR("application/json") },
					     { STR("Lambda-Runtime-Function-Error-Type"), str_of(type) } };
	struct http_result result;
	str url;

	TRY(str_format(a, &url, "%s/%s", r->base, path));
	const struct http_call call = { .method = STR("POST"),
					.url = url,
					.fields = fields,
					.field_count = type ? 2 : 1,
					.body = body,
					.answer_max = 64 * 1024 };
	TRY(http_call(r->http, a, &call, &result, fault));
	return result.status / 100 == 2 ? OK : LATER(PROTOCOL, "the runtime API does not take the answer");
}

err runtime_answer(struct runtime *r, struct arena *a, const struct invocation *to, str json, struct fault *fault)
{
	str path;

	TRY(str_format(a, &path, "invocation/%s/response", to->id));
	return post(r, a, path.at, NULL, json, fault);
}

err runtime_complain(struct runtime *r, struct arena *a, const struct invocation *to, const struct complaint *what,
		     struct fault *fault)
{
	str path = STR("init/error");
	struct buf b;

	TRY(buf_open(a, TOLD_MAX * 6 + 1024, &b));
	buf_add_char(&b, '{');
	buf_add_json_field(&b, "errorType", str_of(what->type));
	buf_add_json_field(&b, "errorMessage", str_upto(what->words, TOLD_MAX));
	buf_add(&b, STR(",\"stackTrace\":[]}"));
	TRY(buf_check(&b));
	if (to)
		TRY(str_format(a, &path, "invocation/%s/error", to->id));
	return post(r, a, path.at, what->type, buf_str(&b), fault);
}
