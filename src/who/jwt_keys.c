/* jwt_keys.c - an issuer's public keys. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>
#include "jwt_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/base/json.h"

enum { LEAST_RSA_BITS = 2048, MOST_RSA_BITS = 8192, P256_BYTES = 32, MAX_NUMBER_BYTES = MOST_RSA_BITS / 8 };

typedef struct {
    char kid[200];
    jwt_alg alg;
    EVP_PKEY *key;
} named_key;

struct rh_jwt_keys {
    named_key keys[RH_JWT_MAX_KEYS];
    int n;
};

/* A number of the key: its bytes, 0 when it is none. */
static size_t bytes_of(const json_t *jwk, const char *name, uint8_t *out, size_t cap)
{
    const json_t *v = json_object_get(jwk, name);
    size_t n = 0, n_text = json_string_length(v);
    if (!n_text || RH_BASE64_DECODED_MAX(n_text) > cap ||
        rh_base64_decode(out, cap, &n, json_string_value(v), n_text, NULL) != RH_OK)
        return 0;
    return n;
}

static EVP_PKEY *public_key(const char *kind, OSSL_PARAM_BLD *b)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *c = params ? EVP_PKEY_CTX_new_from_name(NULL, kind, NULL) : NULL;
    if (!c || EVP_PKEY_fromdata_init(c) <= 0 || EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    uint8_t n[RH_BASE64_DECODED_MAX(MAX_NUMBER_BYTES * 4 / 3 + 4)], e[64];
    size_t n_n = bytes_of(jwk, "n", n, sizeof n), n_e = bytes_of(jwk, "e", e, sizeof e);
    BIGNUM *bn = n_n ? BN_bin2bn(n, (int)n_n, NULL) : NULL, *be = n_e && n_e <= 8 ? BN_bin2bn(e, (int)n_e, NULL) : NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (b && bn && be && BN_num_bits(bn) >= LEAST_RSA_BITS && BN_num_bits(bn) <= MOST_RSA_BITS && BN_is_odd(be) &&
        !BN_is_one(be) && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be))
        key = public_key("RSA", b);
    OSSL_PARAM_BLD_free(b);
    BN_free(bn);
    BN_free(be);
    return key;
}

static EVP_PKEY *p256_key(const json_t *jwk)
{
    uint8_t point[1 + 2 * P256_BYTES] = {4}, x[RH_BASE64_DECODED_MAX(64)], y[RH_BASE64_DECODED_MAX(64)];
    if (strcmp(rh_json_str(jwk, "crv"), "P-256") != 0 || bytes_of(jwk, "x", x, sizeof x) != P256_BYTES ||
        bytes_of(jwk, "y", y, sizeof y) != P256_BYTES)
        return NULL;
    memcpy(point + 1, x, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y, P256_BYTES);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        key = public_key("EC", b); /* of a point that is not on the curve there is none */
    OSSL_PARAM_BLD_free(b);
    return key;
}

static bool absent_or(const json_t *jwk, const char *name, const char *value)
{
    const json_t *v = json_object_get(jwk, name);
    return !v || (json_is_string(v) && strcmp(json_string_value(v), value) == 0);
}

static void add(rh_jwt_keys *k, const json_t *jwk)
{
    named_key *to = &k->keys[k->n];
    const char *kty = rh_json_str(jwk, "kty"), *kid = rh_json_str(jwk, "kid");
    bool rsa = strcmp(kty, "RSA") == 0, ec = strcmp(kty, "EC") == 0;
    if (!(rsa || ec) || !absent_or(jwk, "use", "sig") || !absent_or(jwk, "alg", rsa ? "RS256" : "ES256") ||
        strlen(kid) >= sizeof to->kid)
        return;
    *to = (named_key){.alg = rsa ? JWT_RS256 : JWT_ES256, .key = rsa ? rsa_key(jwk) : p256_key(jwk)};
    (void)snprintf(to->kid, sizeof to->kid, "%s", kid);
    k->n += to->key != NULL;
}

rh_status rh_jwt_keys_read(rh_jwt_keys **out, const char *text, size_t n, rh_error *err)
{
    json_t *set = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL), *jwk;
    const json_t *list = json_object_get(set, "keys");
    rh_jwt_keys *k = rh_calloc(1, sizeof *k);
    size_t i;
    if (!k) {
        json_decref(set);
        return rh_fail(err, RH_ERR_NOMEM, "keys: out of memory");
    }
    json_array_foreach(list, i, jwk)
        if (k->n < RH_JWT_MAX_KEYS)
            add(k, jwk);
    json_decref(set);
    if (k->n > 0) {
        *out = k;
        return RH_OK;
    }
    rh_jwt_keys_free(k);
    return rh_fail(err, RH_ERR_FORMAT,
                   "the key set has no RSA key of %d bits and more and none on P-256 for signatures", LEAST_RSA_BITS);
}

void rh_jwt_keys_free(rh_jwt_keys *k)
{
    for (int i = 0; k && i < k->n; i++)
        EVP_PKEY_free(k->keys[i].key);
    rh_free(k);
}

EVP_PKEY *jwt_key(const rh_jwt_keys *k, const char *kid, jwt_alg alg)
{
    EVP_PKEY *found = NULL;
    for (int i = 0; k && i < k->n; i++) {
        if (k->keys[i].alg != alg || (*kid && strcmp(k->keys[i].kid, kid) != 0))
            continue;
        if (found)
            return NULL; /* which one is not said */
        found = k->keys[i].key;
    }
    return found;
}
