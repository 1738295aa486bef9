/* Base64: against RFC 4648's vectors, round trips of every length, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/base64.h"

static void vectors_of_the_rfc(void **state)
{
    (void)state;
    static const char *pairs[][2] = {{"", ""},
                                     {"f", "Zg=="},
                                     {"fo", "Zm8="},
                                     {"foo", "Zm9v"},
                                     {"foob", "Zm9vYg=="},
                                     {"fooba", "Zm9vYmE="},
                                     {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[16] = "";
        rh_base64_encode(text, (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(text, pairs[i][1]);
        uint8_t out[64];
        size_t n = 99;
        assert_int_equal(rh_base64_decode(out, sizeof out, &n, text, strlen(text), NULL), RH_OK);
        assert_int_equal(n, strlen(pairs[i][0]));
        assert_memory_equal(out, pairs[i][0], n);
        size_t bare = strcspn(text, "=");
        assert_int_equal(rh_base64_decode(out, sizeof out, &n, text, bare, NULL), RH_OK);
        assert_int_equal(n, strlen(pairs[i][0]));
    }
}

static void round_trip_of_every_length_in_place(void **state)
{
    (void)state;
    srand(7);
    for (size_t n = 0; n < 400; n++) {
        uint8_t bytes[400];
        union {
            char text[640];
            uint8_t bytes[640];
        } u;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)rand();
        rh_base64_encode(u.text, bytes, n);
        size_t got = 0;
        assert_int_equal(rh_base64_decode(u.bytes, sizeof u, &got, u.text, RH_BASE64_ENCODED_LEN(n), NULL), RH_OK);
        assert_int_equal(got, n);
        assert_memory_equal(u.bytes, bytes, n);
    }
}

static void a_wrong_letter_anywhere_is_refused(void **state)
{
    (void)state;
    char text[200];
    uint8_t out[400];
    size_t n;
    for (int bad = 0; bad < 256; bad++) {
        if ((bad >= '0' && bad <= '9') || (bad >= 'A' && bad <= 'Z') || (bad >= 'a' && bad <= 'z') || bad == '+' ||
            bad == '/' || bad == '-' || bad == '_' || bad == ' ' || (bad >= '\t' && bad <= '\r'))
            continue;
        for (size_t at = 0; at < 196; at += 13) {
            memset(text, 'A', sizeof text);
            text[at] = (char)bad;
            assert_int_equal(rh_base64_decode(out, sizeof out, &n, text, sizeof text, NULL), RH_ERR_FORMAT);
        }
    }
    assert_int_equal(rh_base64_decode(out, sizeof out, &n, "AAAAA", 5, NULL), RH_ERR_FORMAT);
    assert_int_equal(rh_base64_decode(out, sizeof out, &n, "====", 4, NULL), RH_ERR_FORMAT);
    assert_int_equal(rh_base64_decode(out, 10, &n, text, sizeof text, NULL), RH_ERR_INVAL);
}

/* Lines as mail and command-line tools break them, of every length, and the other alphabet. */
static void line_breaks_and_the_url_safe_alphabet_are_read(void **state)
{
    (void)state;
    static const char *const breaks[] = {"\n", "\r\n", " ", "\t \n"};
    srand(8);
    for (size_t line = 1; line < 130; line++) {
        uint8_t bytes[500];
        char plain[700], text[4000];
        union {
            char text[4000];
            uint8_t bytes[4000];
        } u;
        size_t n = 300 + (size_t)rand() % 200, n_plain = RH_BASE64_ENCODED_LEN(n), k = 0, got = 0;
        const char *brk = breaks[line % 4];
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(line % 3 ? rand() : 0xfb + rand() % 5); /* many + and / */
        rh_base64_encode(plain, bytes, n);
        for (size_t i = 0; i < n_plain; i++) {
            char c = plain[i];
            text[k++] = line % 2 && c == '+' ? '-' : line % 2 && c == '/' ? '_' : c;
            if (i % line == line - 1) {
                strcpy(text + k, brk);
                k += strlen(brk);
            }
        }
        memcpy(u.text, text, k);
        assert_int_equal(rh_base64_decode(u.bytes, sizeof u, &got, u.text, k, NULL), RH_OK);
        assert_int_equal(got, n);
        assert_memory_equal(u.bytes, bytes, n);
    }
}

static void padding_ends_a_text(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Zg=", "Zg=\n", "Zg===", "Zm9v=", "Zg==Zg==", "Zg==A", "Z===", "=", "Z g=x=", "A"};
    uint8_t out[64];
    size_t n;
    rh_error err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(rh_base64_decode(out, sizeof out, &n, wrong[i], strlen(wrong[i]), &err), RH_ERR_FORMAT);
    assert_int_equal(rh_base64_decode(out, sizeof out, &n, "Zg==Zg==", 8, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "position 4"));
    assert_int_equal(rh_base64_decode(out, sizeof out, &n, " Zg =\r\n= \n", 10, NULL), RH_OK);
    assert_int_equal(n, 1);
    assert_int_equal(rh_base64_decode(out, sizeof out, &n, " \n", 2, NULL), RH_OK);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(round_trip_of_every_length_in_place),
        cmocka_unit_test(a_wrong_letter_anywhere_is_refused),
        cmocka_unit_test(line_breaks_and_the_url_safe_alphabet_are_read),
        cmocka_unit_test(padding_ends_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
