/* AVX-512 with VNNI: vpdpbusd adds 64 products of unsigned and signed bytes to
 * 16 sums. Weights are the unsigned operand (stored + 128), activations the
 * signed one, broadcast from memory by the instruction itself; the sums start
 * at -128 * (sum of activations), which takes the offset out again. */
#if defined(__x86_64__)
#include "kernels_shared.h"

#include <immintrin.h>

enum { TILE = 4 /* vectors worked on together */ };

/* Bytes ahead of the reading position; chosen by bench/decoder_step. */
enum { PREFETCH = 4096 };

static inline __m512i broadcast4(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm512_set1_epi32(v);
}

static inline __m256 joined_half(__m256i hi, __m256i lo)
{
    __m512d v = _mm512_mul_pd(_mm512_cvtepi32_pd(hi), _mm512_set1_pd(128.0));
    return _mm512_cvtpd_ps(_mm512_add_pd(v, _mm512_cvtepi32_pd(lo)));
}

static inline __m512 joined(__m512i hi, __m512i lo, bool wide)
{
    if (!wide)
        return _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(hi), _mm512_set1_ps(128.0f)), _mm512_cvtepi32_ps(lo));
    __m256 low = joined_half(_mm512_castsi512_si256(hi), _mm512_castsi512_si256(lo));
    __m256 high = joined_half(_mm512_extracti64x4_epi64(hi, 1), _mm512_extracti64x4_epi64(lo, 1));
    return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

static inline __attribute__((always_inline)) void store_row(const rh_qmat *w, int block, __m512i hi, __m512i lo,
                                                            float x_scale, float *y, bool add)
{
    int row = block * RH_KERNEL_BLOCK;
    int left = w->n_rows - row;
    __mmask16 mask = (__mmask16)(left >= RH_KERNEL_BLOCK ? 0xffffu : (1u << left) - 1u);
    __m512 v = joined(hi, lo, w->n_cols > NARROW);
    __m512 s = _mm512_mul_ps(_mm512_set1_ps(x_scale), _mm512_loadu_ps(w->scale + row));
    v = _mm512_mul_ps(v, s);
    if (w->bias)
        v = _mm512_add_ps(v, _mm512_loadu_ps(w->bias + row));
    if (add)
        v = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, y + row), v);
    _mm512_mask_storeu_ps(y + row, mask, v);
}

/* nx vectors against one block; `unroll` column groups have sums of their own,
 * so that one sum's latency does not hold up the stream. */
static inline __attribute__((always_inline)) void tile(const rh_qmat *w, int block, const rh_qvec *x, int first,
                                                       float *y, size_t ld_y, bool add, const int nx, const int unroll)
{
    size_t n = (size_t)w->n_cols;
    const uint8_t *p = (const uint8_t *)w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const int8_t *q = x->q + (size_t)first * 2 * n;
    __m512i hi[TILE * 4], lo[TILE * 4];
    for (int i = 0; i < nx * unroll; i++)
        hi[i] = lo[i] = _mm512_setzero_si512();
    for (int i = 0; i < nx; i++) {
        hi[i * unroll] = _mm512_set1_epi32(-128 * x->sum[2 * (first + i)]);
        lo[i * unroll] = _mm512_set1_epi32(-128 * x->sum[2 * (first + i) + 1]);
    }
    size_t c = 0;
    for (; c + 4 * (size_t)unroll <= n; c += 4 * (size_t)unroll, p += 64 * unroll)
        for (int u = 0; u < unroll; u++) {
            __m512i v = _mm512_loadu_si512(p + 64 * u);
            _mm_prefetch((const char *)p + 64 * u + PREFETCH, _MM_HINT_T0);
            for (int i = 0; i < nx; i++) {
                const int8_t *a = q + (size_t)i * 2 * n + c + 4 * (size_t)u;
                hi[i * unroll + u] = _mm512_dpbusd_epi32(hi[i * unroll + u], v, broadcast4(a));
                lo[i * unroll + u] = _mm512_dpbusd_epi32(lo[i * unroll + u], v, broadcast4(a + n));
            }
        }
    for (; c < n; c += 4, p += 64) {
        __m512i v = _mm512_loadu_si512(p);
        for (int i = 0; i < nx; i++) {
            const int8_t *a = q + (size_t)i * 2 * n + c;
            hi[i * unroll] = _mm512_dpbusd_epi32(hi[i * unroll], v, broadcast4(a));
            lo[i * unroll] = _mm512_dpbusd_epi32(lo[i * unroll], v, broadcast4(a + n));
        }
    }
    for (int i = 0; i < nx; i++) {
        for (int u = 1; u < unroll; u++) {
            hi[i * unroll] = _mm512_add_epi32(hi[i * unroll], hi[i * unroll + u]);
            lo[i * unroll] = _mm512_add_epi32(lo[i * unroll], lo[i * unroll + u]);
        }
        store_row(w, block, hi[i * unroll], lo[i * unroll], x->scale[first + i], y + (size_t)(first + i) * ld_y, add);
    }
}

/* Two blocks by four vectors: every broadcast serves two products, so loads
 * do not limit the arithmetic when there are many vectors. */
static void tile_2x4(const rh_qmat *w, int block, const rh_qvec *x, int first, float *y, size_t ld_y, bool add)
{
    size_t n = (size_t)w->n_cols;
    const uint8_t *p = (const uint8_t *)w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const uint8_t *p2 = p + n * RH_KERNEL_BLOCK;
    const int8_t *q = x->q + (size_t)first * 2 * n;
    __m512i hi[2][4], lo[2][4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        hi[0][i] = hi[1][i] = _mm512_set1_epi32(-128 * x->sum[2 * (first + i)]);
        lo[0][i] = lo[1][i] = _mm512_set1_epi32(-128 * x->sum[2 * (first + i) + 1]);
    }
    for (size_t c = 0; c < n; c += 4, p += 64, p2 += 64) {
        __m512i v = _mm512_loadu_si512(p), v2 = _mm512_loadu_si512(p2);
        if (first == 0) { /* the next two blocks */
            _mm_prefetch((const char *)p2 + n * RH_KERNEL_BLOCK, _MM_HINT_T1);
            _mm_prefetch((const char *)p2 + 2 * n * RH_KERNEL_BLOCK, _MM_HINT_T1);
        }
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            __m512i a = broadcast4(q + i * 2 * n + c), b = broadcast4(q + (i * 2 + 1) * n + c);
            hi[0][i] = _mm512_dpbusd_epi32(hi[0][i], v, a);
            hi[1][i] = _mm512_dpbusd_epi32(hi[1][i], v2, a);
            lo[0][i] = _mm512_dpbusd_epi32(lo[0][i], v, b);
            lo[1][i] = _mm512_dpbusd_epi32(lo[1][i], v2, b);
        }
    }
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 4; i++)
            store_row(w, block + b, hi[b][i], lo[b][i], x->scale[first + i], y + (size_t)(first + i) * ld_y, add);
}

static void few(const rh_qmat *w, int block, const rh_qvec *x, int first, float *y, size_t ld_y, bool add)
{
    switch (x->n - first) {
    case 1: tile(w, block, x, first, y, ld_y, add, 1, 4); break;
    case 2: tile(w, block, x, first, y, ld_y, add, 2, 4); break;
    case 3: tile(w, block, x, first, y, ld_y, add, 3, 2); break;
    case 4: tile(w, block, x, first, y, ld_y, add, 4, 2); break;
    default: break;
    }
}

static void gemm(const rh_qmat *w, int block0, int block1, const rh_qvec *x, float *y, size_t ld_y, bool add)
{
    int b = block0;
    for (; x->n > 4 && b + 2 <= block1; b += 2) {
        int i = 0;
        for (; i + 4 <= x->n; i += 4)
            tile_2x4(w, b, x, i, y, ld_y, add);
        few(w, b, x, i, y, ld_y, add);
        few(w, b + 1, x, i, y, ld_y, add);
    }
    for (; b < block1; b++) {
        int i = 0;
        for (; i + 4 < x->n; i += 4)
            tile(w, b, x, i, y, ld_y, add, 4, 2);
        few(w, b, x, i, y, ld_y, add);
    }
}

static float magnitude(const float *x, int n)
{
    __m512 m = _mm512_setzero_ps();
    for (int i = 0; i < n; i += 16) {
        __mmask16 mask = (__mmask16)(n - i >= 16 ? 0xffffu : (1u << (n - i)) - 1u);
        m = _mm512_max_ps(_mm512_abs_ps(_mm512_maskz_loadu_ps(mask, x + i)), m); /* NaN: keeps m */
    }
    return _mm512_reduce_max_ps(m);
}

static void quantise(const float *x, rh_qvec *q, int index)
{
    int n = q->n_cols, i = 0;
    int8_t *hi = q->q + (size_t)index * 2 * (size_t)n, *lo = hi + n;
    float inv = quantise_scale(q, index, magnitude(x, n));
    __m512i sum_hi = _mm512_setzero_si512(), sum_lo = sum_hi;
    for (; i + 16 <= n; i += 16) {
        __m512 t = _mm512_mul_ps(_mm512_loadu_ps(x + i), _mm512_set1_ps(inv));
        t = _mm512_add_ps(t, _mm512_set1_ps(magic_float));
        __m512i v = _mm512_sub_epi32(_mm512_castps_si512(t), _mm512_set1_epi32(MAGIC_BITS));
        __m512i h = _mm512_srai_epi32(_mm512_add_epi32(v, _mm512_set1_epi32(64)), ACT_LOW_BITS);
        __m128i h8 = _mm512_cvtepi32_epi8(h);
        __m128i l8 = _mm512_cvtepi32_epi8(_mm512_sub_epi32(v, _mm512_slli_epi32(h, ACT_LOW_BITS)));
        _mm_storeu_si128((__m128i *)(void *)(hi + i), h8);
        _mm_storeu_si128((__m128i *)(void *)(lo + i), l8);
        sum_hi = _mm512_add_epi32(sum_hi, _mm512_cvtepi8_epi32(h8));
        sum_lo = _mm512_add_epi32(sum_lo, _mm512_cvtepi8_epi32(l8));
    }
    int32_t *sum = q->sum + 2 * index;
    sum[0] = _mm512_reduce_add_epi32(sum_hi);
    sum[1] = _mm512_reduce_add_epi32(sum_lo);
    quantise_rest(x, i, n, inv, hi, lo, sum);
}

const rh_kernels rh_kernels_avx512 = {
    .name = "avx512", .bias = 128, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
#else
typedef int rh_no_avx512_here;
#endif
