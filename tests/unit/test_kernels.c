/* Every instruction set this machine has against the portable C, bit by bit:
 * odd sizes, extreme values, one vector and many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/nn/kernels.h"

static const char *const names[] = {"avx512", "avxvnni", "avx2", "neon"};
enum { N_NAMES = sizeof names / sizeof names[0], MAX_VECTORS = 19, MAX_FLOATS = 51866 };

static uint32_t seed = 12345;

/* Where this processor has none but the portable kernels there is nothing to compare. */
static void needs_other_kernels(void)
{
    for (int t = 0; t < N_NAMES; t++)
        if (rh_kernels_named(names[t]))
            return;
    skip();
}

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

typedef enum { PLAIN, ZERO, LARGEST, OUTLIER, ONE_SIGN } content;

static float value(content c, int i)
{
    switch (c) {
    case ZERO: return 0.0f;
    case LARGEST: return i % 3 ? 1e30f : -1e30f;
    case OUTLIER: return i == 5 ? 1000.0f : uniform();
    case ONE_SIGN: return 3.0f;
    default: return uniform();
    }
}

/* Product of the same numbers by one table, packed for it. */
static void product(const rh_kernels *k, int rows, int cols, int n, content c, float *y, bool add)
{
    rh_qmat w;
    rh_qvec x;
    static float row[RH_KERNEL_MAX_COLS];
    assert_int_equal(rh_qmat_init(&w, rows, cols, true, NULL), RH_OK);
    assert_int_equal(rh_qvec_init(&x, n, cols), RH_OK);
    seed = (uint32_t)(rows * 31 + cols * 7 + n);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < cols; i++)
            row[i] = value(c, i + r);
        rh_qmat_set_row(&w, k, r, row);
        w.bias[r] = uniform();
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < cols; j++)
            row[j] = value(c, j);
        k->quantise(row, &x, i);
    }
    for (int i = 0; i < n * rows; i++)
        y[i] = (float)i;
    k->gemm(&w, 0, w.n_blocks, &x, y, (size_t)rows, add);
    rh_qmat_done(&w);
    rh_qvec_done(&x);
}

static void every_table_gives_the_bits_of_portable_c(void **state)
{
    (void)state;
    needs_other_kernels();
    static const int rows[] = {1, 16, 47}, cols[] = {4, 68, 1500};
    static float want[47 * MAX_VECTORS], got[47 * MAX_VECTORS];
    const rh_kernels *c = rh_kernels_named("c");
    for (int t = 0; t < N_NAMES; t++) {
        const rh_kernels *k = rh_kernels_named(names[t]);
        if (!k) {
            print_message("%s: not on this machine\n", names[t]);
            continue;
        }
        for (int r = 0; r < 3; r++)
            for (int j = 0; j < 3; j++)
                for (int n = 1; n <= MAX_VECTORS; n += n < 9 ? 1 : 5)
                    for (content kind = PLAIN; kind <= ONE_SIGN; kind++) {
                        bool add = n % 2;
                        product(c, rows[r], cols[j], n, kind, want, add);
                        product(k, rows[r], cols[j], n, kind, got, add);
                        assert_memory_equal(want, got, (size_t)(n * rows[r]) * sizeof *want);
                    }
    }
}

/* As many columns as are summed in one go and one group more, the widest layer of a large model, and as many columns as 32 bits can sum: all at their ends. */
static void wide_rows_do_not_overflow(void **state)
{
    (void)state;
    needs_other_kernels();
    static const int cols[] = {1024, 1028, 5120, RH_KERNEL_MAX_COLS};
    static float want[4], got[4];
    const rh_kernels *c = rh_kernels_named("c");
    for (int t = 0; t < N_NAMES; t++) {
        const rh_kernels *k = rh_kernels_named(names[t]);
        for (size_t j = 0; j < sizeof cols / sizeof *cols && k; j++)
            for (content kind = PLAIN; kind <= ONE_SIGN; kind++) {
                product(c, 2, cols[j], 2, kind, want, false);
                product(k, 2, cols[j], 2, kind, got, false);
                assert_memory_equal(want, got, sizeof want);
                if (kind == ONE_SIGN) /* the exact product of equal values */
                    for (int i = 0; i < 4; i++)
                        assert_float_equal(want[i], (float)cols[j] * 9.0f, 0.01f * (float)cols[j]);
            }
    }
}

static void gemm_agrees_with_floats(void **state)
{
    (void)state;
    enum { R = 48, C = 512 };
    const rh_kernels *k = rh_kernels_best();
    static float w[R][C], x[C], y[R];
    rh_qmat q;
    rh_qvec v;
    assert_int_equal(rh_qmat_init(&q, R, C, false, NULL), RH_OK);
    assert_int_equal(rh_qvec_init(&v, 1, C), RH_OK);
    for (int i = 0; i < C; i++)
        x[i] = uniform();
    for (int r = 0; r < R; r++) {
        for (int i = 0; i < C; i++)
            w[r][i] = uniform();
        rh_qmat_set_row(&q, k, r, w[r]);
    }
    k->quantise(x, &v, 0);
    k->gemm(&q, 0, q.n_blocks, &v, y, R, false);
    for (int r = 0; r < R; r++) {
        double exact = 0.0, size = 0.0;
        for (int i = 0; i < C; i++) {
            exact += (double)w[r][i] * (double)x[i];
            size += (double)(w[r][i] * w[r][i]) * (double)(x[i] * x[i]);
        }
        assert_true(fabs(exact - (double)y[r]) < 0.02 * sqrt(size));
        float back[C];
        rh_qmat_get_row(&q, k, r, back);
        for (int i = 0; i < C; i++)
            assert_true(fabsf(back[i] - w[r][i]) <= 1.01f / 254.0f);
    }
    rh_qmat_done(&q);
    rh_qvec_done(&v);
}

static void one_vector_equals_many(void **state)
{
    (void)state;
    enum { R = 80, C = 256, N = 13 };
    const rh_kernels *k = rh_kernels_best();
    static float many[N][R], one[R], x[C];
    rh_qmat w;
    rh_qvec v;
    assert_int_equal(rh_qmat_init(&w, R, C, false, NULL), RH_OK);
    assert_int_equal(rh_qvec_init(&v, N, C), RH_OK);
    for (int r = 0; r < R; r++) {
        for (int i = 0; i < C; i++)
            x[i] = uniform();
        rh_qmat_set_row(&w, k, r, x);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < C; j++)
            x[j] = uniform();
        k->quantise(x, &v, i);
    }
    k->gemm(&w, 0, w.n_blocks, &v, many[0], R, false);
    for (int i = 0; i < N; i++) {
        rh_qvec single = {
            .q = v.q + (size_t)i * 2 * C, .scale = v.scale + i, .sum = v.sum + 2 * i, .n = 1, .n_cols = C};
        k->gemm(&w, 0, w.n_blocks, &single, one, R, false);
        assert_memory_equal(one, many[i], sizeof one);
    }
    rh_qmat_done(&w);
    rh_qvec_done(&v);
}

/* Every kernel on n values, those that take blocks of 16 on as many as there are. */
static void compare_float_kernels(const rh_kernels *c, const rh_kernels *k, const float *x, const float *gain,
                                  const float *shift, int n)
{
    static float a[MAX_FLOATS], b[MAX_FLOATS];
    size_t all = (size_t)n * sizeof *a;
    int even = n / 16 * 16;
    memcpy(a, x, all), memcpy(b, x, all);
    c->gelu(a, n), k->gelu(b, n);
    assert_memory_equal(a, b, all);
    memcpy(a, x, all), memcpy(b, x, all);
    c->softmax(a, n), k->softmax(b, n);
    assert_memory_equal(a, b, all);
    c->axpy(0.3f, x, a, n), k->axpy(0.3f, x, b, n);
    assert_memory_equal(a, b, all);
    memcpy(a, shift, all), memcpy(b, shift, all); /* cells; behind them what they give */
    c->lstm(x, a, a + n / 4, n / 4), k->lstm(x, b, b + n / 4, n / 4);
    assert_memory_equal(a, b, all);
    rh_row_stats sa, sb;
    c->stats(x, n, &sa), k->stats(x, n, &sb);
    assert_memory_equal(&sa, &sb, sizeof sa);
    if (even == 0)
        return;
    c->layer_norm(x, gain, shift, a, even), k->layer_norm(x, gain, shift, b, even);
    assert_memory_equal(a, b, (size_t)even * sizeof *a);
    float da = c->dot(x, gain, even), db = k->dot(x, gain, even);
    assert_memory_equal(&da, &db, sizeof da);
}

static void float_kernels_agree_bit_by_bit(void **state)
{
    (void)state;
    needs_other_kernels();
    static const int sizes[] = {64, 384, 512, 768, 1003, 1024, 1280, 1500, MAX_FLOATS};
    static float x[MAX_FLOATS], gain[MAX_FLOATS], shift[MAX_FLOATS];
    const rh_kernels *c = rh_kernels_named("c");
    for (int i = 0; i < MAX_FLOATS; i++) {
        x[i] = uniform() * (i % 7 ? 4.0f : 30.0f);
        gain[i] = uniform();
        shift[i] = uniform();
    }
    for (int t = 0; t < N_NAMES; t++) {
        const rh_kernels *k = rh_kernels_named(names[t]);
        if (!k)
            continue;
        for (int n = 1; n < 50; n++)
            compare_float_kernels(c, k, x, gain, shift, n);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            compare_float_kernels(c, k, x, gain, shift, sizes[i]);
    }
}

static void gelu_and_softmax_are_exact_enough(void **state)
{
    (void)state;
    const rh_kernels *k = rh_kernels_best();
    float x[401], y[401];
    for (int i = 0; i <= 400; i++)
        x[i] = y[i] = (float)(i - 200) * 0.05f;
    k->gelu(y, 401);
    for (int i = 0; i <= 400; i++) {
        double v = (double)x[i], want = 0.5 * v * (1.0 + erf(v / sqrt(2.0)));
        assert_true(fabs(want - (double)y[i]) < 1e-6);
    }
    memcpy(y, x, sizeof y);
    k->softmax(y, 401);
    double sum = 0.0;
    for (int i = 0; i <= 400; i++)
        sum += exp((double)x[i] - 10.0);
    for (int i = 0; i <= 400; i++) {
        double want = exp((double)x[i] - 10.0) / sum;
        assert_true(fabs(want - (double)y[i]) <= 1e-6 * want + 1e-12);
    }
}

static void lstm_gates_are_exact_enough(void **state)
{
    enum { N = 64 };
    (void)state;
    const rh_kernels *k = rh_kernels_best();
    float gates[4][N], cell[N], hidden[N];
    for (int i = 0; i < N; i++) {
        for (int g = 0; g < 4; g++)
            gates[g][i] = uniform() * (i < 32 ? 8.0f : 200.0f);
        cell[i] = uniform() * 3.0f;
        double in = 1 / (1 + exp(-(double)gates[0][i])), forget = 1 / (1 + exp(-(double)gates[1][i]));
        double c = forget * (double)cell[i] + in * tanh((double)gates[2][i]);
        double h = tanh(c) / (1 + exp(-(double)gates[3][i]));
        float one[4] = {gates[0][i], gates[1][i], gates[2][i], gates[3][i]}, of_cell = cell[i], of_hidden;
        k->lstm(one, &of_cell, &of_hidden, 1);
        assert_true(fabs(c - (double)of_cell) < 1e-6 && fabs(h - (double)of_hidden) < 1e-6);
        hidden[i] = of_hidden;
    }
    float before[N];
    memcpy(before, hidden, sizeof before);
    k->lstm(gates[0], cell, hidden, N);
    assert_memory_equal(before, hidden, sizeof before); /* one by one or together */
}

static void stats_describe_a_masked_row(void **state)
{
    (void)state;
    const rh_kernels *k = rh_kernels_best();
    float x[50];
    rh_row_stats s;
    for (int i = 0; i < 50; i++)
        x[i] = -INFINITY;
    x[31] = 2.0f;
    k->stats(x, 50, &s);
    assert_int_equal(s.argmax, 31);
    assert_int_equal(s.second, -1);
    x[7] = 1.0f;
    k->stats(x, 50, &s);
    assert_int_equal(s.argmax, 31);
    assert_int_equal(s.second, 7);
    assert_true(fabsf(s.sum - (1.0f + expf(-1.0f))) < 1e-6f);
    assert_true(fabsf(s.sum_x + expf(-1.0f)) < 1e-6f);
    x[7] = 2.0f; /* equal ones: the first is best */
    k->stats(x, 50, &s);
    assert_int_equal(s.argmax, 7);
    assert_int_equal(s.second, 31);
}

static void numbers_that_are_none_do_no_harm(void **state)
{
    (void)state;
    const rh_kernels *k = rh_kernels_best();
    float x[64];
    rh_qvec v;
    rh_row_stats s;
    assert_int_equal(rh_qvec_init(&v, 1, 64), RH_OK);
    for (int i = 0; i < 64; i++)
        x[i] = i % 2 ? NAN : INFINITY;
    k->quantise(x, &v, 0);
    k->stats(x, 64, &s);
    assert_in_range(s.argmax, 0, 63);
    for (int i = 0; i < 64; i++)
        x[i] = NAN;
    k->stats(x, 64, &s);
    assert_in_range(s.argmax, 0, 63);
    rh_qvec_done(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_gives_the_bits_of_portable_c),
        cmocka_unit_test(wide_rows_do_not_overflow),
        cmocka_unit_test(gemm_agrees_with_floats),
        cmocka_unit_test(one_vector_equals_many),
        cmocka_unit_test(float_kernels_agree_bit_by_bit),
        cmocka_unit_test(gelu_and_softmax_are_exact_enough),
        cmocka_unit_test(lstm_gates_are_exact_enough),
        cmocka_unit_test(stats_describe_a_masked_row),
        cmocka_unit_test(numbers_that_are_none_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
