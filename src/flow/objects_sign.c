/* What is stored is signed as it goes by: the recipient verifies the very bytes that the page delivers. */
#include "flow/objects_sign.h"

/* An object outlives what it was made with: the room for its signature is taken when it is. */
err objects_signature_room(const struct line *line, struct arena *keep, struct object *o)
{
	size_t room = cms_signer_room(line->signer);
	char *at;

	TRY(NEW_ARRAY(keep, room, at));
	o->signature = (str){ at, room };
	return OK;
}

struct signing {
	struct sink stored;
	struct cms_signing *signature;
	struct object *object;
};

static err signing_write(void *state, const void *from, size_t len)
{
	struct signing *s = state;

	TRY(cms_sign_add(s->signature, str_bytes(from, len)));
	return sink_write(&s->stored, from, len);
}

static err signing_finish(void *state)
{
	struct signing *s = state;
	struct buf der = { .at = (char *)(uintptr_t)s->object->signature.at, .max = s->object->signature.len };

	TRY(cms_sign_finish(s->signature, &der));
	cms_signing_done(&s->signature);
	TRY(sink_finish(&s->stored));
	s->object->signature = buf_str(&der);
	return OK;
}

static void signing_abandon(void *state)
{
	struct signing *s = state;

	cms_signing_done(&s->signature);
	sink_done(&s->stored);
}

err objects_signed(const struct line *line, struct arena *a, struct object *o, struct sink *stored, struct sink *out)
{
	static const struct sink_ops ops = { signing_write, signing_finish, signing_abandon };
	struct signing *s;

	TRY(NEW(a, s));
	s->object = o;
	TRY(cms_sign_begin(line->signer, clock_now(&line->clock), &s->signature));
	s->stored = *stored;
	*stored = (struct sink){ 0 };
	*out = (struct sink){ &ops, s };
	return OK;
}
