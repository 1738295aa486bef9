/* The tables of the instruction sets, and packing of weights. */
#include "kernels_internal.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include "isa_internal.h"
#include "rehearse/base/alloc.h"

static const void *const tables[NN_ISAS] = {
#if defined(__x86_64__)
    [NN_AVX512] = &rh_kernels_avx512, [NN_AVXVNNI] = &rh_kernels_avxvnni, [NN_EVEXVNNI] = &rh_kernels_evexvnni,
    [NN_AVX2] = &rh_kernels_avx2,
#elif defined(__aarch64__)
    [NN_NEON] = &rh_kernels_neon,
#endif
    [NN_C] = &rh_kernels_c,
};

const rh_kernels *rh_kernels_named(const char *name)
{
    return nn_isa_choose(tables, name);
}

const rh_kernels *rh_kernels_best(void)
{
    return nn_isa_choose(tables, NULL);
}

enum { HUGE_PAGE = 2 << 20 };

rh_status rh_arena_init(rh_arena *a, size_t size)
{
    *a = (rh_arena){.size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE};
    a->mem = rh_alloc_aligned(a->size + HUGE_PAGE, 1);
    if (!a->mem)
        return RH_ERR_NOMEM;
    uintptr_t at = ((uintptr_t)a->mem + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    a->data = (uint8_t *)a->mem + (at - (uintptr_t)a->mem);
    (void)madvise(a->data, a->size, MADV_HUGEPAGE); /* a refusal costs speed only */
    return RH_OK;
}

void rh_arena_done(rh_arena *a)
{
    rh_free(a->mem);
    *a = (rh_arena){0};
}

void *rh_arena_take(rh_arena *a, size_t size)
{
    size_t rounded = (size + 63) / 64 * 64;
    if (rounded > a->size - a->used)
        return NULL;
    void *p = a->data + a->used;
    a->used += rounded;
    return p;
}

static int blocks_of(int n_rows)
{
    return (n_rows + RH_KERNEL_BLOCK - 1) / RH_KERNEL_BLOCK;
}

size_t rh_qmat_bytes(int n_rows, int n_cols)
{
    size_t n = (size_t)blocks_of(n_rows) * RH_KERNEL_BLOCK * (size_t)n_cols;
    return (n + 63) / 64 * 64;
}

rh_status rh_qmat_init(rh_qmat *m, int n_rows, int n_cols, bool bias, rh_arena *arena)
{
    int n_blocks = blocks_of(n_rows);
    size_t rows = (size_t)n_blocks * RH_KERNEL_BLOCK, bytes = rh_qmat_bytes(n_rows, n_cols);
    *m = (rh_qmat){.n_rows = n_rows, .n_cols = n_cols, .n_blocks = n_blocks, .borrowed = arena != NULL};
    m->w = arena ? rh_arena_take(arena, bytes) : rh_alloc_aligned(bytes, 1);
    m->scale = rh_calloc(rows, sizeof *m->scale);
    if (bias)
        m->bias = rh_calloc(rows, sizeof *m->bias);
    if (!m->w || !m->scale || (bias && !m->bias)) {
        rh_qmat_done(m);
        return RH_ERR_NOMEM;
    }
    memset(m->w, 0, bytes);
    return RH_OK;
}

void rh_qmat_done(rh_qmat *m)
{
    if (!m->borrowed)
        rh_free(m->w);
    rh_free(m->scale);
    rh_free(m->bias);
    *m = (rh_qmat){0};
}

static int8_t *element(const rh_qmat *m, int row, int col)
{
    size_t block = (size_t)(row / RH_KERNEL_BLOCK), r = (size_t)(row % RH_KERNEL_BLOCK);
    return m->w + block * (size_t)m->n_cols * RH_KERNEL_BLOCK + (size_t)(col / 4) * 64 + r * 4 + (size_t)(col % 4);
}

void rh_qmat_set_row(rh_qmat *m, const rh_kernels *k, int row, const float *x)
{
    float max = 0.0f;
    for (int i = 0; i < m->n_cols; i++)
        max = fabsf(x[i]) > max ? fabsf(x[i]) : max;
    float inv = max > 1e-30f ? 127.0f / max : 0.0f;
    int8_t *at = element(m, row, 0);
    for (int i = 0; i < m->n_cols; i += 4, at += 64)
        for (int j = 0; j < 4; j++) {
            float v = x[i + j] * inv;
            v = v > -127.0f ? v : -127.0f; /* NaN: -127 */
            v = v < 127.0f ? v : 127.0f;
            int q = (int)(v + 512.5f) - 512; /* rounds to nearest without a call */
            at[j] = (int8_t)(uint8_t)(q + k->bias);
        }
    m->scale[row] = inv > 0.0f ? max / 127.0f : 0.0f;
}

void rh_qmat_get_row(const rh_qmat *m, const rh_kernels *k, int row, float *x)
{
    for (int i = 0; i < m->n_cols; i++) {
        int8_t q = (int8_t)(uint8_t)((uint8_t)*element(m, row, i) - k->bias);
        x[i] = (float)q * m->scale[row];
    }
}

rh_status rh_qvec_init(rh_qvec *v, int n, int n_cols)
{
    *v = (rh_qvec){.n = n, .n_cols = n_cols};
    v->q = rh_alloc_aligned((size_t)n * 2 * (size_t)n_cols, 1);
    v->scale = rh_alloc_array((size_t)n, sizeof *v->scale);
    v->sum = rh_alloc_array((size_t)n * 2, sizeof *v->sum);
    if (!v->q || !v->scale || !v->sum) {
        rh_qvec_done(v);
        return RH_ERR_NOMEM;
    }
    return RH_OK;
}

void rh_qvec_done(rh_qvec *v)
{
    rh_free(v->q);
    rh_free(v->scale);
    rh_free(v->sum);
    *v = (rh_qvec){0};
}
