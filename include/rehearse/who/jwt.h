/* jwt.h - signed tokens (RFC 7519) of an issuer whose keys are known.
 *
 * A token is three parts of base64url: a head, claims, a signature. Only RS256 and ES256 are taken, by keys of their
 * own kind (RFC 8725): what the head says chooses among the issuer's keys and nothing else. OpenSSL does the
 * arithmetic. Threads: any; keys are read only. */
#ifndef RH_JWT_H
#define RH_JWT_H

#include <jansson.h>
#include <stddef.h>
#include "rehearse/base/status.h"

enum {
    RH_JWT_MAX_BYTES = 8000, /* of a token */
    RH_JWT_MAX_KEYS = 32,    /* of an issuer that are looked at */
    RH_JWT_LEEWAY_S = 60,    /* by which clocks may differ */
};

typedef struct rh_jwt_keys rh_jwt_keys;

/* A key set (RFC 7517): its RSA keys of 2048 bits and more and those on P-256, for signatures; others are passed over.
 * RH_ERR_FORMAT no key set, or none that can be used; RH_ERR_NOMEM. */
rh_status rh_jwt_keys_read(rh_jwt_keys **out, const char *text, size_t n, rh_error *err);
void rh_jwt_keys_free(rh_jwt_keys *k); /* NULL is fine */

typedef struct {
    const char *issuer, *audience;
    double now; /* Unix time */
} rh_jwt_rules;

/* Whether the token is the issuer's, for us, and good now. *claims: owned. RH_AGAIN: it names a key that is not known
 * (any more, or yet); RH_ERR_INVAL: it is not good. Both say why in *why, a constant that gives nothing of it away. */
rh_status rh_jwt_check(const rh_jwt_keys *keys, const rh_jwt_rules *rules, const char *token, json_t **claims,
                       const char **why);

#endif
