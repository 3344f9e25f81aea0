/* A scripted SMTP server in a thread of its own, on a port of loopback. It plays one dialogue, line by line:
 *
 *     S: 220 hello                 says this line (with CRLF); lines in a row go out in one write
 *     S+ 250 half\r\n              says these bytes; \r \n \\ \xNN, and \{N*TEXT} for TEXT N times
 *     C: EHLO *                    must hear this line; a star at the end stands for the rest
 *     C. body                      must hear a message up to its final dot; with a word: these escaped bytes
 *     C! eof                       must hear the end of the connection
 *     C! silence 200               must hear nothing for so many milliseconds
 *     S! tls [good|expired|…]      begins TLS, with that certificate of fake_certificates(); may fail
 *     S! close | reset | wait MS   hangs up, with or without manners, or does nothing
 *     S! drain                     reads until the other side hangs up, whatever it says
 *     S! next                      waits for another connection
 *
 * Lines that begin otherwise are for whoever plays the client; "#" begins a comment. */
#ifndef LETTERLOCK_TEST_FAKE_SMTP_SERVER_H
#define LETTERLOCK_TEST_FAKE_SMTP_SERVER_H

#include "base/base.h"

struct fake_smtp;
struct fake_smtp *fake_smtp_start(str dialogue);
uint16_t fake_smtp_port(const struct fake_smtp *f);
/* Waits for the end of the dialogue; null if it went as written, else what did not. Frees. */
const char *fake_smtp_end(struct fake_smtp *f);

#endif
