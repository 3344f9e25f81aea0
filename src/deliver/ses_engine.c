#include "deliver/ses.h"

#include <stdlib.h>

static err config_fault(struct fault *fault, const char *why)
{
	fault_where(fault, STR("ses"), 0, 0);
	fault_set(fault, "%s", why);
	return NEVER(CONFIG, "not an SES that can be used");
}

static bool is_region(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '-'))
			return false;
	return s.len > 0 && s.len <= 64;
}

/* Names of configuration sets become part of a path. */
static bool is_set_name(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= 'A' && s.at[i] <= 'Z') ||
		      (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '-' || s.at[i] == '_'))
			return false;
	return s.len <= SES_NAME_MAX;
}

static err check(const struct transport_options *o, struct fault *fault)
{
	if (!is_region(o->region))
		return config_fault(fault, "the region of SES is needed, such as eu-central-1");
	if (o->endpoint.len && !str_starts(o->endpoint, STR("https://")))
		return config_fault(fault, "the endpoint begins with https://");
	if (!is_set_name(o->configuration_set))
		return config_fault(fault, "a configuration set's name has letters, digits, - and _ alone");
	return o->signer ? OK : config_fault(fault, "nobody would sign");
}

static err name_host(struct ses *s, const struct transport_options *o, struct fault *fault)
{
	struct buf host = BUF_ON(s->host), origin = BUF_ON(s->origin);
	str place = str_from(o->endpoint, o->endpoint.len ? STR("https://").len : 0);

	if (str_ends(place, STR("/")))
		place.len--;
	if (str_has(place, '/') || str_has(place, '@') || str_has(place, '?') || !str_clean(place))
		return config_fault(fault, "the endpoint is https://HOST or https://HOST:PORT");
	if (place.len)
		buf_add(&host, place);
	else
		buf_add_format(&host, "email.%.*s.amazonaws.com", STR_ARG(o->region));
	buf_add(&origin, STR("https://"));
	buf_add(&origin, buf_str(&host));
	(void)buf_c(&host), (void)buf_c(&origin);
	TRY(buf_check(&host));
	return buf_check(&origin);
}

static err prepare(struct transport *t, struct fault *fault)
{
	struct ses *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory for SES");
	must(pthread_mutex_init(&s->lock, NULL) == 0);
	t->state = s;
	TRY(check(&t->options, fault));
	return name_host(s, &t->options, fault);
}

static void finish(struct transport *t)
{
	struct ses *s = t->state;

	if (s)
		(void)pthread_mutex_destroy(&s->lock);
	free(s);
	t->state = NULL;
	aws_login_done(&t->options.signer);
}

static err open(struct transport *t, struct session *base)
{
	const struct http_client_options options = { .ca_file = t->options.ca_file,
						     .stop_fd = t->options.stop_fd,
						     .grace = t->options.grace };
	struct ses_session *s;

	TRY(NEW(base->arena, s));
	s->transport = t;
	s->ses = t->state;
	base->state = s;
	return http_client_open(&options, &s->http, NULL);
}

static void close(struct session *base)
{
	struct ses_session *s = base->state;

	if (s)
		http_client_done(&s->http);
}

const struct engine ses_engine = {
	.prepare = prepare,
	.finish = finish,
	.session_open = open,
	.send = ses_send,
	.session_close = close,
	.probe = ses_probe,
	.allowance = ses_allowance,
};
