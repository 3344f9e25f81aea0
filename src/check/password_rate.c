/* How many guesses a second what protects the document allows.
 *
 * The attacker we reckon with owns eight of today's large graphics cards, the machine that is sold for this purpose.
 * Public hashcat benchmarks of one card of the generation before: mode 13600 (WinZip, 999 further rounds) 9.0 million
 * a second, which is one PBKDF2 block: the two bytes of the verifier are in the fourth block alone, so a wrong
 * password costs about 2,000 SHA-1 compressions. Mode 10700 (PDF revision 6) 143 thousand. Today's cards do about
 * 2.2 times that; eight of them, rounded up. Rent a hundred such machines, or wait for ten years, and a secret loses
 * seven bits: the floor of 80 has that to spare.
 *
 * The page counts: five wrong tries lock the link, and a link lives for seven days. */
#include "check/password_inside.h"

#define AE2_GUESSES_PER_SECOND 2.0e8
#define PDF_R6_GUESSES_PER_SECOND 3.0e6
#define PAGE_TRIES 5.0
#define PAGE_SECONDS (7.0 * 86400.0)

double password_rate(enum seal_kind what)
{
	switch (what) {
	case SEAL_ZIP:
		return AE2_GUESSES_PER_SECOND;
	case SEAL_PDF:
		return PDF_R6_GUESSES_PER_SECOND;
	default:
		return PAGE_TRIES / PAGE_SECONDS;
	}
}
