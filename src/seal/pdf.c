#include "seal/pdf.h"

#include "crypt/crypt.h"
#include "wire/file_rules.h"
#include "wire/json.h"
#include "wire/rune.h"

#include <jansson.h>

enum { OWNER_BYTES = 20, PARAMETERS_MAX = 1024, ANSWER_MAX = 1024 };

/* ── The password ────────────────────────────────────────────────────────────────────────────────── */

static bool one_spelling(str text)
{
	uint32_t c;

	for (size_t taken; text.len; text = str_from(text, taken)) {
		taken = str_rune(text, &c);
		if (taken == 0 ||
		    (c != ' ' && (rune_control(c) || rune_direction(c) || rune_unassigned(c) || rune_invisible(c))))
			return false;
	}
	return true;
}

err seal_pdf_password(struct arena *secret, str given, str *out)
{
	str composed, compatible;

	if (given.len == 0)
		return NEVER(WEAK_PASSWORD, "the password is empty");
	if (!str_utf8(given))
		return NEVER(SYNTAX, "the password is not UTF-8, so that readers would spell it differently");
	TRY(text_nfc(secret, given, &composed));
	TRY(text_nfkc(secret, given, &compatible));
	if (!str_same(composed, compatible) || !one_spelling(composed))
		return NEVER(SYNTAX, "the password has a character that PDF readers spell in different ways; use "
				     "letters, digits and signs as they are typed");
	if (composed.len > SEAL_PDF_PASSWORD_MAX)
		return NEVER(LIMIT, "the password is longer than 32 bytes: not every PDF reader would open the file");
	*out = composed;
	return OK;
}

err seal_pdf_pass(str words, uint32_t *out, struct fault *fault)
{
	uint32_t bits = 0;
	str wrong;

	if (failed(file_actives_read(words, &bits, &wrong))) {
		fault_set(fault, "\"%.*s\" is none of the words that may stand there", STR_ARG(wrong));
		return NEVER(CONFIG, "nothing active is called this");
	}
	if (bits & ACTIVE_BIT(ACTIVE_ENCRYPTED)) {
		fault_set(fault, "what is encrypted already cannot be encrypted again");
		return NEVER(CONFIG, "encrypted PDFs cannot be sealed");
	}
	*out = bits;
	return OK;
}

/* ── The job ─────────────────────────────────────────────────────────────────────────────────────── */

static err add_owner(const struct entropy *chance, struct buf *b)
{
	uint8_t bytes[OWNER_BYTES];
	char text[2 * OWNER_BYTES];
	struct buf spelt = BUF_ON(text);

	err e = entropy_fill(chance, bytes, sizeof bytes);
	buf_add_base32(&spelt, str_bytes(bytes, sizeof bytes));
	buf_add_json_field(b, "owner", buf_str(&spelt));
	crypt_wipe(bytes, sizeof bytes);
	crypt_wipe(text, sizeof text);
	return e;
}

static err add_parameters(const struct entropy *chance, const struct pdf_options *o, struct buf *b)
{
	buf_add_char(b, '{');
	buf_add_json_field(b, "password", o->password);
	TRY(add_owner(chance, b));
	if (o->old.len)
		buf_add_json_field(b, "old", o->old);
	buf_add_json_number(b, "pass", o->pass);
	buf_add_json_number(b, "bytes_max", o->bytes_max);
	buf_add_char(b, '}');
	return buf_check(b);
}

static err judge_answer(str answer)
{
	json_t *j = json_loadb(answer.at ? answer.at : "", answer.len, JSON_REJECT_DUPLICATES, NULL);
	bool good = json_integer_value(json_object_get(j, "revision")) == 6 &&
		    json_integer_value(json_object_get(j, "pages")) >= 1;

	json_decref(j);
	return good ? OK : NEVER(PROTOCOL, "the inspector's answer about a PDF is not understood");
}

/* The bytes come from a program that is believed nothing: at least they begin as a PDF does. */
struct doubting {
	struct sink *below;
	uint64_t written;
};

static err doubting_write(void *state, const void *from, size_t len)
{
	struct doubting *d = state;

	if (d->written == 0 && !str_starts(str_bytes(from, len), STR("%PDF-")))
		return NEVER(PROTOCOL, "the inspector gives back something else than a PDF");
	d->written += len;
	return sink_write(d->below, from, len);
}

err seal_pdf(struct inspectors *pool, struct arena *a, const struct entropy *chance, const struct pdf_options *o,
	     struct source *document, struct sink *to, struct fault *fault)
{
	static const struct sink_ops doubting_ops = { .write = doubting_write };
	struct doubting doubting = { .below = to };
	struct sink result = { &doubting_ops, &doubting };
	struct inspection what = {
		.job = INSPECT_pdf_seal, .document = document, .result = &result, .answer_max = ANSWER_MAX
	};
	char room[PARAMETERS_MAX];
	struct buf parameters = BUF_ON(room);
	enum inspect_end end = INSPECT_NOT_ASKED;
	str answer = STR_NONE;

	what.end = &end;
	must(o->password.len > 0 && o->bytes_max <= SEAL_PDF_BYTES_MAX);
	err e = add_parameters(chance, o, &parameters);
	what.parameters = buf_str(&parameters);
	if (!failed(e))
		e = inspect(pool, a, &what, &answer, fault);
	crypt_wipe(room, sizeof room);
	if (e.fate == FATE_LATER && end != INSPECT_NOT_ASKED)
		return LATER(UNSCANNED, "the PDF could not be sealed now");
	TRY(e);
	TRY(judge_answer(answer));
	return doubting.written ? OK : NEVER(PROTOCOL, "the inspector gives back no PDF");
}
