/* AVX-512: tiles of 12 pixels by 32 channels, 24 of 32 registers are sums. */
#include <stdbool.h>
#include "kernels_conv_internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { ROWS = 12, WIDE = 16, TOGETHER = 2 };
typedef __m512 vf;
#define LOAD _mm512_loadu_ps
#define LOAD_HALF(p) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(p)))
#define STORE _mm512_storeu_ps
#define SPREAD _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#define LARGER _mm512_max_ps
#define SMALLER _mm512_min_ps
#include "kernels_conv_tiles.h"

const rh_conv_kernels rh_conv_kernels_avx512 = {"avx512", product, depthwise, pool};
#endif
