/* kernels_conv_256.h - vectors of 256 bits: tiles of 6 pixels by 16 channels, 12 of 16 registers are sums. The file
 * that includes it defines DOT. */
#ifndef RH_KERNELS_CONV_256_H
#define RH_KERNELS_CONV_256_H

#include <immintrin.h>
#include "kernels_conv_internal.h"

enum { ROWS = 6, WIDE = 8, TOGETHER = 1 };
typedef __m256 vf;
typedef __m256i vi;
#define LOAD _mm256_loadu_ps
#define LOAD_HALF(p) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define STORE _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define LARGER _mm256_max_ps
#define SMALLER _mm256_min_ps
#define LOAD_WHOLE(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define SPREAD_WHOLE _mm256_set1_epi32
#define TO_FLOAT _mm256_cvtepi32_ps
#define MAGNITUDE(v) _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v)
#define STORE_NARROW store_narrow

static inline void store_narrow(int16_t *p, const vf *v)
{
    vi both = _mm256_packs_epi32(_mm256_cvtps_epi32(v[0]), _mm256_cvtps_epi32(v[1])); /* halves by turns */
    _mm256_storeu_si256((__m256i *)(void *)p, _mm256_permute4x64_epi64(both, 0xd8));
}
#include "kernels_conv_tiles.h"

#endif
