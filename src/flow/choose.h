/* flow/choose: in what form one recipient gets their documents, when the sender leaves it to us (`--as auto`).
 *
 *     certificate on file                    smime   mail programs open it by themselves, also on telephones
 *     OpenPGP key on file                    pgp
 *     only PDF, and a proof that is strong   pdf     the reader is there on every device
 *     everything else                        open    the page: nothing to install, tries are counted
 *
 * A zip is never chosen: what systems bring along does not open it. Nor is anything chosen that is weaker than what
 * was asked for: each form either has a key of the recipient's, a password above the floor, or the page's counted
 * tries. It is a pure judgement over facts; who gathers them is flow/submit, once the documents were looked into. */
#ifndef LETTERLOCK_FLOW_CHOOSE_H
#define LETTERLOCK_FLOW_CHOOSE_H

#include "model/model.h"

enum choice_reason {
#define CHOICE(name, text, words) CHOICE_##name,
#include "flow/choice.def"
#undef CHOICE
	CHOICE_COUNT
};
str choice_name(enum choice_reason r);
str choice_words(enum choice_reason r);
bool choice_named(str name, enum choice_reason *out);

/* Doubted: another one is published than the one on file. */
enum key_standing { KEY_NONE, KEY_UNUSABLE, KEY_DOUBTED, KEY_USABLE };

struct choice_facts {
	enum key_standing certificate, pgp_key; /* on file for the address */
	bool mail_too_large;                    /* for the documents inside a mail */
	enum proof_kind proof;
	bool strong;        /* the proof's text passes the floor of a container's password */
	bool only_pdf;      /* every document is one, by name and content */
	bool pdf_as_it_is;  /* one of them must not or cannot be encrypted */
	bool pdf_too_large; /* or is larger than may be */
};

struct choice {
	enum seal_kind seal;
	enum choice_reason because;
	enum choice_reason not_by_mail; /* why a key on file was passed over; CHOICE_NONE: none was */
};
struct choice choose(const struct choice_facts *facts);

#endif
