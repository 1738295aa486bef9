/* AVX2: tiles of 6 pixels by 16 channels, 12 of 16 registers are sums. */
#include <stdbool.h>
#include "kernels_conv_internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { ROWS = 6, WIDE = 8, TOGETHER = 1 };
typedef __m256 vf;
#define LOAD _mm256_loadu_ps
#define LOAD_HALF(p) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define STORE _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define LARGER _mm256_max_ps
#define SMALLER _mm256_min_ps
#include "kernels_conv_tiles.h"

const rh_conv_kernels rh_conv_kernels_avx2 = {"avx2", product, depthwise, pool};
#endif
