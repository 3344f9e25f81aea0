/* A personal detail (a birth date, a policy number, a name) in the one form in which what the sender stored and
 * what the recipient types are compared. Both sides go through this function and nothing else.
 *
 * 1. Unicode: NFKC and case folding (UAX 15, 21); decimal digits of every script become ASCII.
 * 2. What reads as a date becomes YYYY-MM-DD (see below).
 * 3. From anything else all that is no letter, mark or digit falls away: blanks, dots, slashes, hyphens, commas,
 *    apostrophes. "+49 (30) 12-34" and "49301234" are one number, "O'Neil" and "oneil" one name. What has
 *    neither letter nor digit comes out empty and is no detail. Accents count: "Müller" is not "Muller".
 *
 * A date has a day, a month and a year, in the Gregorian calendar, the year between 1800 and 2199:
 *    1987-04-03   1987/4/3   1987 04 03   19870403     year first: year, month, day (ISO 8601)
 *    03.04.1987   3/4/1987   3-4-1987     03041987     otherwise day, month, year …
 *    04/23/1987                                        … unless the second number cannot be a month
 *    3.4.87                                            two digits: 00 to 29 are 2000 to 2029, 30 to 99 are 1930 to 1999
 *    3 April 1987   April 3rd, 1987   3. Apr. 87   3-avr-1987   a month by name, in any order: English, German,
 *                                                      French, Italian, Spanish, Portuguese, Dutch
 * A time of midnight behind it, as databases and spreadsheets export dates, is dropped. What looks like a date and
 * is none (31.02.1987) is text. Normalising twice changes nothing. */
#ifndef LETTERLOCK_WIRE_DETAILS_H
#define LETTERLOCK_WIRE_DETAILS_H

#include "base/base.h"

enum { DETAIL_MAX = 1024 }; /* octets of one detail */

/* NEVER SYNTAX if the text is not UTF-8, NEVER LIMIT beyond DETAIL_MAX. A secret goes in
 * and comes out, so `a` is a secret arena. */
err details_normalise(struct arena *a, str text, str *out);
bool details_is_date(str normalised); /* exactly YYYY-MM-DD */

#endif
