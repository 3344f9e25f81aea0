/* What password.c, password_measure.c and password_rate.c share. */
#ifndef LETTERLOCK_CHECK_PASSWORD_INSIDE_H
#define LETTERLOCK_CHECK_PASSWORD_INSIDE_H

#include "check/check.h"

/* log2 of the guesses, and what made it so few (a sentence, or null if it is just not much). */
struct estimate {
	double bits;
	const char *because;
};

err password_measure(struct arena *a, str secret, const struct value *known, bool is_details, struct estimate *out);
/* What libzxcvbn says; `words` ends with null, and may be null. */
err password_guesses(struct arena *a, str text, const char **words, double *bits);
err password_words(struct arena *a, str secret, double *bits); /* infinite if nothing in it reads as a word */
double password_rate(enum seal_kind what);                     /* guesses a second */

#endif
