#include "rehearse/who/jwt.h"

#include <math.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>
#include "jwt_internal.h"
#include "rehearse/base/base64.h"
#include "rehearse/base/json.h"

enum { MAX_PART = RH_BASE64_DECODED_MAX(RH_JWT_MAX_BYTES), P256_BYTES = 32, MAX_DER = 80 };

/* The three parts, as they stand in the token. */
typedef struct {
    const char *head, *claims, *signature;
    size_t n_head, n_claims, n_signature;
} parts;

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The bits of the last letter that belong to no byte are 0: bytes have one form only. */
static bool is_strict(const char *text, size_t n)
{
    static const unsigned unused[4] = {0, 63, 15, 3};
    return n && n % 4 != 1 && ((size_t)(strchr(letters, text[n - 1]) - letters) & unused[n % 4]) == 0;
}

static bool take_apart(parts *p, const char *token)
{
    p->head = token;
    p->n_head = strspn(token, letters);
    if (token[p->n_head] != '.')
        return false;
    p->claims = token + p->n_head + 1;
    p->n_claims = strspn(p->claims, letters);
    if (p->claims[p->n_claims] != '.')
        return false;
    p->signature = p->claims + p->n_claims + 1;
    p->n_signature = strspn(p->signature, letters);
    return !p->signature[p->n_signature] && is_strict(p->head, p->n_head) && is_strict(p->claims, p->n_claims) &&
           is_strict(p->signature, p->n_signature);
}

static json_t *object_of(const char *text, size_t n)
{
    uint8_t bytes[MAX_PART];
    size_t n_bytes = 0;
    if (rh_base64_decode(bytes, sizeof bytes, &n_bytes, text, n, NULL) != RH_OK)
        return NULL;
    json_t *o = json_loadb((const char *)bytes, n_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(o))
        return o;
    json_decref(o);
    return NULL;
}

/* A signature of two numbers, as OpenSSL has it; 0: it is none. */
static size_t der_of(const uint8_t *raw, size_t n, uint8_t der[MAX_DER])
{
    uint8_t *at = der;
    ECDSA_SIG *sig = n == 2 * P256_BYTES ? ECDSA_SIG_new() : NULL;
    BIGNUM *r = sig ? BN_bin2bn(raw, P256_BYTES, NULL) : NULL,
           *s = sig ? BN_bin2bn(raw + P256_BYTES, P256_BYTES, NULL) : NULL;
    int size = 0;
    if (r && s && ECDSA_SIG_set0(sig, r, s)) {
        size = i2d_ECDSA_SIG(sig, NULL);
        size = size > 0 && size <= MAX_DER ? i2d_ECDSA_SIG(sig, &at) : 0;
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    return size > 0 ? (size_t)size : 0;
}

static bool is_signed(const parts *p, EVP_PKEY *key, jwt_alg alg)
{
    uint8_t bytes[MAX_PART], der[MAX_DER];
    const uint8_t *signature = bytes;
    size_t n = 0;
    if (rh_base64_decode(bytes, sizeof bytes, &n, p->signature, p->n_signature, NULL) != RH_OK)
        return false;
    if (alg == JWT_ES256) {
        n = der_of(bytes, n, der);
        signature = der;
    }
    EVP_MD_CTX *c = n ? EVP_MD_CTX_new() : NULL;
    bool good = c && EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key) > 0 &&
                EVP_DigestVerify(c, signature, n, (const uint8_t *)p->head, p->n_head + 1 + p->n_claims) == 1;
    EVP_MD_CTX_free(c);
    ERR_clear_error();
    return good;
}

/* ---- what it claims ---- */

static bool is_for(const json_t *aud, const char *us)
{
    const json_t *one;
    size_t i;
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), us) == 0;
    json_array_foreach(aud, i, one)
        if (json_is_string(one) && strcmp(json_string_value(one), us) == 0)
            return true;
    return false;
}

/* A time that need not be there, but is one. */
static bool has_come(const json_t *v, double now)
{
    return !v || (json_is_number(v) && now + RH_JWT_LEEWAY_S >= json_number_value(v));
}

static const char *fault_of(const json_t *claims, const rh_jwt_rules *r)
{
    const json_t *exp = json_object_get(claims, "exp");
    if (strcmp(rh_json_str(claims, "iss"), r->issuer) != 0)
        return "this token is of another issuer";
    if (!is_for(json_object_get(claims, "aud"), r->audience))
        return "this token is for another program (aud)";
    if (!json_is_number(exp))
        return "this token says no time at which it expires (exp)";
    if (!(r->now < json_number_value(exp) + RH_JWT_LEEWAY_S))
        return "this token has expired: sign in again";
    if (!has_come(json_object_get(claims, "nbf"), r->now) || !has_come(json_object_get(claims, "iat"), r->now))
        return "this token is not good yet (nbf, iat)";
    return *rh_json_str(claims, "sub") ? NULL : "this token names nobody (sub)";
}

static jwt_alg alg_of(const json_t *head)
{
    const char *alg = rh_json_str(head, "alg");
    return strcmp(alg, "RS256") == 0 ? JWT_RS256 : strcmp(alg, "ES256") == 0 ? JWT_ES256 : JWT_OTHER;
}

static rh_status check_head(const parts *p, const rh_jwt_keys *keys, const char **why)
{
    json_t *head = object_of(p->head, p->n_head);
    jwt_alg alg = alg_of(head);
    EVP_PKEY *key = alg == JWT_OTHER ? NULL : jwt_key(keys, rh_json_str(head, "kid"), alg);
    rh_status st = RH_ERR_INVAL;
    if (!head)
        *why = "the head of this token is no JSON object";
    else if (alg == JWT_OTHER)
        *why = "this token is not signed with RS256 or ES256";
    else if (json_object_get(head, "crit"))
        *why = "this token asks for extensions that are not known here (crit)";
    else if (!key)
        st = RH_AGAIN, *why = "the key that signed this token is not known here";
    else if (!is_signed(p, key, alg))
        *why = "the signature of this token is not good";
    else
        st = RH_OK;
    json_decref(head);
    return st;
}

rh_status rh_jwt_check(const rh_jwt_keys *keys, const rh_jwt_rules *rules, const char *token, json_t **claims,
                       const char **why)
{
    parts p;
    if (strnlen(token, RH_JWT_MAX_BYTES + 1) > RH_JWT_MAX_BYTES) {
        *why = "this token is too long";
        return RH_ERR_INVAL;
    }
    if (!take_apart(&p, token)) {
        *why = "this bearer token is neither one of the server's tokens nor a signed one";
        return RH_ERR_INVAL;
    }
    rh_status st = check_head(&p, keys, why);
    if (st != RH_OK)
        return st;
    json_t *all = object_of(p.claims, p.n_claims);
    *why = all ? fault_of(all, rules) : "the claims of this token are no JSON object";
    if (!*why) {
        *claims = all;
        return RH_OK;
    }
    json_decref(all);
    return RH_ERR_INVAL;
}
