/* sampler_avx2.c - a pixel at a time, its left and right neighbours in the two
 * halves of a register. The upper row is read 8 bytes forward of its pixel, the lower row
 * from 2 bytes before it: neither leaves the picture. */
#include "sampler_internal.h"

#ifdef __AVX2__
#include <immintrin.h>

static inline __m256 load(const uint8_t *p, __m128i order)
{
    __m128i b = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_shuffle_epi8(b, order)));
}

void rh_sample_row_avx2(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row, int n, float gain,
                        float bias)
{
    const __m128i upper = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i lower = _mm_setr_epi8(2, 3, 4, -1, 5, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128 g = _mm_set1_ps(gain), b = _mm_set1_ps(bias);
    const uint8_t *below = src + stride - 2;
    for (int i = 0; i < n; i++) {
        __m256 p = load(src + row->offset[i], upper), q = load(below + row->offset[i], lower);
        __m256 v = _mm256_fmadd_ps(_mm256_broadcast_ss(&row->fy[i]), _mm256_sub_ps(q, p), p);
        __m128 left = _mm256_castps256_ps128(v), right = _mm256_extractf128_ps(v, 1);
        __m128 mid = _mm_fmadd_ps(_mm_broadcast_ss(&row->fx[i]), _mm_sub_ps(right, left), left);
        _mm_storeu_ps(out + i * 3, _mm_fmadd_ps(mid, g, b));
    }
}
#else
void rh_sample_row_avx2(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row, int n, float gain,
                        float bias)
{
    rh_sample_row_c(out, src, stride, row, n, gain, bias);
}
#endif

void rh_sample_prepare_avx2(rh_sample_row *row, const rh_image *img, int n, float x, float y, float dx, float dy)
{
    rh_sample_positions(row, img, n, x, y, dx, dy);
}
