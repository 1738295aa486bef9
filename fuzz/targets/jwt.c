/* Tokens of an issuer whose keys are known, and key sets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/who/jwt.h"

/* clang-format off */
static const char jwks[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"vSCSpla3d5myvW5nXcTzzIbIJujQDihIw-UMwC4ANmPp2RJDzsEccsc7mcR1I_Ix5Vd2_"
    "pEBjLR0BRvujQHgoH5Mw-lF5ynB9QaHhzFoyhJ0K2o9OMlZSoVlllJSf_bYUv5MrdrZBV96IMwgZX7Jy09PHfJ8JO_P_slYT"
    "RJjjFDo4jTVl-ZoXVMQ3iyFz7lIyHxbOtuwlgln0_UCai8kDMM9C9Hs7gDSUrlreeFSuAz-GTrnCWGXMFL1keN6bmY37c2qM"
    "ob71NyExUw2BF8FRFsDxP6VhhdWEM02YwR2kQZJtsatt_wz-gSwmJCQjjpxmLoPRqbK5OxurUoPI4XmXQ\",\"e\":\"AQAB\",\"k"
    "id\":\"one\",\"use\":\"sig\",\"alg\":\"RS256\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A6J7_CptE0ja0PEPFNn_mf6C6Qg4"
    "6SvVmDpPdcuf_fI\",\"y\":\"YWKYR_51gwVSi_AwwMVqHC6ZzE38PDMqf7QxIoE6Ots\",\"kid\":\"two\",\"use\":\"sig\",\"alg\""
    ":\"ES256\"}]}";
/* clang-format on */

static void check(const rh_jwt_keys *keys, const char *token)
{
    const rh_jwt_rules rules = {.issuer = "https://issuer.example", .audience = "rehearse", .now = 1800000000};
    const char *why = NULL;
    json_t *claims = NULL;
    rh_status st = rh_jwt_check(keys, &rules, token, &claims, &why);
    if (st == RH_OK ? !json_is_object(claims) || why : claims || !why)
        abort();
    json_decref(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static rh_jwt_keys *known;
    rh_jwt_keys *keys = NULL;
    char *token = malloc(n + 1);
    if (!token || (!known && rh_jwt_keys_read(&known, jwks, sizeof jwks - 1, NULL) != RH_OK))
        abort();
    memcpy(token, bytes, n);
    token[n] = '\0';
    check(known, token);
    if (rh_jwt_keys_read(&keys, token, n, NULL) == RH_OK)
        check(keys, token);
    rh_jwt_keys_free(keys);
    free(token);
    return 0;
}
