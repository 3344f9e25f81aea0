/* Telephone numbers as people write them, in the one form gateways take: E.164 (ITU-T), "+" and 8 to 15 digits.
 *
 *     +49 151 23456789   0049 151/234-56789   +49 (0)151 234.56789      international, with + or 00
 *     0151 23456789                                                     national: needs the country's code
 *
 * Blanks, hyphens, dots, slashes and brackets are forgiven, a zero in brackets behind the country's code falls away. Of
 * a national number the one leading zero falls away that most countries dial before it; where they dial something else
 * (or where the zero stays, as for Italian land lines) the list has to say +. No letters, no extensions. */
#ifndef LETTERLOCK_WIRE_PHONE_H
#define LETTERLOCK_WIRE_PHONE_H

#include "base/base.h"

enum { PHONE_MAX = 16 }; /* "+" and 15 digits */

/* `country` is a calling code without +, such as "49", or empty: then only international numbers are taken. NEVER
 * SYNTAX with a literal reason. */
err phone_read(str text, str country, char out[PHONE_MAX], size_t *len, const char **reason);
bool phone_country_fit(str country); /* one to three digits, the first not 0 */

#endif
