/* The reader of ggml model files: formats, lookups, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/nn/ggml_file.h"

static void put32(rh_buf *b, int32_t v)
{
    assert_int_equal(rh_buf_add(b, &v, sizeof v), RH_OK);
}

static void put_tensor(rh_buf *b, const char *name, int32_t type, int32_t ne0, int32_t ne1, const void *data, size_t n)
{
    put32(b, 2);
    put32(b, (int32_t)strlen(name));
    put32(b, type);
    put32(b, ne0);
    put32(b, ne1);
    assert_int_equal(rh_buf_puts(b, name), RH_OK);
    assert_int_equal(rh_buf_add(b, data, n), RH_OK);
}

/* A tiny but whole file: three tokens, one tensor of each format. */
static void small_file(rh_buf *b)
{
    rh_buf_init(b, 1 << 20);
    static const int32_t head[] = {0x67676d6c, 3, 1500, 64, 2, 1, 448, 64, 2, 1, 80, 1, 80, 201};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        put32(b, head[i]);
    for (int i = 0; i < 80 * 201; i++) {
        float v = (float)i;
        assert_int_equal(rh_buf_add(b, &v, sizeof v), RH_OK);
    }
    put32(b, 3);
    for (int i = 0; i < 3; i++) {
        put32(b, 2);
        assert_int_equal(rh_buf_add(b, "ab", 2), RH_OK);
    }
    const float f32[2] = {1.5f, -2.0f};
    const uint16_t f16[2] = {0x3e00, 0xc000};
    uint8_t q8[34] = {0x00, 0x38}, q5_0[22] = {0x00, 0x38}, q5_1[24] = {0x00, 0x38, 0x00, 0x3c};
    q8[2] = 4, q8[3] = 0xfe; /* scale 0.5: 2, -1 */
    q5_0[2] = 1;             /* fifth bit of weight 0 */
    q5_0[6] = 0x21;          /* weight 0: 17 - 16, weight 16: 2 - 16 */
    q5_1[8] = 0x43;          /* weight 0: 3, weight 16: 4 */
    put_tensor(b, "odd", RH_GGML_F32, 2, 1, f32, sizeof f32);
    put_tensor(b, "half", RH_GGML_F16, 2, 1, f16, sizeof f16);
    put_tensor(b, "q8", RH_GGML_Q8_0, 32, 1, q8, sizeof q8);
    put_tensor(b, "q5_0", RH_GGML_Q5_0, 32, 1, q5_0, sizeof q5_0);
    put_tensor(b, "q5_1", RH_GGML_Q5_1, 32, 1, q5_1, sizeof q5_1);
}

static void expect_two(const rh_ggml_file *f, const char *name, int at, float a, float b)
{
    float row[32];
    const rh_ggml_tensor *t = rh_ggml_file_tensor(f, name);
    assert_non_null(t);
    rh_ggml_row(t, 0, row);
    assert_float_equal(row[0], a, 1e-6);
    assert_float_equal(row[at], b, 1e-6);
}

static void every_format_reads_its_values(void **state)
{
    (void)state;
    rh_buf b;
    rh_ggml_file *f = NULL;
    small_file(&b);
    assert_int_equal(rh_ggml_file_parse(&f, b.data, b.len, NULL), RH_OK);
    assert_int_equal(rh_ggml_file_hparams(f)->n_audio_state, 64);
    assert_float_equal(rh_ggml_file_mel_filters(f)[201], 201.0f, 0);
    uint32_t len = 0;
    assert_memory_equal(rh_ggml_file_token(f, 2, &len), "ab", 2);
    assert_int_equal(len, 2);
    assert_null(rh_ggml_file_token(f, 3, &len));
    expect_two(f, "odd", 1, 1.5f, -2.0f);
    expect_two(f, "half", 1, 1.5f, -2.0f);
    expect_two(f, "q8", 1, 2.0f, -1.0f);
    expect_two(f, "q5_0", 16, 0.5f, -7.0f);
    expect_two(f, "q5_1", 16, 2.5f, 3.0f);
    rh_ggml_file_free(f);
    rh_buf_done(&b);
}

static void missing_or_misshapen_tensors_are_named(void **state)
{
    (void)state;
    rh_buf b;
    rh_ggml_file *f = NULL;
    const rh_ggml_tensor *t = NULL;
    rh_error err;
    small_file(&b);
    assert_int_equal(rh_ggml_file_parse(&f, b.data, b.len, NULL), RH_OK);
    assert_int_equal(rh_ggml_file_need(f, &t, "odd", 2, 1, 1, &err), RH_OK);
    assert_int_equal(rh_ggml_file_need(f, &t, "odd", 3, 1, 1, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_ggml_file_need(f, &t, "none", 3, 1, 1, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "none"));
    rh_ggml_file_free(f);
    rh_buf_done(&b);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    rh_buf b;
    small_file(&b);
    for (size_t n = 0; n < b.len; n += n < 128 || n > b.len - 300 ? 1 : 997) {
        rh_ggml_file *f = NULL;
        rh_error err = {0};
        rh_status st = rh_ggml_file_parse(&f, b.data, n, &err);
        if (st == RH_OK) { /* a cut between two tensors leaves a whole, shorter file */
            assert_true(rh_ggml_file_n_tensors(f) < 5);
            rh_ggml_file_free(f);
        } else {
            assert_int_equal(st, RH_ERR_FORMAT);
            assert_true(strlen(err.msg) > 10);
        }
    }
    rh_buf_done(&b);
}

static void absurd_numbers_are_refused(void **state)
{
    (void)state;
    for (size_t at = 4; at < 48; at += 4) {
        rh_buf b;
        rh_ggml_file *f = NULL;
        small_file(&b);
        const int32_t bad = -1;
        memcpy(b.data + at, &bad, sizeof bad);
        rh_status st = rh_ggml_file_parse(&f, b.data, b.len, NULL);
        if (at == 44) /* ftype: not used to read */
            rh_ggml_file_free(f);
        else
            assert_int_equal(st, RH_ERR_FORMAT);
        rh_buf_done(&b);
    }
}

static void failing_allocations_leak_nothing(void **state)
{
    (void)state;
    rh_buf b;
    small_file(&b);
    for (long n = 1;; n++) {
        rh_ggml_file *f = NULL;
        rh_alloc_fail_at(n);
        rh_status st = rh_ggml_file_parse(&f, b.data, b.len, NULL);
        rh_alloc_fail_at(0);
        if (st == RH_OK) {
            rh_ggml_file_free(f);
            assert_true(n > 4);
            break;
        }
        assert_int_equal(st, RH_ERR_NOMEM);
        assert_null(f);
    }
    rh_buf_done(&b);
}

static void unreadable_paths_say_so(void **state)
{
    (void)state;
    rh_ggml_file *f = NULL;
    rh_error err;
    assert_int_equal(rh_ggml_file_open(&f, "does/not/exist.bin", &err), RH_ERR_IO);
    assert_non_null(strstr(err.msg, "does/not/exist.bin"));
    assert_int_equal(rh_ggml_file_open(&f, "tests", &err), RH_ERR_FORMAT);
    assert_int_equal(rh_ggml_file_open(&f, "LICENSE", &err), RH_ERR_FORMAT);
}

static void halves_survive_the_round_trip(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        float v = rh_f16_to_f32((uint16_t)h);
        if (isnan(v))
            assert_true(isnan(rh_f16_to_f32(rh_f32_to_f16(v))));
        else
            assert_int_equal(rh_f32_to_f16(v), h);
    }
    assert_int_equal(rh_f32_to_f16(1e6f), 0x7c00);
    assert_int_equal(rh_f32_to_f16(1.0f + 0x1p-11f), 0x3c00);
    assert_int_equal(rh_f32_to_f16(1.0f + 0x1.8p-11f), 0x3c01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_reads_its_values),    cmocka_unit_test(missing_or_misshapen_tensors_are_named),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),   cmocka_unit_test(absurd_numbers_are_refused),
        cmocka_unit_test(failing_allocations_leak_nothing), cmocka_unit_test(unreadable_paths_say_so),
        cmocka_unit_test(halves_survive_the_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
