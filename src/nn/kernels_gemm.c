/* kernels_gemm.c - the tables of the instruction sets, and packing. See nn/gemm.h. */
#include "rehearse/nn/gemm.h"

#include <math.h>
#include <string.h>
#include "isa_internal.h"
#include "kernels_gemm_internal.h"
#include "rehearse/base/alloc.h"

static const void *const tables[NN_ISAS] = {
#if defined(__x86_64__)
    [NN_AVX512] = &rh_gemm_avx512,
    [NN_AVXVNNI] = &rh_gemm_avxvnni,
    [NN_EVEXVNNI] = &rh_gemm_evexvnni,
    [NN_AVX2] = &rh_gemm_avx2,
#endif
};

const rh_gemm *rh_gemm_named(const char *name)
{
    return nn_isa_choose(tables, name);
}

const rh_gemm *rh_gemm_best(void)
{
    return nn_isa_choose(tables, NULL);
}

rh_status rh_gemm_weights_init(rh_gemm_weights *w, int n_in, int n_out)
{
    size_t n = (size_t)n_out;
    *w = (rh_gemm_weights){.n_in = n_in, .n_out = n_out};
    w->q = rh_alloc_aligned((size_t)n_in * n, 1);
    w->scale = rh_calloc(n, sizeof *w->scale);
    w->zero = rh_calloc(n, sizeof *w->zero);
    w->bias = rh_calloc(n, sizeof *w->bias);
    if (w->q && w->scale && w->zero && w->bias)
        return RH_OK;
    rh_gemm_weights_done(w);
    return RH_ERR_NOMEM;
}

void rh_gemm_weights_done(rh_gemm_weights *w)
{
    rh_free(w->q);
    rh_free(w->scale);
    rh_free(w->zero);
    rh_free(w->bias);
    *w = (rh_gemm_weights){0};
}

void rh_gemm_set(const rh_gemm *g, rh_gemm_weights *w, int out, const float *x, float factor)
{
    float lo = 0.0f, hi = 0.0f, levels = (float)g->levels;
    for (int i = 0; i < w->n_in; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    float scale = hi - lo > 1e-30f ? (hi - lo) / levels : 1.0f, zero = rintf(-lo / scale), inv = 1.0f / scale;
    size_t columns = (size_t)g->columns, panel = (size_t)out / columns, column = (size_t)out % columns;
    uint8_t *q = w->q + panel * columns * (size_t)w->n_in + column * 4;
    for (int i = 0; i < w->n_in; i += 4, q += columns * 4)
        for (int j = 0; j < 4; j++) {
            float v = x[i + j] * inv + zero;
            v = v > 0.0f ? v : 0.0f; /* NaN: 0 */
            q[j] = (uint8_t)((v < levels ? v : levels) + 0.5f);
        }
    w->scale[out] = scale * factor;
    w->zero[out] = zero;
}

rh_status rh_gemm_rows_init(const rh_gemm *g, rh_gemm_rows *x, int max_rows, int n_in, int group)
{
    int rows = (max_rows + g->rows - 1) / g->rows * g->rows;
    *x = (rh_gemm_rows){.n_in = n_in, .group = group, .max_rows = rows};
    size_t n = (size_t)rows * (size_t)(n_in / group);
    x->q = rh_calloc((size_t)rows, (size_t)n_in);
    x->scale = rh_calloc(n, sizeof *x->scale);
    x->sum = rh_calloc(n, sizeof *x->sum);
    if (x->q && x->scale && x->sum)
        return RH_OK;
    rh_gemm_rows_done(x);
    return RH_ERR_NOMEM;
}

void rh_gemm_rows_done(rh_gemm_rows *x)
{
    rh_free(x->q);
    rh_free(x->scale);
    rh_free(x->sum);
    *x = (rh_gemm_rows){0};
}

void rh_gemm_quantise(const rh_gemm *g, rh_gemm_rows *q, int row, int group_index, const float *x)
{
    size_t tile = (size_t)(row / g->rows), at = (size_t)(row % g->rows), rows = (size_t)g->rows;
    size_t first = (size_t)group_index * (size_t)q->group, n = (size_t)group_index * (size_t)q->max_rows + (size_t)row;
    g->quantise(x, q->group, q->q + tile * rows * (size_t)q->n_in + first * rows + at * 4, &q->scale[n], &q->sum[n]);
}
