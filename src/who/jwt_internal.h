/* jwt_internal.h - keys of an issuer, as jwt.c asks for them. */
#ifndef RH_JWT_INTERNAL_H
#define RH_JWT_INTERNAL_H

#include <openssl/evp.h>
#include <stdbool.h>
#include "rehearse/who/jwt.h"

typedef enum { JWT_RS256, JWT_ES256, JWT_OTHER } jwt_alg;

/* The key of this name for this algorithm; without a name the only one for it. NULL: there is none. */
EVP_PKEY *jwt_key(const rh_jwt_keys *keys, const char *kid, jwt_alg alg);

#endif
