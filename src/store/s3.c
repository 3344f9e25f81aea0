#include "store/s3.h"

#include <stdlib.h>

static err config_fault(struct fault *fault, const char *why)
{
	fault_where(fault, STR("store"), 0, 0);
	fault_set(fault, "%s", why);
	return NEVER(CONFIG, "not a bucket that can be used");
}

/* Names of buckets as S3 allows them; they become part of a host name. */
static bool is_bucket(str s)
{
	if (s.len < 3 || s.len > 63 || str_starts(s, STR("-")) || str_starts(s, STR(".")))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '.' && s.at[i - 1] != '.')))
			return false;
	}
	return true;
}

static bool is_prefix(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_' || c == '/' || (c == '.' && i && s.at[i - 1] != '.' && s.at[i - 1] != '/')))
			return false;
	}
	return s.len <= 256 && !str_starts(s, STR("/")) && str_find(s, STR("//")) < 0;
}

static bool is_region(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '-'))
			return false;
	return s.len > 0 && s.len <= 64;
}

static err check(const struct store_s3_options *o, struct fault *fault)
{
	if (!is_bucket(o->bucket))
		return config_fault(fault, "s3://BUCKET/PREFIX: a bucket's name has 3 to 63 of a-z, 0-9, - and .");
	if (!is_prefix(o->prefix))
		return config_fault(fault, "s3://BUCKET/PREFIX: a prefix has letters, digits and - _ . / alone");
	if (!is_region(o->region))
		return config_fault(fault, "the region of the bucket is needed, such as eu-central-1");
	if (o->endpoint.len && !str_starts(o->endpoint, STR("https://")) &&
	    !(o->plain_local && str_starts(o->endpoint, STR("http://"))))
		return config_fault(fault, "the endpoint begins with https://");
	return OK;
}

/* One copy of all strings, so that they live as long as the engine. */
static err keep(struct s3 *s, const struct store_s3_options *o)
{
	str ca = str_of(o->ca_file);
	str *const texts[] = { &s->options.bucket, &s->options.prefix, &s->options.region, &s->options.endpoint,
			       &s->options.kms_key };
	size_t room = o->bucket.len + o->prefix.len + o->region.len + o->endpoint.len + o->kms_key.len + ca.len + 1;

	s->memory = calloc(1, room);
	if (!s->memory)
		return LATER(MEMORY, "no memory for a store");
	struct buf b = { .at = s->memory, .max = room };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		str copy = { b.at + b.len, texts[i]->len };
		buf_add(&b, *texts[i]);
		*texts[i] = copy;
	}
	if (o->ca_file) {
		s->options.ca_file = b.at + b.len;
		buf_add(&b, ca);
	}
	if (!s->options.patience)
		s->options.patience = 2 * MINUTE;
	return OK;
}

static err name_host(struct s3 *s, struct fault *fault)
{
	const struct store_s3_options *o = &s->options;
	struct buf origin = BUF_ON(s->origin), host = BUF_ON(s->host), path = BUF_ON(s->base_path);
	str scheme = STR("https://"), place = o->endpoint;

	if (str_starts(place, STR("http://")))
		scheme = STR("http://");
	place = str_from(place, place.len ? scheme.len : 0);
	if (str_ends(place, STR("/")))
		place.len--;
	if (str_has(place, '/') || str_has(place, '@') || str_has(place, '?') || !str_clean(place))
		return config_fault(fault, "the endpoint is https://HOST or https://HOST:PORT");
	if (!o->bucket_in_path)
		buf_add_format(&host, "%.*s.", STR_ARG(o->bucket));
	if (place.len)
		buf_add(&host, place);
	else
		buf_add_format(&host, "s3.%.*s.amazonaws.com", STR_ARG(o->region));
	buf_add_char(&path, '/');
	if (o->bucket_in_path)
		buf_add_format(&path, "%.*s/", STR_ARG(o->bucket));
	buf_add(&origin, scheme);
	buf_add(&origin, buf_str(&host));
	(void)buf_c(&host), (void)buf_c(&origin), (void)buf_c(&path);
	TRY(buf_check(&host));
	TRY(buf_check(&path));
	return buf_check(&origin);
}

const char *s3_key(const struct s3 *s, id object, bool direct, char room[S3_KEY_MAX])
{
	struct buf b = { .at = room, .max = S3_KEY_MAX };

	buf_add(&b, s->options.prefix);
	buf_add(&b, direct ? S3_MAILED : STR_NONE);
	buf_add_id(&b, object);
	must(!failed(buf_check(&b)));
	return buf_c(&b);
}

void s3_close(void *state)
{
	struct s3 *s = state;

	s3_stop(s);
	while (s->idle) {
		struct s3_client *next = s->idle->next;
		http_client_done(&s->idle->http);
		free(s->idle);
		s->idle = next;
	}
	s3_forget_left_behind(s);
	(void)pthread_cond_destroy(&s->work);
	(void)pthread_cond_destroy(&s->done);
	(void)pthread_mutex_destroy(&s->lock);
	if (s->options.login.done)
		s->options.login.done(s->options.login.state);
	free(s->memory);
	free(s);
}

err s3_new(const struct store_s3_options *options, struct s3 **out, struct fault *fault)
{
	struct s3 *s = calloc(1, sizeof *s);

	if (!s) {
		if (options->login.done)
			options->login.done(options->login.state);
		return LATER(MEMORY, "no memory for a store");
	}
	must(pthread_mutex_init(&s->lock, NULL) == 0);
	must(pthread_cond_init(&s->work, NULL) == 0 && pthread_cond_init(&s->done, NULL) == 0);
	s->last = &s->first;
	s->options = *options;
	err e = check(options, fault);
	if (!failed(e))
		e = keep(s, options);
	if (!failed(e))
		e = name_host(s, fault);
	if (failed(e))
		s3_close(s);
	else
		*out = s;
	return e;
}

err store_open_s3(const struct store_s3_options *options, struct store **out, struct fault *fault)
{
	static const struct store_direct direct = {
		.create = s3_create_direct,
		.open = s3_open_direct,
		.destroy = s3_destroy_direct,
		.share = s3_share,
		.share_ready = s3_share_ready,
		.share_try = s3_share_try,
	};
	static const struct store_engine engine = {
		.begin = s3_begin,
		.create = s3_create,
		.commit = s3_commit,
		.batch_done = s3_batch_done,
		.open = s3_open,
		.read_at = s3_read_at,
		.reader_done = s3_reader_done,
		.destroy = s3_destroy,
		.list = s3_list,
		.ready = s3_ready,
		.direct = &direct,
		.close = s3_close,
	};
	struct s3 *s;

	TRY(s3_new(options, &s, fault));
	return store_new(&engine, s, out);
}
