/* kernels_conv_tiles.h - the operations of kernels_conv_internal.h, compiled once in each kernels_conv_*.c with that
 * file's vectors, which it defines:
 *   ROWS (a multiple of 3) pixels of a tile; WIDE floats of a vector; TOGETHER panels of a tile where there are so many;
 *   vf, a vector; the operations LOAD, LOAD_HALF (of uint16_t), STORE, SPREAD, FMA (a * b + c), LARGER
 *   and SMALLER;
 *   where there are products of whole numbers: DOT(acc, w, x), which adds products of int16_t in pairs to sums of 32
 *   bits; vi, a vector of these; LOAD_WHOLE, SPREAD_WHOLE, TO_FLOAT, MAGNITUDE; STORE_NARROW of as many vectors as are
 *   a panel; FEW_REGISTERS, 1 where sums and DOT need all of them.
 * All sums of a tile stay in registers. */
#ifndef RH_KERNELS_CONV_TILES_H
#define RH_KERNELS_CONV_TILES_H

#include <stdbool.h>
#include <string.h>
#include "kernels_conv_internal.h"

#define INLINE static inline __attribute__((always_inline))

/* A single pixel has so many panels a tile that no sum waits for the one before it; two have half as many. */
enum { PER_PANEL = RH_CONV_PANEL / WIDE, ALONE = WIDE < 8 ? 2 : WIDE / 2, WIDEST = ALONE * PER_PANEL };

typedef enum { FLOATS, HALVES, WHOLE } weights;

/* `rows` pixels from `first` on, `panels` panels from `panel` on: numbers the compiler knows. */
INLINE void sum_up(const rh_conv_product *p, int first, int rows, int panel, int panels, bool half,
                   vf acc[ROWS][WIDEST])
{
    size_t k = (size_t)p->k, ld = p->ld_a, at = (size_t)panel * RH_CONV_PANEL;
    size_t apart = k * (size_t)p->n_rows * RH_CONV_PANEL; /* panels */
    const float *a = p->a + (size_t)first * ld, *w = half ? NULL : p->w + (size_t)panel * apart;
    const uint16_t *h = half ? p->half + (size_t)panel * apart : NULL;
    int vectors = panels * PER_PANEL;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++)
            acc[r][v] = LOAD(p->bias + at + v * WIDE);
    for (int line = 0; line < p->n_rows; line++, a += p->ld_row - k)
        for (size_t j = 0; j < k; j++, a++) {
            vf b[WIDEST];
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) {
                size_t column_at = (size_t)(v / PER_PANEL) * apart + (size_t)(v % PER_PANEL * WIDE);
                b[v] = half ? LOAD_HALF(h + column_at) : LOAD(w + column_at);
            }
            if (half)
                h += RH_CONV_PANEL;
            else
                w += RH_CONV_PANEL;
            const float *pixel = a;
#pragma GCC unroll 4
            for (int i = 0; i < rows; i += 3, pixel += 3 * ld)
#pragma GCC unroll 3
                for (int r = 0; r < 3; r++)
                    if (i + r < rows) {
                        vf x = SPREAD(pixel[(size_t)r * ld]);
#pragma GCC unroll 8
                        for (int v = 0; v < vectors; v++)
                            acc[i + r][v] = FMA(x, b[v], acc[i + r][v]);
                    }
        }
}

#ifdef DOT
INLINE int32_t pair(const int16_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The same of whole numbers. */
INLINE void sum_up_whole(const rh_conv_product *p, int first, int rows, int panel, int panels, vf acc[ROWS][WIDEST])
{
    size_t k = (size_t)p->k, apart = k * RH_CONV_PANEL;
    const int16_t *a = p->a16 + (size_t)first * k, *w = p->w16 + (size_t)panel * apart;
    int vectors = panels * PER_PANEL;
    vi sum[ROWS][WIDEST];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++)
            sum[r][v] = (vi){0};
    for (const int16_t *end = a + k; a < end; a += 2, w += 2 * RH_CONV_PANEL) {
        vi b[WIDEST];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            b[v] = LOAD_WHOLE(w + (size_t)(v / PER_PANEL) * apart + (size_t)(v % PER_PANEL * WIDE * 2));
        const int16_t *pixel = a;
#pragma GCC unroll 4
        for (int i = 0; i < rows; i += 3, pixel += 3 * k)
#pragma GCC unroll 3
            for (int r = 0; r < 3; r++)
                if (i + r < rows) {
                    vi x = SPREAD_WHOLE(pair(pixel + (size_t)r * k));
#pragma GCC unroll 8
                    for (int v = 0; v < vectors; v++)
                        sum[i + r][v] = DOT(sum[i + r][v], b[v], x);
                }
        __asm__("" : "+r"(a)); /* else every pixel has a pointer, and these leave their registers */
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        size_t column = (size_t)panel * RH_CONV_PANEL + (size_t)(v * WIDE);
        vf scale = LOAD(p->w_scale + column) * SPREAD(p->a_scale), bias = LOAD(p->bias + column);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++)
            acc[r][v] = FMA(TO_FLOAT(sum[r][v]), scale, bias);
    }
}

/* What is not finite becomes -2^15; sums may then wrap around. */
static float narrow(const float *a, size_t n, int16_t *out)
{
    enum { ASIDE = 4 }; /* so that no maximum waits for the one before it */
    vf most[ASIDE] = {{0}};
    float largest = 0.0f, lane[WIDE];
    size_t i = 0;
    for (; i + ASIDE * WIDE <= n; i += ASIDE * WIDE)
#pragma GCC unroll 4
        for (size_t v = 0; v < ASIDE; v++)
            most[v] = LARGER(MAGNITUDE(LOAD(a + i + v * WIDE)), most[v]);
    for (; i < n; i += WIDE)
        most[0] = LARGER(MAGNITUDE(LOAD(a + i)), most[0]);
    STORE(lane, LARGER(LARGER(most[0], most[1]), LARGER(most[2], most[3])));
    for (int j = 0; j < WIDE; j++)
        largest = lane[j] > largest ? lane[j] : largest;
    vf inverse = SPREAD(largest > 1e-30f ? (float)RH_CONV_LEVELS / largest : 0.0f);
    for (i = 0; i < n; i += RH_CONV_PANEL) {
        vf x[PER_PANEL];
#pragma GCC unroll 4
        for (size_t v = 0; v < PER_PANEL; v++)
            x[v] = LOAD(a + i + v * WIDE) * inverse;
        STORE_NARROW(out + i, x);
    }
    return largest / (float)RH_CONV_LEVELS;
}
#endif

INLINE void tile(const rh_conv_product *p, int first, int rows, int panel, int panels, weights kind)
{
    size_t at = (size_t)panel * RH_CONV_PANEL;
    int vectors = panels * PER_PANEL;
    vf acc[ROWS][WIDEST], zero = SPREAD(0.0f);
#ifdef DOT
    if (kind == WHOLE)
        sum_up_whole(p, first, rows, panel, panels, acc);
    else
#endif
        sum_up(p, first, rows, panel, panels, kind == HALVES, acc);
#if defined(DOT) && FEW_REGISTERS
    __asm__("" : "+x"(zero)); /* made here: no register is left for it before */
#endif
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        size_t column = at + (size_t)(v * WIDE);
        vf slope = p->slope ? LOAD(p->slope + column) : SPREAD(1.0f);
        bool more = panel + v / PER_PANEL < p->add_panels;
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            vf x = acc[r][v];
            if (more)
                x += LOAD(p->add + (size_t)(first + r) * p->ld_add + column);
            x = FMA(SMALLER(x, zero), slope, LARGER(x, zero));
            STORE(p->out + (size_t)(first + r) * p->ld_out + column, x);
        }
    }
}

INLINE void columns(const rh_conv_product *p, int panel, int panels, weights kind)
{
    int i = 0;
    for (; i + ROWS <= p->n; i += ROWS)
        tile(p, i, ROWS, panel, panels, kind);
    switch (p->n - i) {
    case 11: tile(p, i, ROWS > 11 ? 11 : 1, panel, panels, kind); break;
    case 10: tile(p, i, ROWS > 10 ? 10 : 1, panel, panels, kind); break;
    case 9: tile(p, i, ROWS > 9 ? 9 : 1, panel, panels, kind); break;
    case 8: tile(p, i, ROWS > 8 ? 8 : 1, panel, panels, kind); break;
    case 7: tile(p, i, ROWS > 7 ? 7 : 1, panel, panels, kind); break;
    case 6: tile(p, i, ROWS > 6 ? 6 : 1, panel, panels, kind); break;
    case 5: tile(p, i, ROWS > 5 ? 5 : 1, panel, panels, kind); break;
    case 4: tile(p, i, ROWS > 4 ? 4 : 1, panel, panels, kind); break;
    case 3: tile(p, i, ROWS > 3 ? 3 : 1, panel, panels, kind); break;
    case 2: tile(p, i, 2, panel, panels, kind); break;
    case 1: tile(p, i, 1, panel, panels, kind); break;
    default: break;
    }
}

INLINE void all_columns(const rh_conv_product *p, weights kind)
{
    int i = 0;
    for (; p->n == 1 && i + ALONE <= p->n_panels; i += ALONE)
        tile(p, 0, 1, i, ALONE, kind);
    for (; p->n == 2 && i + ALONE / 2 <= p->n_panels; i += ALONE / 2)
        tile(p, 0, 2, i, ALONE / 2, kind);
    for (; i + TOGETHER <= p->n_panels; i += TOGETHER)
        columns(p, i, TOGETHER, kind);
    for (; i < p->n_panels; i++)
        columns(p, i, 1, kind);
}

static void product(const rh_conv_product *p)
{
#ifdef DOT
    if (p->w16) {
        all_columns(p, WHOLE);
        return;
    }
#endif
    if (p->w)
        all_columns(p, FLOATS);
    else
        all_columns(p, HALVES);
}

/* A pixel beside the ends of the rows. */
INLINE vf at_end(const rh_conv_depthwise *d, size_t at, int from)
{
    size_t c = (size_t)d->channels;
    vf sum = LOAD(d->bias + at);
    for (int i = 0; i < 9; i++)
        if (from + i % 3 >= 0 && from + i % 3 < d->width)
            sum = FMA(LOAD(d->row[i / 3] + (size_t)(from + i % 3) * c + at), LOAD(d->w + (size_t)i * c + at), sum);
    return sum;
}

INLINE void filter(const rh_conv_depthwise *d, size_t at, int stride)
{
    size_t c = (size_t)d->channels, step = (size_t)stride * c;
    float *out = d->out + at;
    vf w[9], bias = LOAD(d->bias + at);
#pragma GCC unroll 9
    for (size_t i = 0; i < 9; i++)
        w[i] = LOAD(d->w + i * c + at);
    int x = 0, from = -d->left;
    for (; from < 0 && x < d->n; x++, from += stride, out += c)
        STORE(out, at_end(d, at, from));
    size_t o = (size_t)from * c + at;
    const float *above = d->row[0] + o, *here = d->row[1] + o, *below = d->row[2] + o;
    for (; from + 3 <= d->width && x < d->n; x++, from += stride, out += c) {
        vf sum = bias;
#pragma GCC unroll 3
        for (size_t i = 0; i < 3; i++) {
            sum = FMA(LOAD(above + i * c), w[i], sum);
            sum = FMA(LOAD(here + i * c), w[3 + i], sum);
            sum = FMA(LOAD(below + i * c), w[6 + i], sum);
        }
        STORE(out, sum);
        above += step;
        here += step;
        below += step;
    }
    for (; x < d->n; x++, from += stride, out += c)
        STORE(out, at_end(d, at, from));
}

static void depthwise(const rh_conv_depthwise *d)
{
    for (size_t at = 0; at < (size_t)d->channels; at += WIDE)
        if (d->stride == 1)
            filter(d, at, 1);
        else
            filter(d, at, 2);
}

static void pool(const float *a, const float *b, int n, int channels, float *out)
{
    size_t c = (size_t)channels;
    for (int x = 0; x < n; x++, a += 2 * c, b += 2 * c, out += c)
        for (size_t i = 0; i < c; i += WIDE)
            STORE(out + i, LARGER(LARGER(LOAD(a + i), LOAD(a + c + i)), LARGER(LOAD(b + i), LOAD(b + c + i))));
}

#endif
