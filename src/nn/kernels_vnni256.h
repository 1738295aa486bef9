/* kernels_vnni256.h - kernels on VNNI of 256 bits, as processors for people have it.
 * Included by a file for each of its encodings, which defines DPBUSD(sum, u8, s8). As in
 * kernels_avx512.c weights are the unsigned operand, stored + 128, and the sums
 * start at -128 * (sum of activations). */
#include "kernels_avx2.h"

enum { TILE = 3 /* vectors together: 12 sums leave 4 registers */, PREFETCH = 4096 };

static inline __m256i broadcast4(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm256_set1_epi32(v);
}

static inline __m256 joined(__m256i hi, __m256i lo, bool wide)
{
    if (!wide)
        return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(hi), _mm256_set1_ps(128.0f)), _mm256_cvtepi32_ps(lo));
    __m128 half[2];
    for (int k = 0; k < 2; k++) {
        __m128i h = k ? _mm256_extracti128_si256(hi, 1) : _mm256_castsi256_si128(hi);
        __m128i l = k ? _mm256_extracti128_si256(lo, 1) : _mm256_castsi256_si128(lo);
        half[k] = _mm256_cvtpd_ps(
            _mm256_add_pd(_mm256_mul_pd(_mm256_cvtepi32_pd(h), _mm256_set1_pd(128.0)), _mm256_cvtepi32_pd(l)));
    }
    return _mm256_set_m128(half[1], half[0]);
}

static inline __attribute__((always_inline)) void tile(const rh_qmat *w, int block, const rh_qvec *x, int first,
                                                       float *y, size_t ld_y, bool add, const int nx)
{
    size_t n = (size_t)w->n_cols;
    const int8_t *p = w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const int8_t *q = x->q + (size_t)first * 2 * n;
    __m256i hi[TILE][2], lo[TILE][2];
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 2; h++) {
            hi[i][h] = _mm256_set1_epi32(-128 * x->sum[2 * (first + i)]);
            lo[i][h] = _mm256_set1_epi32(-128 * x->sum[2 * (first + i) + 1]);
        }
    for (size_t c = 0; c < n; c += 4, p += 64) {
        _mm_prefetch((const char *)p + PREFETCH, _MM_HINT_T0);
        __m256i v[2] = {_mm256_loadu_si256((const __m256i *)(const void *)p),
                        _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
        for (int i = 0; i < nx; i++) {
            const int8_t *a = q + (size_t)i * 2 * n + c;
            __m256i high = broadcast4(a), low = broadcast4(a + n);
            for (int h = 0; h < 2; h++) {
                hi[i][h] = DPBUSD(hi[i][h], v[h], high);
                lo[i][h] = DPBUSD(lo[i][h], v[h], low);
            }
        }
    }
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 2; h++)
            store_half(w, block * RH_KERNEL_BLOCK + 8 * h, joined(hi[i][h], lo[i][h], w->n_cols > NARROW),
                       x->scale[first + i], y + (size_t)(first + i) * ld_y, add);
}

static void gemm(const rh_qmat *w, int block0, int block1, const rh_qvec *x, float *y, size_t ld_y, bool add)
{
    for (int b = block0; b < block1; b++) {
        int i = 0;
        for (; i + 3 <= x->n; i += 3)
            tile(w, b, x, i, y, ld_y, add, 3);
        if (x->n - i == 2)
            tile(w, b, x, i, y, ld_y, add, 2);
        else if (x->n - i == 1)
            tile(w, b, x, i, y, ld_y, add, 1);
    }
}

/* The low bytes of eight 32-bit numbers. */
static inline __m128i narrow(__m256i v)
{
    const __m256i pick = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                                          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i b = _mm256_shuffle_epi8(v, pick);
    return _mm_unpacklo_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));
}

static void quantise(const float *x, rh_qvec *q, int index)
{
    int n = q->n_cols, i = 0;
    int8_t *hi = q->q + (size_t)index * 2 * (size_t)n, *lo = hi + n;
    float inv = quantise_scale(q, index, magnitude_avx2(x, n));
    __m256i sum_hi = _mm256_setzero_si256(), sum_lo = sum_hi;
    for (; i + 8 <= n; i += 8) {
        __m256 t = _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(inv));
        t = _mm256_add_ps(t, _mm256_set1_ps(magic_float));
        __m256i v = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_set1_epi32(MAGIC_BITS));
        __m256i h = _mm256_srai_epi32(_mm256_add_epi32(v, _mm256_set1_epi32(64)), ACT_LOW_BITS);
        __m128i h8 = narrow(h);
        __m128i l8 = narrow(_mm256_sub_epi32(v, _mm256_slli_epi32(h, ACT_LOW_BITS)));
        _mm_storel_epi64((__m128i *)(void *)(hi + i), h8);
        _mm_storel_epi64((__m128i *)(void *)(lo + i), l8);
        sum_hi = _mm256_add_epi32(sum_hi, _mm256_cvtepi8_epi32(h8));
        sum_lo = _mm256_add_epi32(sum_lo, _mm256_cvtepi8_epi32(l8));
    }
    int32_t *sum = q->sum + 2 * index;
    sum[0] = sum_lanes(sum_hi);
    sum[1] = sum_lanes(sum_lo);
    quantise_rest(x, i, n, inv, hi, lo, sum);
}
