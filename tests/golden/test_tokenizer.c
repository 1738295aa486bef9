/* Tokens and word groups of many texts against openai-whisper (tokenizer/make.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../model/models.h"
#include "asr/tokenizer.h"

enum { MAX = 2048 };

static rh_ggml_file *file;
static rh_tokenizer *tok;

static size_t read_hex(const char *s, char *out)
{
    size_t n = 0;
    for (; s[0] && s[1]; s += 2) {
        char byte[3] = {s[0], s[1], 0};
        out[n++] = (char)strtol(byte, NULL, 16);
    }
    return n;
}

static size_t read_numbers(char *s, int32_t *out)
{
    size_t n = 0;
    for (char *end; *s; s = end) {
        long v = strtol(s, &end, 10);
        if (end == s)
            break;
        out[n++] = (int32_t)v;
    }
    return n;
}

static void texts_become_the_reference_s_tokens_and_words(void **state)
{
    (void)state;
    FILE *f = fopen("tests/golden/tokenizer/cases.tsv", "r");
    assert_non_null(f);
    static char line[16384], text[MAX];
    static int32_t want[MAX], got[MAX], want_ends[MAX];
    static uint32_t ends[MAX];
    int cases = 0;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        char *col[4], *at = line;
        for (int i = 0; i < 4; i++) {
            col[i] = at;
            at += strcspn(at, "\t");
            if (*at)
                *at++ = 0;
        }
        size_t n = read_hex(col[0], text), n_want = read_numbers(col[1], want), n_got;
        assert_int_equal(rh_tokenizer_encode(tok, text, n, got, MAX, &n_got), RH_OK);
        assert_int_equal(n_got, n_want);
        assert_memory_equal(got, want, n_want * sizeof *want);
        size_t back = 0;
        for (size_t i = 0; i < n_got; i++) {
            size_t len;
            const char *b = rh_tokenizer_bytes(tok, got[i], &len);
            assert_memory_equal(b, text + back, len);
            back += len;
        }
        assert_int_equal(back, n);
        size_t n_ends = read_numbers(col[3], want_ends), n_words;
        rh_tokenizer_split_words(tok, got, n_got, col[2], ends, &n_words);
        if (n_ends) {
            assert_int_equal(n_words, n_ends);
            for (size_t i = 0; i < n_ends; i++)
                assert_int_equal(ends[i], want_ends[i]);
        }
        cases++;
    }
    fclose(f);
    assert_in_range(cases, 200, 1000);
}

static void special_tokens_have_their_numbers(void **state)
{
    (void)state;
    const rh_special_tokens *s = rh_tokenizer_special(tok);
    assert_int_equal(s->eot, 50257);
    assert_int_equal(s->sot, 50258);
    assert_int_equal(s->translate, 50358);
    assert_int_equal(s->transcribe, 50359);
    assert_int_equal(s->sot_prev, 50361);
    assert_int_equal(s->no_speech, 50362);
    assert_int_equal(s->no_timestamps, 50363);
    assert_int_equal(s->timestamp_begin, 50364);
    assert_int_equal(s->blank, 220);
    assert_int_equal(rh_tokenizer_language(tok, "en"), 50259);
    assert_int_equal(rh_tokenizer_language(tok, "German"), 50261);
    assert_int_equal(rh_tokenizer_language(tok, "castilian"), 50262);
    assert_int_equal(rh_tokenizer_language(tok, "yue"), -1); /* from large-v3 on */
    assert_int_equal(rh_tokenizer_language(tok, "klingon"), -1);
    assert_string_equal(rh_tokenizer_language_code(tok, 50264), "ko");
    assert_null(rh_tokenizer_language_code(tok, 50358));
    size_t n;
    assert_string_equal(rh_tokenizer_bytes(tok, 50300, &n), "");
    assert_int_equal(n, 0);
}

/* The list the reference prints for the multilingual vocabulary. */
static void tokens_never_said_are_the_reference_s(void **state)
{
    (void)state;
    static const int32_t want[] = {1,     2,     7,     8,     9,     10,    14,    25,    26,    27,    28,    29,
                                   31,    58,    59,    60,    61,    62,    63,    90,    91,    92,    93,    359,
                                   503,   522,   542,   873,   893,   902,   918,   922,   931,   1350,  1853,  1982,
                                   2460,  2627,  3246,  3253,  3268,  3536,  3846,  3961,  4183,  4667,  6585,  6647,
                                   7273,  9061,  9383,  10428, 10929, 11938, 12033, 12331, 12562, 13793, 14157, 14635,
                                   15265, 15618, 16553, 16604, 18362, 18956, 20075, 21675, 22520, 26130, 26161, 26435,
                                   28279, 29464, 31650, 32302, 32470, 36865, 42863, 47425, 49870, 50254};
    size_t n;
    const int32_t *got = rh_tokenizer_non_speech(tok, &n);
    assert_int_equal(n, sizeof want / sizeof want[0]);
    assert_memory_equal(got, want, sizeof want);
}

static void broken_text_is_taken_byte_by_byte(void **state)
{
    (void)state;
    static const char text[] = "ok \xff\xfe\xc3 \xe2\x82 end\x80";
    int32_t ids[64];
    size_t n, len, at = 0;
    assert_int_equal(rh_tokenizer_encode(tok, text, sizeof text - 1, ids, 64, &n), RH_OK);
    for (size_t i = 0; i < n; i++) {
        const char *b = rh_tokenizer_bytes(tok, ids[i], &len);
        assert_memory_equal(b, text + at, len);
        at += len;
    }
    assert_int_equal(at, sizeof text - 1);
    assert_int_equal(rh_tokenizer_encode(tok, text, sizeof text - 1, ids, 1, &len), RH_OK);
    assert_int_equal(len, n); /* says how many there are, writes what fits */
}

static int setup(void **state)
{
    (void)state;
    rh_error err;
    if (rh_ggml_file_open(&file, model_file("ggml-base.bin"), &err) != RH_OK)
        return -1;
    return rh_tokenizer_new(&tok, file, &err) == RH_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rh_tokenizer_free(tok);
    rh_ggml_file_free(file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_the_reference_s_tokens_and_words),
        cmocka_unit_test(special_tokens_have_their_numbers),
        cmocka_unit_test(tokens_never_said_are_the_reference_s),
        cmocka_unit_test(broken_text_is_taken_byte_by_byte),
    };
    (void)model_file("ggml-base.bin"); /* skips */
    return cmocka_run_group_tests(tests, setup, teardown);
}
