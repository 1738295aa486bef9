/* gemm.h - products of many rows with a matrix, for the speech encoder, one table per instruction set.
 *
 * In 8 bits: weights without sign, by columns of the result (w = (q - zero) * scale); rows with sign, in groups
 * of columns with a scale each. `levels` says how many steps weights have: 127 where pairs of products are added
 * in 16 bits (AVX2), else 255. In f32: both as they are.
 * Packing: the result is worked on in panels of `columns`, its rows in tiles of `rows`.
 * Threads: any; tables are constant. */
#ifndef RH_GEMM_H
#define RH_GEMM_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum { RH_GEMM_MAX_TILE = 12 }; /* no table's tile has more rows */

typedef struct {
    uint8_t *q;   /* [n_out / columns][n_in / 4][columns][4] */
    float *scale; /* [n_out] */
    float *zero;  /* [n_out] */
    float *bias;  /* [n_out] */
    int n_in, n_out;
} rh_gemm_weights;

typedef struct {
    int8_t *q;    /* [tiles][n_in / 4][rows][4] */
    float *scale; /* [n_in / group][max_rows] */
    float *sum;   /* of a row's group, likewise */
    int n_in, group, max_rows;
} rh_gemm_rows;

typedef struct {
    const char *name;
    int rows, columns, levels;

    /* y[i][c] = from[i][c] + row i of x times column c + its bias, for n rows and the columns of the panels
     * [panel0, panel1); c counts from the first of these. `from` may be y, NULL is 0; ld floats from row to row. */
    void (*product8)(const rh_gemm_weights *w, int panel0, int panel1, const rh_gemm_rows *x, int n, const float *from,
                     float *y, size_t ld);
    /* c[i] = (add ? c[i] : 0) + a[i] b + bias, for n rows of k floats; b is [n_panels][k][columns]; bias may be NULL. Reads,
     * but does not use, rows of a up to a whole tile. */
    void (*product)(const float *a, size_t ld_a, const float *b, int k, int n_panels, const float *bias, float *c,
                    size_t ld_c, int n, int add);
    /* n columns of a row as bytes: q steps by the rows of a tile. */
    void (*quantise)(const float *x, int n, int8_t *q, float *scale, float *sum);
} rh_gemm;

/* The best table of this machine, NULL where there is none; REHEARSE_ISA caps it (see cpu.h). */
const rh_gemm *rh_gemm_best(void);
/* "avx512", "avxvnni" or "avx2"; NULL where this build or machine lacks it. */
const rh_gemm *rh_gemm_named(const char *name);

/* n_in a multiple of 4, n_out of the table's columns. Bias is 0. RH_ERR_NOMEM. */
rh_status rh_gemm_weights_init(rh_gemm_weights *w, int n_in, int n_out);
void rh_gemm_weights_done(rh_gemm_weights *w);
/* Packs column `out` of the product from w[n_in], times `factor`. */
void rh_gemm_set(const rh_gemm *g, rh_gemm_weights *w, int out, const float *x, float factor);

/* group divides n_in; max_rows is rounded up to whole tiles. RH_ERR_NOMEM. */
rh_status rh_gemm_rows_init(const rh_gemm *g, rh_gemm_rows *x, int max_rows, int n_in, int group);
void rh_gemm_rows_done(rh_gemm_rows *x);
/* Columns [group_index * group, ...) of row `row` from x[group]. */
void rh_gemm_quantise(const rh_gemm *g, rh_gemm_rows *q, int row, int group_index, const float *x);

#endif
