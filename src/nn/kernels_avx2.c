/* AVX2 has no dot product of bytes that is wide enough, so weights are unpacked
 * to 16 bits (of each pair one by a mask, the other by a shift: they are stored
 * + 128, so no sign is in the way) and multiplied by whole 15-bit activations,
 * which are held as such, those of four columns in the order 0 2 1 3. Unpacking
 * is shared by all vectors of a tile.
 * 32 bits hold the sum of 1,024 products (wrapping around on the way does no
 * harm); wider rows are added up in double, 512 columns at a time. */
#if defined(__x86_64__)
#include "kernels_shared.h"

#include "kernels_avx2.h"

enum {
    TILE = 4,    /* vectors together: 8 sums, 4 registers of weights and 2 of activations leave 2 */
    PIECE = 512, /* columns whose products with unsigned weights 31 bits hold */
    PREFETCH = 4096,
};

static inline __m256i broadcast2(const int16_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm256_set1_epi32(v);
}

/* Adds `n` columns of a block to the sums of nx vectors, which lie ld_q apart. */
static inline __attribute__((always_inline)) void add_columns(const int8_t *p, const int16_t *q, size_t ld_q, size_t n,
                                                              __m256i acc[TILE][2], const int nx)
{
    const __m256i even = _mm256_set1_epi16(0xff);
    for (size_t c = 0; c < n; c += 4, p += 64) {
        _mm_prefetch((const char *)p + PREFETCH, _MM_HINT_T0);
        __m256i v0 = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i v1 = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
        __m256i w02[2] = {_mm256_and_si256(v0, even), _mm256_and_si256(v1, even)};
        __m256i w13[2] = {_mm256_srli_epi16(v0, 8), _mm256_srli_epi16(v1, 8)};
        for (int i = 0; i < nx; i++) {
            __m256i a02 = broadcast2(q + (size_t)i * ld_q + c), a13 = broadcast2(q + (size_t)i * ld_q + c + 2);
            for (int h = 0; h < 2; h++) {
                acc[i][h] = _mm256_add_epi32(acc[i][h], _mm256_madd_epi16(w02[h], a02));
                acc[i][h] = _mm256_add_epi32(acc[i][h], _mm256_madd_epi16(w13[h], a13));
            }
        }
    }
}

static inline __attribute__((always_inline)) void tile(const rh_qmat *w, int block, const rh_qvec *x, int first,
                                                       float *y, size_t ld_y, bool add, const int nx)
{
    size_t n = (size_t)w->n_cols;
    const int8_t *p = w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const int16_t *q = (const int16_t *)(const void *)x->q + (size_t)first * n;
    __m256i acc[TILE][2];
    for (int i = 0; i < nx; i++)
        acc[i][0] = acc[i][1] = _mm256_set1_epi32((int32_t)(-128u * (uint32_t)x->sum[2 * (first + i)]));
    add_columns(p, q, n, n, acc, nx);
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 2; h++)
            store_half(w, block * RH_KERNEL_BLOCK + 8 * h, _mm256_cvtepi32_ps(acc[i][h]), x->scale[first + i],
                       y + (size_t)(first + i) * ld_y, add);
}

static inline __attribute__((always_inline)) void wide_tile(const rh_qmat *w, int block, const rh_qvec *x, int first,
                                                            float *y, size_t ld_y, bool add, const int nx)
{
    size_t n = (size_t)w->n_cols;
    const int8_t *p = w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const int16_t *q = (const int16_t *)(const void *)x->q + (size_t)first * n;
    __m256d total[TILE][4];
    for (int i = 0; i < nx; i++)
        for (int k = 0; k < 4; k++)
            total[i][k] = _mm256_set1_pd(-128.0 * (double)x->sum[2 * (first + i)]);
    for (size_t c = 0; c < n; c += PIECE) {
        __m256i acc[TILE][2];
        for (int i = 0; i < nx; i++)
            acc[i][0] = acc[i][1] = _mm256_setzero_si256();
        add_columns(p + c * RH_KERNEL_BLOCK, q + c, n, n - c < PIECE ? n - c : PIECE, acc, nx);
        for (int i = 0; i < nx; i++)
            for (int k = 0; k < 4; k++) {
                __m256i both = acc[i][k / 2];
                __m128i four = k % 2 ? _mm256_extracti128_si256(both, 1) : _mm256_castsi256_si128(both);
                total[i][k] = _mm256_add_pd(total[i][k], _mm256_cvtepi32_pd(four));
            }
    }
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 2; h++)
            store_half(w, block * RH_KERNEL_BLOCK + 8 * h,
                       _mm256_set_m128(_mm256_cvtpd_ps(total[i][2 * h + 1]), _mm256_cvtpd_ps(total[i][2 * h])),
                       x->scale[first + i], y + (size_t)(first + i) * ld_y, add);
}

/* The code of each number of vectors. */
#define TILES(name)                                                                                                    \
    static void name##s(const rh_qmat *w, int block, const rh_qvec *x, float *y, size_t ld_y, bool add)                \
    {                                                                                                                  \
        int i = 0;                                                                                                     \
        for (; i + 4 <= x->n; i += 4)                                                                                  \
            name(w, block, x, i, y, ld_y, add, 4);                                                                     \
        switch (x->n - i) {                                                                                            \
        case 1: name(w, block, x, i, y, ld_y, add, 1); break;                                                          \
        case 2: name(w, block, x, i, y, ld_y, add, 2); break;                                                          \
        case 3: name(w, block, x, i, y, ld_y, add, 3); break;                                                          \
        default: break;                                                                                                \
        }                                                                                                              \
    }
TILES(tile)
TILES(wide_tile)

static void gemm(const rh_qmat *w, int block0, int block1, const rh_qvec *x, float *y, size_t ld_y, bool add)
{
    for (int b = block0; b < block1; b++)
        if (w->n_cols <= NARROW)
            tiles(w, b, x, y, ld_y, add);
        else
            wide_tiles(w, b, x, y, ld_y, add);
}

static void quantise(const float *x, rh_qvec *q, int index)
{
    int n = q->n_cols, i = 0;
    int16_t *out = (int16_t *)(void *)q->q + (size_t)index * (size_t)n;
    float inv = quantise_scale(q, index, magnitude_avx2(x, n));
    __m256i sums = _mm256_setzero_si256();
    for (; i + 8 <= n; i += 8) {
        __m256 t = _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(inv));
        t = _mm256_add_ps(t, _mm256_set1_ps(magic_float));
        __m256i v = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_set1_epi32(MAGIC_BITS));
        sums = _mm256_add_epi32(sums, v);
        v = _mm256_shuffle_epi32(v, _MM_SHUFFLE(3, 1, 2, 0));
        v = _mm256_permute4x64_epi64(_mm256_packs_epi32(v, v), _MM_SHUFFLE(2, 0, 2, 0));
        _mm_storeu_si128((__m128i *)(void *)(out + i), _mm256_castsi256_si128(v));
    }
    int32_t sum = sum_lanes(sums);
    for (; i < n; i += 4) {
        static const int place[] = {0, 2, 1, 3};
        for (int j = 0; j < 4; j++) {
            int16_t v = (int16_t)quantised(x[i + j], inv);
            out[i + place[j]] = v;
            sum += v;
        }
    }
    q->sum[2 * index] = sum;
    q->sum[2 * index + 1] = 0;
}

const rh_kernels rh_kernels_avx2 = {.name = "avx2", .bias = 128, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
#else
typedef int rh_no_avx2_here;
#endif
