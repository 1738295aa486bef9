/* kernels.h - arithmetic of the text decoder, one table per instruction set.
 *
 * Weights are int8 with one scale per row, packed in blocks of 16 rows by 4
 * columns, [block][n_cols / 4][16][4]: one 64-byte load is what a dot-product
 * instruction eats, and a block is read from front to back. Activations are
 * 15-bit integers with one scale per vector, held as two int8 parts (128 * high
 * + low; AVX2, which has no such instruction, holds them whole), so that rounding
 * them costs nothing beside rounding the weights; the second part is free where
 * memory is the limit.
 * All sums are exact and rounded once, or run over 16 lanes in a fixed order: every table
 * gives the same bits, and a row's result does not depend on how many rows are
 * worked on together. tests/unit/test_kernels.c holds them to that.
 * Limits: n_cols is a multiple of 4 and at most RH_KERNEL_MAX_COLS (sums stay
 * within 32 bits). Threads: any; tables are constant. */
#ifndef RH_KERNELS_H
#define RH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum { RH_KERNEL_BLOCK = 16, RH_KERNEL_HEAD = 64, RH_KERNEL_MAX_COLS = 65536 };

/* Packed weights. Rows past n_rows in the last block are zero. */
typedef struct {
    int8_t *w;    /* [n_blocks][n_cols / 4][16][4], + 128 where the table says so */
    float *scale; /* [n_blocks * 16] */
    float *bias;  /* [n_blocks * 16], NULL = none */
    int n_rows, n_cols, n_blocks;
    bool borrowed; /* w belongs to an arena */
} rh_qmat;

/* Quantised vectors, one after the other. */
typedef struct {
    int8_t *q;    /* [n][2][n_cols]: high parts, low parts; AVX2: int16_t [n][n_cols] */
    float *scale; /* [n] */
    int32_t *sum; /* [n][2]: sums of the parts; AVX2: of the whole, 0 */
    int n, n_cols;
} rh_qvec;

/* What a row of logits says about its distribution. */
typedef struct {
    float max;
    int32_t argmax, second; /* second = -1 when there is no other finite value */
    float second_value;
    float sum;   /* of exp(x - max) */
    float sum_x; /* of exp(x - max) * (x - max) */
} rh_row_stats;

typedef struct {
    const char *name; /* "c", "avx2", "avxvnni", "avx512", "neon" */
    uint8_t bias;     /* added to stored weights: 128 where the instruction wants them unsigned */

    /* y[i][r] (+)= row r of w times x[i] + bias, for all i < x->n and the rows of the blocks
     * [block0, block1); ld_y floats from y[i] to y[i + 1]. */
    void (*gemm)(const rh_qmat *w, int block0, int block1, const rh_qvec *x, float *y, size_t ld_y, bool add);
    /* x[n] into vector `i` of q; n = q->n_cols. */
    void (*quantise)(const float *x, rh_qvec *q, int i);

    float (*dot)(const float *a, const float *b, int n);    /* n a multiple of 16 */
    void (*axpy)(float a, const float *x, float *y, int n); /* y += a x */
    void (*layer_norm)(const float *x, const float *gain, const float *shift, float *y, int n);
    void (*gelu)(float *x, int n); /* exact form, to 2e-7 */
    /* x = exp(x - max) / sum; returns nothing for n = 0. */
    void (*softmax)(float *x, int n);
    void (*stats)(const float *x, int n, rh_row_stats *out);
    /* A step of n units of an LSTM from the sums of their gates, [4][n]: input, forget, cell, output. Changes both. */
    void (*lstm)(const float *gates, float *cell, float *hidden, int n);
} rh_kernels;

/* The best table of this machine; REHEARSE_ISA caps it (see cpu.h). */
const rh_kernels *rh_kernels_best(void);
/* The table of that name, NULL where this build or machine lacks it. */
const rh_kernels *rh_kernels_named(const char *name);

/* Memory that is read from front to back at every step: on huge pages where the
 * system grants them (a third more bytes a second, measured), cut into pieces. */
typedef struct {
    void *mem;
    uint8_t *data;
    size_t size, used;
} rh_arena;

rh_status rh_arena_init(rh_arena *a, size_t size); /* RH_ERR_NOMEM */
void rh_arena_done(rh_arena *a);
/* 64-byte aligned, lives as long as the arena; NULL when it is full. */
void *rh_arena_take(rh_arena *a, size_t size);

/* Bytes a packed matrix takes. */
size_t rh_qmat_bytes(int n_rows, int n_cols);
/* Takes memory for n_rows x n_cols, all zero; the packed weights come from `arena` when it is not
 * NULL. RH_ERR_NOMEM. */
rh_status rh_qmat_init(rh_qmat *m, int n_rows, int n_cols, bool bias, rh_arena *arena);
void rh_qmat_done(rh_qmat *m);
/* Packs row `row` from x[n_cols]. */
void rh_qmat_set_row(rh_qmat *m, const rh_kernels *k, int row, const float *x);
/* Row `row` back to floats. */
void rh_qmat_get_row(const rh_qmat *m, const rh_kernels *k, int row, float *x);

rh_status rh_qvec_init(rh_qvec *v, int n, int n_cols);
void rh_qvec_done(rh_qvec *v);

#endif
