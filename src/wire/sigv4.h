/* AWS Signature Version 4, as a pure function over a request: for S3 and everything that speaks like it, SES and STS.
 * Each stage is shown (canonical request, string to sign, signature), so that a server's "SignatureDoesNotMatch" can
 * be held against it. Terms and order are those of the AWS documentation; the vectors of the AWS libraries agree.
 *
 * Two services differ from each other in one thing: S3 signs the path as it is sent, everybody else signs it encoded
 * once more, because their servers decode it before they look. Bytes that no URI may hold are encoded in either.
 * Paths are normalised (dots and empty segments) for everybody but S3, whose object keys may hold anything.
 *
 * What changes on the way is not signed: Authorization, Expect, Transfer-Encoding, User-Agent, X-Amzn-Trace-Id. */
#ifndef LETTERLOCK_WIRE_SIGV4_H
#define LETTERLOCK_WIRE_SIGV4_H

#include "base/base.h"

enum { SIGV4_SIGNATURE = 64, SIGV4_EXPIRES_MAX = 7 * 24 * 60 * 60, SIGV4_FIELDS_MAX = 128, SIGV4_PARTS_MAX = 1024 };

/* A long-lived pair, or one with the token of a session. The secret belongs into a secret arena. */
struct aws_credentials {
	str access_key_id, secret_access_key, token;
};

struct sigv4_field {
	str name, value; /* a name that repeats, repeats */
};

struct sigv4_request {
	str method;
	str path, query; /* as they are sent; the query without its '?' */
	const struct sigv4_field *fields;
	size_t field_count; /* Host among them */
	str payload;        /* SHA-256 of the body in hexadecimal, or UNSIGNED-PAYLOAD */
};

struct sigv4_rules {
	str region, service;
	moment at;
	bool normalize;
	bool path_is_final;      /* S3: not encoded once more */
	bool omit_session_token; /* the token is added after signing, and not signed */
	uint32_t expires;        /* seconds, for presigned URLs; 0: not said */
};
/* The rules of a service: S3's and everybody else's. */
struct sigv4_rules sigv4_rules_of(str service, str region, moment at);

struct sigv4 {
	str canonical_request, string_to_sign;
	char signature[SIGV4_SIGNATURE + 1];
	char date[17];     /* X-Amz-Date: 20150830T123600Z */
	str authorization; /* the value of Authorization; empty if presigned */
	str query;         /* presigned: what the request's query is now, signature and all */
};

/* Signs with a header. X-Amz-Date, and X-Amz-Security-Token if there is a token, are taken to be sent besides the
 * given fields, in place of those of the same name. NEVER SYNTAX for what cannot be signed: no Host, a control byte in
 * a name, value or path; NEVER LIMIT for more than the maxima above. */
err sigv4_sign(struct arena *a, const struct sigv4_request *request, const struct aws_credentials *who,
	       const struct sigv4_rules *rules, struct sigv4 *out);
/* Signs with a query, for a URL that somebody else will fetch. */
err sigv4_presign(struct arena *a, const struct sigv4_request *request, const struct aws_credentials *who,
		  const struct sigv4_rules *rules, struct sigv4 *out);

/* What SES takes for a password over SMTP: made from the secret access key, for one region, and not the other way. */
enum { AWS_SMTP_PASSWORD = 44 };
err aws_smtp_password(str secret_access_key, str region, struct buf *out);

/* `text` with every byte but letters, digits and - . _ ~ as %XX; with `slashes`, '/' stands as it is. */
void buf_add_uri(struct buf *b, str text, bool slashes);

#endif
