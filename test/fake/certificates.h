/* Certificates for tests, made on the spot by OpenSSL: an authority and what it signed, good and bad. All are
 * PEM files below one directory: ca.pem, and for each kind NAME.pem and NAME.key. */
#ifndef LETTERLOCK_TEST_FAKE_CERTIFICATES_H
#define LETTERLOCK_TEST_FAKE_CERTIFICATES_H

/* good: for localhost and 127.0.0.1. wrong-name: for another host. expired: good until yesterday. self-signed: good,
 * but by itself. client-only: good, but for clients. Returns the directory, the same at each call. */
const char *fake_certificates(void);

#endif
