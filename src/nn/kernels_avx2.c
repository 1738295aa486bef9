/* AVX2: vpmaddubsw multiplies unsigned by signed bytes and adds pairs in 16
 * bits with saturation; |w| * (a with w's sign) stays within 2 * 127 * 127, so
 * nothing saturates and the sums equal the reference's. */
#if defined(__x86_64__)
#include "kernels_shared.h"

#include <immintrin.h>

enum { TILE = 3 /* vectors together: 12 sums of 8 rows leave 4 registers */ };

static inline __m256i broadcast4(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm256_set1_epi32(v);
}

static inline __m256i dot4(__m256i acc, __m256i w_abs, __m256i w, __m256i a)
{
    __m256i pairs = _mm256_maddubs_epi16(w_abs, _mm256_sign_epi8(a, w));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline void store_half(const rh_qmat *w, int row, __m256i hi, __m256i lo, float x_scale, float *y, bool add)
{
    __m256 v = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(hi), _mm256_set1_ps(128.0f)), _mm256_cvtepi32_ps(lo));
    v = _mm256_mul_ps(v, _mm256_mul_ps(_mm256_set1_ps(x_scale), _mm256_loadu_ps(w->scale + row)));
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

static inline __attribute__((always_inline)) void tile(const rh_qmat *w, int block, const rh_qvec *x, int first,
                                                       float *y, size_t ld_y, bool add, const int nx)
{
    size_t n = (size_t)w->n_cols;
    const int8_t *p = w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const int8_t *q = x->q + (size_t)first * 2 * n;
    __m256i hi[TILE][2], lo[TILE][2];
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 2; h++)
            hi[i][h] = lo[i][h] = _mm256_setzero_si256();
    for (size_t c = 0; c < n; c += 4, p += 64) {
        _mm_prefetch((const char *)p + 1024, _MM_HINT_T0);
        for (int h = 0; h < 2; h++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * h));
            __m256i v_abs = _mm256_abs_epi8(v);
            for (int i = 0; i < nx; i++) {
                const int8_t *a = q + (size_t)i * 2 * n + c;
                hi[i][h] = dot4(hi[i][h], v_abs, v, broadcast4(a));
                lo[i][h] = dot4(lo[i][h], v_abs, v, broadcast4(a + n));
            }
        }
    }
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 2; h++)
            store_half(w, block * RH_KERNEL_BLOCK + 8 * h, hi[i][h], lo[i][h], x->scale[first + i],
                       y + (size_t)(first + i) * ld_y, add);
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

static inline int32_t sum_lanes(__m256i v)
{
    int32_t a[8], s = 0;
    _mm256_storeu_si256((__m256i *)(void *)a, v);
    for (int i = 0; i < 8; i++)
        s += a[i];
    return s;
}

/* The low bytes of eight 32-bit numbers. */
static inline __m128i narrow(__m256i v)
{
    const __m256i pick = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                                          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i b = _mm256_shuffle_epi8(v, pick);
    return _mm_unpacklo_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));
}

static float magnitude(const float *x, int n)
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

static void quantise(const float *x, rh_qvec *q, int index)
{
    int n = q->n_cols, i = 0;
    int8_t *hi = q->q + (size_t)index * 2 * (size_t)n, *lo = hi + n;
    float inv = quantise_scale(q, index, magnitude(x, n));
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

const rh_kernels rh_kernels_avx2 = {.name = "avx2", .bias = 0, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
#else
typedef int rh_no_avx2_here;
#endif
