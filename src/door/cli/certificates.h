/* What `seal smime`, `verify` and the keys on file have in common: certificates by the names of their files, and what
 * a person is told about one. */
#ifndef LETTERLOCK_DOOR_CLI_CERTIFICATES_H
#define LETTERLOCK_DOOR_CLI_CERTIFICATES_H

#include "crypt/cms.h"
#include "door/cli/cli.h"

/* With cli->fault, which names the file. */
err cli_certificate(struct cli *cli, const char *path, struct mail_certificate **out);
/* "system" is the system's. */
err cli_authorities(struct cli *cli, const char *path, struct mail_authorities **out);
err cli_signer(struct cli *cli, const char *certificate_path, const char *key_option, struct cms_signer **out);
/* err with the file's name beside the words that are there, or the note. */
err cli_about_file(struct cli *cli, const char *path, err e);

/* "3F:07:…", as other programs show fingerprints. */
void buf_add_fingerprint(struct buf *b, const uint8_t sha256[SHA256_LEN]);

#endif
