/* Messages of Amazon SNS to an endpoint over HTTPS, as its developer guide describes them: read strictly, and spelled
 * again as they were signed. Pure: who signed is crypt/sns_certificate.h's to judge.
 *
 * A message is JSON from anybody who can reach us. It is bounded before it is read; a name that stands twice, a member
 * of another type, of another kind of message, or with a byte that has no place there is refused. Members that are not
 * signed are not looked at; of those that are, none but Message may hold a control character, and so the string that is
 * signed can be taken apart in one way only: nobody can move bytes from one member to another under the same signature.
 *
 * Nothing a message says is ever an address that we go to. SigningCertURL gives the name of a file and nothing else;
 * who is asked for it, and the URL that confirms a subscription, are built from a topic of the configuration. */
#ifndef LETTERLOCK_WIRE_SNS_H
#define LETTERLOCK_WIRE_SNS_H

#include "base/base.h"

enum { SNS_BODY_MAX = 256 * 1024, SNS_TOKEN_MAX = 1024, SNS_SIGNATURE_MAX = 512, SNS_ID_LEN = 36, SNS_FILE_MAX = 128 };

enum sns_type { SNS_NOTIFICATION, SNS_SUBSCRIPTION_CONFIRMATION, SNS_UNSUBSCRIBE_CONFIRMATION };

struct sns_message {
	enum sns_type type;
	str type_name, id, topic, message, timestamp, signing_cert_url;
	str subject;              /* of a notification; at is null if there is none */
	str token, subscribe_url; /* of the others */
	moment at;                /* when it was published */
	unsigned version;         /* of the signature: 1 is SHA-1, 2 is SHA-256 */
	str signature;            /* bytes */
};

/* Everything lives in the arena. NEVER LIMIT, NEVER SYNTAX, and which member is wrong. */
err sns_read(struct arena *a, str json, struct sns_message *out, struct fault *fault);
/* What is signed: each member's name and value on a line of its own, in the order of the alphabet. */
err sns_signed_string(struct arena *a, const struct sns_message *m, str *out);

/* ── Topics ── */

/* arn:aws:sns:eu-central-1:111122223333:letters. The parts lie within the ARN. */
struct sns_topic {
	str arn, partition, region, account, name;
};
err sns_topic_read(str arn, struct sns_topic *out); /* NEVER SYNTAX */
enum { SNS_TOPICS_MAX = 16 };
err sns_topics_read(str list, struct sns_topic out[SNS_TOPICS_MAX], size_t *count); /* parted by blanks; may be none */

/* The file of a SigningCertURL, "SimpleNotificationService-….pem". NEVER DENIED unless the URL is https://, of SNS in
 * the topic's own region, and nothing but that: no user, port, folder, query or fragment. */
err sns_certificate_file(const struct sns_topic *topic, str url, str *out);
/* `endpoint` is "" for Amazon's, or https://HOST[:PORT] of something that speaks alike. */
err sns_certificate_url(struct arena *a, const struct sns_topic *topic, str endpoint, str file, str *out);
err sns_confirm_url(struct arena *a, const struct sns_topic *topic, str endpoint, str token, str *out);
/* Where an issuer's certificate is fetched that Amazon's own lacks, by what the certificate says (RFC 5280 4.2.2.1).
 * NEVER DENIED unless it is one of Amazon's authorities: http://crt.NAME.amazontrust.com/FILE. It may be asked without
 * TLS, because a certificate proves itself. */
err sns_issuer_url(struct arena *a, str endpoint, str said, str *out);
/* Whom the certificate must name, one of them. */
enum { SNS_SIGNERS = 4 };
err sns_signers(struct arena *a, const struct sns_topic *topic, str out[SNS_SIGNERS]);

#endif
