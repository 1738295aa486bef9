/* Signed tokens and key sets. The tokens are those of fuzz/corpus/jwt, good from 2023 to 2033. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/who/jwt.h"
#include "rehearse/who/oidc.h"

enum { IN_TIME = 1800000000, LATE = 2000000000 };

static size_t load(const char *name, char *out, size_t cap)
{
    char path[200];
    (void)snprintf(path, sizeof path, "fuzz/corpus/jwt/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, cap - 1, f);
    (void)fclose(f);
    out[n] = '\0';
    return n;
}

static rh_jwt_keys *known_keys(void)
{
    char text[4096];
    rh_jwt_keys *keys = NULL;
    size_t n = load("keys", text, sizeof text);
    assert_int_equal(rh_jwt_keys_read(&keys, text, n, NULL), RH_OK);
    return keys;
}

static rh_status check(const rh_jwt_keys *keys, const char *token, double now, const char *issuer, const char *audience,
                       const char **why)
{
    json_t *claims = NULL;
    const rh_jwt_rules rules = {.issuer = issuer, .audience = audience, .now = now};
    *why = NULL;
    rh_status st = rh_jwt_check(keys, &rules, token, &claims, why);
    assert_true((st == RH_OK) == (claims != NULL));
    if (st == RH_OK)
        assert_string_equal(json_string_value(json_object_get(claims, "sub")), "anna");
    json_decref(claims);
    return st;
}

static void a_good_token_is_good_in_its_time_for_its_audience(void **state)
{
    (void)state;
    static const char issuer[] = "https://issuer.example", *const names[] = {"rs256", "es256"};
    rh_jwt_keys *keys = known_keys();
    char token[4096];
    const char *why;
    for (size_t i = 0; i < 2; i++) {
        load(names[i], token, sizeof token);
        assert_int_equal(check(keys, token, IN_TIME, issuer, "rehearse", &why), RH_OK);
        assert_int_equal(check(keys, token, LATE + RH_JWT_LEEWAY_S - 1, issuer, "rehearse", &why), RH_OK);
        assert_int_equal(check(keys, token, LATE + RH_JWT_LEEWAY_S, issuer, "rehearse", &why), RH_ERR_INVAL);
        assert_non_null(strstr(why, "expired"));
        assert_int_equal(check(keys, token, 1600000000, issuer, "rehearse", &why), RH_ERR_INVAL);
        assert_non_null(strstr(why, "not good yet"));
        assert_int_equal(check(keys, token, IN_TIME, "https://issuer.example/", "rehearse", &why), RH_ERR_INVAL);
        assert_int_equal(check(keys, token, IN_TIME, issuer, "rehears", &why), RH_ERR_INVAL);
        assert_int_equal(check(NULL, token, IN_TIME, issuer, "rehearse", &why), RH_AGAIN);
        for (size_t k = 0; token[k]; k++) { /* whatever is changed in it is noticed */
            char was = token[k];
            token[k] = was == 'A' ? 'B' : 'A';
            assert_true(check(keys, token, IN_TIME, issuer, "rehearse", &why) != RH_OK);
            token[k] = was;
        }
    }
    load("none", token, sizeof token);
    assert_int_equal(check(keys, token, IN_TIME, issuer, "rehearse", &why), RH_ERR_INVAL);
    load("expired", token, sizeof token);
    assert_int_equal(check(keys, token, IN_TIME, issuer, "rehearse", &why), RH_ERR_INVAL);
    rh_jwt_keys_free(keys);
}

static void keys_that_cannot_be_used_are_passed_over(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"keys\":5}",
        "{\"keys\":[]}",
        "{\"keys\":[5,null,{}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",            /* no secret is a public key */
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", /* much too short */
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"*\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}]}", /* too short */
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\","
        "\"y\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"}]}", /* not on the curve */
    };
    rh_error err;
    rh_jwt_keys *keys = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rh_jwt_keys_read(&keys, bad[i], strlen(bad[i]), &err), RH_ERR_FORMAT);
    assert_null(keys);
}

static void an_issuer_is_asked_over_https_or_here(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "http://issuer.example",
                                      "ftp://127.0.0.1",
                                      "https://a:b@issuer.example",
                                      "http://127.0.0.1@issuer.example",
                                      "http://localhost.evil.example"};
    rh_error err;
    rh_oidc *o = NULL;
    rh_oidc_options options = {.client_id = "c", .audience = "", .scope = "", .name_claim = "sub", .role_claim = ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.issuer = bad[i];
        assert_int_equal(rh_oidc_new(&o, &options, NULL, &err), RH_ERR_INVAL);
    }
    options.issuer = "http://127.0.0.1:1"; /* nothing answers there: nobody is let in, and the end does not wait */
    assert_int_equal(rh_oidc_new(&o, &options, NULL, &err), RH_OK);
    rh_person p;
    const char *why;
    char token[4096];
    load("rs256", token, sizeof token);
    assert_int_equal(rh_oidc_person(o, token, &p, &why), RH_AGAIN);
    assert_int_equal(rh_oidc_person(o, "x", &p, &why), RH_ERR_INVAL);
    assert_null(rh_oidc_page(o));
    rh_oidc_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_is_good_in_its_time_for_its_audience),
        cmocka_unit_test(keys_that_cannot_be_used_are_passed_over),
        cmocka_unit_test(an_issuer_is_asked_over_https_or_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
