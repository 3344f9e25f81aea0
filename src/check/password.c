#include "check/password_inside.h"

#include <math.h>

static size_t length_max(enum seal_kind what)
{
	return what == SEAL_ZIP ? ZIP_PASSWORD_MAX : what == SEAL_PDF ? PDF_PASSWORD_MAX : PASSWORD_MAX;
}

/* What no strength makes good. Null if there is nothing. */
static const char *unfit(enum seal_kind what, str secret)
{
	if (secret.len == 0)
		return "it is empty";
	if (!str_utf8(secret))
		return "it is not UTF-8, so that readers would spell it differently";
	if (!str_clean(secret) || str_has(secret, '\t'))
		return "it holds a control character";
	if (secret.len <= length_max(what))
		return NULL;
	switch (what) {
	case SEAL_ZIP:
		return "it is longer than 64 bytes: a second, shorter password would open the zip as well";
	case SEAL_PDF:
		return "it is longer than 32 bytes: not every PDF reader would open the file";
	default:
		return "it is longer than 128 bytes";
	}
}

static const char *too_weak(enum seal_kind what, const struct estimate *e)
{
	if (e->because)
		return e->because;
	return what == SEAL_OPEN ? "it could be guessed within the counted tries"
				 : "it can be guessed: a container may be tried offline for ever, so it needs 80 bits; "
				   "letterlock password new makes one";
}

static void judge(enum seal_kind what, const struct estimate *e, struct password_verdict *v)
{
	v->bits = fmax(e->bits, 0);
	v->seconds_to_guess = exp2(v->bits) / v->guesses_per_second;
	v->accepted = v->bits >= (what == SEAL_OPEN ? PAGE_BITS_LEAST : CONTAINER_BITS_LEAST);
	v->reason = v->accepted ? NULL : too_weak(what, e);
}

err check_password(struct arena *a, enum seal_kind what, str secret, const struct value *known, bool is_details,
		   struct password_verdict *out)
{
	SCRATCH(a);
	struct password_verdict v = { .guesses_per_second = password_rate(what) };
	struct estimate e = { 0 };

	if (what != SEAL_OPEN && what != SEAL_ZIP && what != SEAL_PDF)
		return NEVER(UNSUPPORTED, "this container has no password");
	v.reason = unfit(what, secret);
	if (!v.reason) {
		TRY(password_measure(a, secret, known, is_details, &e));
		judge(what, &e, &v);
	}
	*out = v;
	return OK;
}
