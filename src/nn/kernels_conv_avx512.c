/* AVX-512: tiles of 12 pixels by 32 channels, 24 of 32 registers are sums. */
#include "kernels_conv_internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { ROWS = 12, WIDE = 16, TOGETHER = 2 };
typedef __m512 vf;
typedef __m512i vi;
#define LOAD _mm512_loadu_ps
#define LOAD_HALF(p) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(p)))
#define STORE _mm512_storeu_ps
#define SPREAD _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#define LARGER _mm512_max_ps
#define SMALLER _mm512_min_ps
#define LOAD_WHOLE _mm512_loadu_si512
#define SPREAD_WHOLE _mm512_set1_epi32
#define TO_FLOAT _mm512_cvtepi32_ps
#define MAGNITUDE _mm512_abs_ps
#define STORE_NARROW store_narrow
#define DOT dot
#define FEW_REGISTERS 0

static inline void store_narrow(int16_t *p, const vf *v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(v[0])));
}

/* The compiler copies sums around its own function for this. */
static inline __attribute__((always_inline)) vi dot(vi acc, vi w, vi x)
{
    __asm__("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(w), "v"(x));
    return acc;
}
#include "kernels_conv_tiles.h"

const rh_conv_kernels rh_conv_kernels_avx512 = {"avx512", product, depthwise, pool, NULL};
const rh_conv_kernels rh_conv_kernels_avx512vnni = {"avx512", product, depthwise, pool, narrow};
#endif
