#include "flow/key_search.h"

#include "check/key.h"
#include "flow/recipient_keys.h"
#include "wire/wkd.h"

/* A certificate is preferred where both are there, so one that is usable makes a search needless. */
static bool is_wanted(const struct line *line, const struct intake *in, moment now)
{
	const struct recipient_key *key = in->keys[RECIPIENT_KEY_PGP];

	if (!line->key_memory || in->certificate == KEY_USABLE)
		return false;
	if (in->pgp_key != KEY_USABLE)
		return true;
	return key->origin == RECIPIENT_KEY_WKD && now - key->added_at >= line->config->recipients.wkd_again;
}

/* ── Asking ──────────────────────────────────────────────────────────────────────────────────────── */

static err look_whether_there_is_one(const struct key_searching *s, struct arena *a, const struct key_asking *w,
				     const struct address *address, const struct key_route *route, int64_t until)
{
	bool exists;

	TRY(key_directory_exists(*s->directory, a, address, route, until, &exists));
	if (!exists)
		key_memory_none(s->line->key_memory, w);
	return OK;
}

static err ask_directory(const struct key_searching *s, struct arena *a, struct key_asking *w,
			 const struct address *address, str *key, struct fault *fault)
{
	int64_t began = clock_ticks(&s->line->clock), until = began + KEY_DIRECTORY_PATIENCE;
	struct key_route route = w->route;
	bool routed = !w->first;
	err e = OK;

	if (w->first)
		e = key_directory_route(*s->directory, a, address, until, &route, fault);
	routed = !failed(e);
	if (routed)
		e = key_directory_ask(*s->directory, a, address, &route, until, key, fault);
	span took = clock_ticks(&s->line->clock) - began;
	if (key_memory_end(s->line->key_memory, w, routed ? &route : NULL, e, took, fault))
		(void)failed(look_whether_there_is_one(s, a, w, address, &route, until));
	return e;
}

static err ask(const struct key_searching *s, struct arena *a, const struct address *address, str *key,
	       struct fault *fault)
{
	struct key_asking w = { .domain = address->domain, .server = s->line->config->recipients.wkd_server };
	err e = wkd_folded(a, address, &w.folded);

	if (failed(e)) {
		fault_set(fault, "%s", e.note);
		return e;
	}
	if (!*s->directory)
		TRY(key_directory_open(s->line->config, s->directory, fault));
	TRY(key_memory_begin(s->line->key_memory, &w, fault));
	return ask_directory(s, a, &w, address, key, fault);
}

/* ── What came of it ─────────────────────────────────────────────────────────────────────────────── */

static err found_nothing(struct arena *a, struct intake *in, err e, const struct fault *fault)
{
	struct buf b;

	TRY(buf_open(a, 2048, &b));
	buf_add_fault(&b, fault, e);
	in->searched = KEY_SEARCH_NOTHING;
	in->search_words = buf_str(&b);
	return OK;
}

static err doubt(struct arena *a, struct intake *in, const struct recipient_key *found)
{
	in->searched = KEY_SEARCH_ANOTHER;
	in->pgp_key = KEY_DOUBTED;
	return str_format(a, &in->search_words,
			  "the key directory of %.*s publishes another key for %.*s, %.*s, than the one on file, %.*s: "
			  "nothing is encrypted to either. Ask the recipient by telephone which is right; `letterlock "
			  "recipient key add` with --file or with --wkd --replace settles it",
			  STR_ARG(in->to->address.domain), STR_ARG(in->to->address.text), STR_ARG(found->fingerprint),
			  STR_ARG(in->keys[RECIPIENT_KEY_PGP]->fingerprint));
}

static err take(struct intake *in, struct arena *a, const struct recipient_key *found)
{
	struct recipient_key *key;

	TRY(NEW(a, key));
	*key = *found;
	in->keys[RECIPIENT_KEY_PGP] = key;
	in->pgp_key = KEY_USABLE;
	in->searched = KEY_SEARCH_FOUND;
	return OK;
}

/* Two rows of one address may find it at the same time: then it is the same key, or it is doubted here as well. */
static err settle(const struct key_searching *s, struct arena *a, struct intake *in, struct recipient_key *found)
{
	const struct recipient_key *known = in->keys[RECIPIENT_KEY_PGP];
	enum recipient_key_change change;
	struct fault unsaid = { 0 };

	if (known && !str_same(known->fingerprint, found->fingerprint))
		return doubt(a, in, found);
	found->origin = RECIPIENT_KEY_WKD;
	if (s->keep) {
		err e = flow_recipient_key_add(s->line, s->db, a, found, false, &change, &unsaid);
		if (e.fate == FATE_NEVER && e.why == WHY_EXISTS)
			return found_nothing(a, in, e, &unsaid);
		TRY(e);
	}
	return take(in, a, found);
}

err key_search(const struct key_searching *s, struct arena *a, struct intake *in)
{
	moment now = clock_now(&s->line->clock);
	const struct key_rules rules = { .pool = s->line->inspectors, .now = now };
	struct recipient_key found;
	struct fault fault = { 0 };
	str bytes;

	if (!is_wanted(s->line, in, now))
		return OK;
	err e = ask(s, a, &in->to->address, &bytes, &fault);
	if (!failed(e))
		e = check_key(a, &rules, bytes, in->to->address.text, &found, &fault);
	if (failed(e))
		return e.why == WHY_MEMORY ? e : found_nothing(a, in, e, &fault);
	return settle(s, a, in, &found);
}
