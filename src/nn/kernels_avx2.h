/* kernels_avx2.h - what the kernels of 256 bits share. */
#ifndef RH_KERNELS_AVX2_H
#define RH_KERNELS_AVX2_H

#include <immintrin.h>
#include "kernels_shared.h"

static inline int32_t sum_lanes(__m256i v)
{
    uint32_t a[8], s = 0; /* of what are no numbers it may wrap around */
    _mm256_storeu_si256((__m256i *)(void *)a, v);
    for (int i = 0; i < 8; i++)
        s += a[i];
    return (int32_t)s;
}

static inline float magnitude_avx2(const float *x, int n)
{
    __m256 m = _mm256_setzero_ps(), sign = _mm256_set1_ps(-0.0f);
    int i = 0;
    for (; i + 8 <= n; i += 8) /* NaN: keeps m */
        m = _mm256_max_ps(_mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)), m);
    float lanes[LANES] = {0}, rest = largest_magnitude(x + i, n - i);
    _mm256_storeu_ps(lanes, m);
    float all = lanes_max(lanes);
    return rest > all ? rest : all;
}

/* Writes eight rows; `sums` in units of the scales. */
static inline void store_half(const rh_qmat *w, int row, __m256 sums, float x_scale, float *y, bool add)
{
    __m256 v = _mm256_mul_ps(sums, _mm256_mul_ps(_mm256_set1_ps(x_scale), _mm256_loadu_ps(w->scale + row)));
    if (w->bias)
        v = _mm256_add_ps(v, _mm256_loadu_ps(w->bias + row));
    if (row + 8 <= w->n_rows) {
        if (add)
            v = _mm256_add_ps(_mm256_loadu_ps(y + row), v);
        _mm256_storeu_ps(y + row, v);
        return;
    }
    float part[8];
    _mm256_storeu_ps(part, v);
    for (int i = 0; row + i < w->n_rows; i++)
        y[row + i] = add ? y[row + i] + part[i] : part[i];
}

#endif
