/* The encoder's products, every table this machine has, against sums in double over the same bytes and floats:
 * whole tiles and parts of them, one group and several, values at their ends, in place and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include "rehearse/base/alloc.h"
#include "rehearse/nn/gemm.h"

enum { OUT = 128, GROUP = 64, MAX_ROWS = 27, LD = OUT + 16 };
static const char *const names[] = {"avx512", "avxvnni", "avx2"};
enum { N_NAMES = sizeof names / sizeof *names };

static uint32_t seed = 1;

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

static void needs_kernels(void)
{
    if (!rh_gemm_best())
        skip();
}

typedef enum { PLAIN, ENDS, ZERO, NO_NUMBERS, N_CONTENTS } content;

static float value(content c, int i)
{
    switch (c) {
    case ENDS: return i % 7 ? 1.0f : -1.0f; /* nearly all products as large as they get */
    case ZERO: return 0.0f;
    case NO_NUMBERS: return i % 5 ? uniform() : NAN;
    default: return uniform();
    }
}

/* Step of a weight or an activation, by the packing that gemm.h tells. */
static int weight(const rh_gemm *g, const rh_gemm_weights *w, int out, int in)
{
    int c = g->columns;
    return w->q[((out / c * (w->n_in / 4) + in / 4) * c + out % c) * 4 + in % 4];
}

static int activation(const rh_gemm *g, const rh_gemm_rows *x, int row, int in)
{
    return x->q[((row / g->rows * (x->n_in / 4) + in / 4) * g->rows + row % g->rows) * 4 + in % 4];
}

static double by_hand(const rh_gemm *g, const rh_gemm_weights *w, const rh_gemm_rows *x, int row, int out)
{
    double y = (double)w->bias[out];
    for (int in = 0; in < w->n_in; in++) {
        double scale = (double)x->scale[in / x->group * x->max_rows + row];
        y += ((double)weight(g, w, out, in) - (double)w->zero[out]) * (double)w->scale[out] * scale *
             (double)activation(g, x, row, in);
    }
    return y;
}

static void one_product(const rh_gemm *g, int n_in, int rows, content c, bool in_place)
{
    rh_gemm_weights w;
    rh_gemm_rows x;
    static float row[4 * GROUP], y[MAX_ROWS * LD], from[MAX_ROWS * LD];
    assert_int_equal(rh_gemm_weights_init(&w, n_in, OUT), RH_OK);
    assert_int_equal(rh_gemm_rows_init(g, &x, MAX_ROWS, n_in, GROUP), RH_OK);
    for (int o = 0; o < OUT; o++) {
        for (int i = 0; i < n_in; i++)
            row[i] = value(c == NO_NUMBERS ? PLAIN : c, i + o);
        rh_gemm_set(g, &w, o, row, 0.5f);
        w.bias[o] = uniform();
    }
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < n_in / GROUP; k++) {
            for (int i = 0; i < GROUP; i++)
                row[i] = (float)(k + 1) * value(c == NO_NUMBERS && r != 1 ? PLAIN : c, i);
            rh_gemm_quantise(g, &x, r, k, row);
        }
    for (int i = 0; i < MAX_ROWS * LD; i++)
        y[i] = from[i] = uniform();
    int p0 = in_place ? 0 : 1, panels = OUT / g->columns;
    g->product8(&w, p0, panels, &x, rows, in_place ? y : NULL, y, LD);
    for (int r = 0; r < MAX_ROWS; r++)
        for (int o = 0; o < LD; o++) {
            float got = y[r * LD + o];
            int out = o + p0 * g->columns;
            if (r >= rows || out >= OUT) {
                assert_true(got == from[r * LD + o]); /* nothing else is touched */
                continue;
            }
            double want = by_hand(g, &w, &x, r, out) + (in_place ? (double)from[r * LD + o] : 0.0);
            if (!(fabs((double)got - want) <= 2e-4 + 2e-5 * fabs(want)) && !(c == NO_NUMBERS && r == 1))
                fail_msg("%s: %d columns, %d rows, content %d: row %d, %d is %g, not %g", g->name, n_in, rows, c, r,
                         out, (double)got, want);
        }
    rh_gemm_weights_done(&w);
    rh_gemm_rows_done(&x);
}

static void bytes_are_multiplied_exactly(void **state)
{
    (void)state;
    needs_kernels();
    for (int t = 0; t < N_NAMES; t++) {
        const rh_gemm *g = rh_gemm_named(names[t]);
        for (int rows = 1; g && rows <= MAX_ROWS; rows++)
            for (content c = PLAIN; c < N_CONTENTS; c++) {
                one_product(g, GROUP, rows, c, rows % 2);
                one_product(g, 4 * GROUP, rows, c, rows % 3 == 0);
            }
    }
}

/* What is packed is what was given, to half a step. */
static void rounding_is_to_nearest(void **state)
{
    (void)state;
    needs_kernels();
    for (int t = 0; t < N_NAMES; t++) {
        const rh_gemm *g = rh_gemm_named(names[t]);
        rh_gemm_weights w;
        rh_gemm_rows x;
        float row[GROUP];
        if (!g)
            continue;
        assert_int_equal(rh_gemm_weights_init(&w, GROUP, OUT), RH_OK);
        assert_int_equal(rh_gemm_rows_init(g, &x, 3, GROUP, GROUP), RH_OK);
        for (int i = 0; i < GROUP; i++)
            row[i] = uniform() + 0.5f;
        rh_gemm_set(g, &w, OUT - 1, row, 2.0f);
        rh_gemm_quantise(g, &x, 2, 0, row);
        float sum = 0.0f;
        for (int i = 0; i < GROUP; i++) {
            float v = ((float)weight(g, &w, OUT - 1, i) - w.zero[OUT - 1]) * w.scale[OUT - 1];
            assert_true(fabsf(v - 2.0f * row[i]) <= w.scale[OUT - 1] * 0.51f);
            assert_true(fabsf((float)activation(g, &x, 2, i) * x.scale[2] - row[i]) <= x.scale[2] * 0.51f);
            sum += (float)activation(g, &x, 2, i);
        }
        assert_true(x.sum[2] == sum);
        rh_gemm_weights_done(&w);
        rh_gemm_rows_done(&x);
    }
}

static void floats_are_multiplied(void **state)
{
    (void)state;
    needs_kernels();
    enum { K = 83, LD_A = K + 2 };
    static float a[(MAX_ROWS + RH_GEMM_MAX_TILE) * LD_A], b[K * OUT], bias[OUT], c[MAX_ROWS * LD],
        before[MAX_ROWS * LD];
    for (int i = 0; i < (MAX_ROWS + RH_GEMM_MAX_TILE) * LD_A; i++)
        a[i] = uniform();
    for (int i = 0; i < K * OUT; i++)
        b[i] = uniform();
    for (int i = 0; i < OUT; i++)
        bias[i] = uniform();
    for (int t = 0; t < N_NAMES; t++) {
        const rh_gemm *g = rh_gemm_named(names[t]);
        for (int rows = 1; g && rows <= MAX_ROWS; rows++) {
            bool add = rows % 2, with_bias = rows % 3;
            for (int i = 0; i < MAX_ROWS * LD; i++)
                c[i] = before[i] = uniform();
            g->product(a, LD_A, b, K, OUT / g->columns, with_bias ? bias : NULL, c, LD, rows, add);
            for (int r = 0; r < MAX_ROWS; r++)
                for (int o = 0; o < LD; o++) {
                    double want = r >= rows || o >= OUT || add ? (double)before[r * LD + o] : 0.0;
                    for (int k = 0; k < K && r < rows && o < OUT; k++)
                        want +=
                            (double)a[r * LD_A + k] * (double)b[(o / g->columns * K + k) * g->columns + o % g->columns];
                    if (r < rows && o < OUT && with_bias)
                        want += (double)bias[o];
                    assert_true(fabs((double)c[r * LD + o] - want) < 1e-4);
                }
        }
    }
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    needs_kernels();
    for (long n = 1; n <= 4; n++) {
        rh_gemm_weights w;
        rh_alloc_fail_at(n);
        assert_int_equal(rh_gemm_weights_init(&w, 4, OUT), RH_ERR_NOMEM);
    }
    for (long n = 1; n <= 3; n++) {
        rh_gemm_rows x;
        rh_alloc_fail_at(n);
        assert_int_equal(rh_gemm_rows_init(rh_gemm_best(), &x, 1, GROUP, GROUP), RH_ERR_NOMEM);
    }
    rh_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_multiplied_exactly),
        cmocka_unit_test(rounding_is_to_nearest),
        cmocka_unit_test(floats_are_multiplied),
        cmocka_unit_test(lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
