/* flow/smime: what S/MIME needs of the configuration: our own certificate and key, and who vouches for others'. The key
 * is read by the process that seals (`send`), as it reads the others; the keeper does not hold it. */
#ifndef LETTERLOCK_FLOW_SMIME_H
#define LETTERLOCK_FLOW_SMIME_H

#include "config/config.h"
#include "crypt/cms.h"

/* Null if smime.certificate is not set. Judged as a recipient would: for sender.address, for signing, now. */
err flow_smime_signer(const struct config *c, moment now, struct cms_signer **out, struct fault *fault);
/* Null if smime.allow_unchained_reason says that nobody needs to vouch. */
err flow_smime_authorities(const struct config *c, struct mail_authorities **out, struct fault *fault);

#endif
