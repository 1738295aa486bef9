/* kernels_gemm_tiles.h - the products of nn/gemm.h, compiled once in each kernels_gemm_*.c with that file's
 * vectors, which it defines:
 *   ROWS rows of a tile; WIDE floats of a vector; vf, vi its types; the operations LOAD, STORE, LOAD_BYTES,
 *   SPREAD, SPREAD_BYTES, FMA (a * b + c), TO_FLOAT and DOT (adds products of bytes in fours to sums); FEW_REGISTERS.
 * A panel is two vectors wide; all sums of a tile stay in registers. */
#ifndef RH_KERNELS_GEMM_TILES_H
#define RH_KERNELS_GEMM_TILES_H

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>
#include "kernels_gemm_internal.h"

enum { COLUMNS = 2 * WIDE };

#define INLINE static inline __attribute__((always_inline))

INLINE int32_t four_bytes(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* `n` columns from `w` on; scale and sum are those of the rows. */
INLINE void tile8(const uint8_t *w, const int8_t *x, int n, const rh_gemm_weights *m, int column, const float *scale,
                  const float *sum, const float *from, bool with_bias, float *y, size_t ld, int rows)
{
    vi acc[ROWS][2];
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++)
        acc[i][0] = acc[i][1] = (vi){0};
    for (int c = 0; c < n; c += 4, w += 4 * COLUMNS, x += 4 * ROWS) {
#if FEW_REGISTERS /* for what DOT needs: rows are loaded for each half */
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            vi v = LOAD_BYTES(w + 4 * WIDE * h);
#pragma GCC unroll 12
            for (int i = 0; i < ROWS; i++)
                acc[i][h] = DOT(acc[i][h], v, SPREAD_BYTES(four_bytes(x + 4 * i)));
            __asm__("" : "+r"(x));
        }
#else
        vi w0 = LOAD_BYTES(w), w1 = LOAD_BYTES(w + 4 * WIDE);
#pragma GCC unroll 12
        for (int i = 0; i < ROWS; i++) {
            vi a = SPREAD_BYTES(four_bytes(x + 4 * i));
            acc[i][0] = DOT(acc[i][0], w0, a);
            acc[i][1] = DOT(acc[i][1], w1, a);
        }
#endif
    }
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++)
        if (i < rows)
#pragma GCC unroll 2
            for (int h = 0; h < 2; h++) {
                int at = column + h * WIDE;
                vf v = FMA(SPREAD(-sum[i]), LOAD(m->zero + at), TO_FLOAT(acc[i][h]));
                vf by = SPREAD(scale[i]) * LOAD(m->scale + at);
                vf more = with_bias ? LOAD(m->bias + at) : (vf){0};
                if (from)
                    more += LOAD(from + (size_t)i * ld + (size_t)(h * WIDE));
                STORE(y + (size_t)i * ld + (size_t)(h * WIDE), FMA(v, by, more));
            }
}

static void product8(const rh_gemm_weights *w, int panel0, int panel1, const rh_gemm_rows *x, int n, const float *from,
                     float *y, size_t ld)
{
    size_t n_in = (size_t)w->n_in, group = (size_t)x->group;
    for (int p = panel0; p < panel1; p++) {
        size_t at = (size_t)(p - panel0) * COLUMNS;
        for (size_t g = 0; g * group < n_in; g++) {
            const uint8_t *panel = w->q + ((size_t)p * n_in + g * group) * COLUMNS;
            const float *base = g == 0 ? from : y;
            const float *scale = x->scale + g * (size_t)x->max_rows, *sum = x->sum + g * (size_t)x->max_rows;
            for (int i = 0; i < n; i += ROWS) {
                size_t row = (size_t)i * ld + at;
                tile8(panel, x->q + (size_t)i * n_in + g * group * ROWS, x->group, w, p * COLUMNS, scale + i, sum + i,
                      base ? base + row : NULL, g == 0, y + row, ld, n - i);
            }
        }
    }
}

INLINE void tile(const float *a, size_t ld_a, const float *b, int k, const float *bias, float *c, size_t ld_c, int rows,
                 bool add)
{
    vf acc[ROWS][2];
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++)
        acc[i][0] = acc[i][1] = (vf){0};
    for (int j = 0; j < k; j++, a++, b += COLUMNS) {
        vf b0 = LOAD(b), b1 = LOAD(b + WIDE);
        const float *row = a;
#pragma GCC unroll 4
        for (int i = 0; i < ROWS; i += 3, row += 3 * ld_a)
#pragma GCC unroll 3
            for (int r = 0; r < 3; r++) {
                vf x = SPREAD(row[(size_t)r * ld_a]); /* one at a time: there are 16 registers */
                acc[i + r][0] = FMA(x, b0, acc[i + r][0]);
                acc[i + r][1] = FMA(x, b1, acc[i + r][1]);
            }
    }
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++)
        if (i < rows)
#pragma GCC unroll 2
            for (int h = 0; h < 2; h++) {
                float *to = c + (size_t)i * ld_c + (size_t)(h * WIDE);
                vf v = acc[i][h];
                if (bias)
                    v += LOAD(bias + h * WIDE);
                if (add)
                    v += LOAD(to);
                STORE(to, v);
            }
}

static void product(const float *a, size_t ld_a, const float *b, int k, int n_panels, const float *bias, float *c,
                    size_t ld_c, int n, int add)
{
    for (int p = 0; p < n_panels; p++)
        for (int i = 0; i < n; i += ROWS)
            tile(a + (size_t)i * ld_a, ld_a, b + (size_t)p * (size_t)k * COLUMNS, k, bias ? bias + p * COLUMNS : NULL,
                 c + (size_t)i * ld_c + (size_t)p * COLUMNS, ld_c, n - i, add);
}

/* Columns of one row in bytes. */
static void quantise(const float *x, int n, int8_t *q, float *scale, float *sum)
{
    vf max = {0};
    for (int i = 0; i < n; i += WIDE)
        max = LARGER(MAGNITUDE(LOAD(x + i)), max); /* NaN: keeps max */
    float lanes[WIDE], m = 0.0f;
    STORE(lanes, max);
    for (int l = 0; l < WIDE; l++)
        m = lanes[l] > m ? lanes[l] : m;
    float inv = m > 1e-30f ? 127.0f / m : 0.0f;
    int32_t total = 0;
    for (int i = 0; i < n; i += WIDE) {
        int32_t part[WIDE];
        STORE_WHOLE(part, TO_WHOLE(LOAD(x + i) * SPREAD(inv)));
        for (int l = 0; l < WIDE; l += 4) {
            int8_t four[4] = {(int8_t)part[l], (int8_t)part[l + 1], (int8_t)part[l + 2], (int8_t)part[l + 3]};
            total += four[0] + four[1] + four[2] + four[3]; /* of what is no number: 0 */
            memcpy(q + (size_t)(i + l) * ROWS, four, sizeof four);
        }
    }
    *scale = m > 1e-30f ? m / 127.0f : 0.0f;
    *sum = (float)total;
}

#define GEMM_TABLE(called, steps)                                                                                      \
    {                                                                                                                  \
        .name = called, .rows = ROWS, .columns = COLUMNS, .levels = steps, .product8 = product8, .product = product,   \
        .quantise = quantise                                                                                           \
    }

#endif
