#include "flow/recipient_keys.h"

static err add_event(struct line *line, struct db *db, enum event_kind kind)
{
	struct event event = { .kind = kind, .at = clock_now(&line->clock) };
	return track_add(db, &line->entropy, NULL, &event);
}

static err another(const struct recipient_key *old, const struct recipient_key *key, struct fault *fault)
{
	fault_set(
		fault,
		"another %.*s key is in use for %.*s: %.*s. The new one is %.*s. Ask the recipient by telephone which "
		"is right; --replace puts the new one in its place",
		STR_ARG(recipient_key_kind_name(key->kind)), STR_ARG(key->address), STR_ARG(old->fingerprint),
		STR_ARG(key->fingerprint));
	return NEVER(EXISTS, "another key is in use");
}

/* What was in use makes room; the same key again leaves no history. */
static err make_room(struct line *line, struct db *db, const struct recipient_key *old, const struct recipient_key *key,
		     enum recipient_key_change change)
{
	if (change == RECIPIENT_KEY_IS_RENEWED)
		return recipient_key_remove(db, old->id);
	TRY(recipient_key_retire(db, old->id, key->added_at));
	return add_event(line, db, EVENT_RECIPIENT_KEY_CHANGED);
}

static err put(struct line *line, struct db *db, struct arena *a, struct recipient_key *key, bool replace,
	       enum recipient_key_change *change, struct fault *fault)
{
	struct recipient_key *old;
	err e = recipient_key_find(db, a, line->keys, key->address, key->kind, &old);
	bool none = e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND;

	if (failed(e) && !none)
		return e;
	*change = none                                           ? RECIPIENT_KEY_IS_NEW
		  : str_same(old->fingerprint, key->fingerprint) ? RECIPIENT_KEY_IS_RENEWED
								 : RECIPIENT_KEY_IS_ANOTHER;
	if (*change == RECIPIENT_KEY_IS_ANOTHER && !replace)
		return another(old, key, fault);
	if (*change != RECIPIENT_KEY_IS_NEW)
		TRY(make_room(line, db, old, key, *change));
	TRY(recipient_key_save(db, a, line->keys, &line->entropy, key));
	return *change == RECIPIENT_KEY_IS_ANOTHER ? OK : add_event(line, db, EVENT_RECIPIENT_KEY_ADDED);
}

err flow_recipient_key_add(struct line *line, struct db *db, struct arena *a, struct recipient_key *key, bool replace,
			   enum recipient_key_change *out, struct fault *fault)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	enum recipient_key_change what;

	key->added_at = clock_now(&line->clock);
	TRY(db_begin(db, &change));
	TRY(put(line, db, a, key, replace, &what, fault));
	TRY(db_commit(&change));
	*out = what;
	return OK;
}

/* ── Removing ────────────────────────────────────────────────────────────────────────────────────── */

static err plain_fingerprint(struct arena *a, str given, str *out)
{
	struct buf b;

	TRY(buf_open(a, given.len, &b));
	for (size_t i = 0; i < given.len; i++) {
		char c = given.at[i];
		if (c != ' ' && c != ':')
			buf_add_char(&b, c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c);
	}
	*out = buf_str(&b);
	return OK;
}

static err no_such(str address, struct fault *fault)
{
	fault_set(fault, "no key with this fingerprint is on file for %.*s; `letterlock recipient key list` shows them",
		  STR_ARG(address));
	return NEVER(NOT_FOUND, "no such key");
}

err flow_recipient_key_remove(struct line *line, struct db *db, struct arena *a, str address, str fingerprint,
			      struct recipient_key *out, struct fault *fault)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct recipient_key *all;
	str wanted;

	TRY(plain_fingerprint(a, fingerprint, &wanted));
	TRY(db_begin(db, &change));
	TRY(recipient_keys_load(db, a, line->keys, address, &all));
	while (all && !str_same(all->fingerprint, wanted))
		all = all->next;
	if (!all)
		return no_such(address, fault);
	TRY(recipient_key_remove(db, all->id));
	TRY(add_event(line, db, EVENT_RECIPIENT_KEY_REMOVED));
	TRY(db_commit(&change));
	*out = *all;
	return OK;
}
