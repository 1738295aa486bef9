/* VNNI of 256 bits beside AVX2. */
#if defined(__x86_64__)
#include <immintrin.h>

#define DOT dot
#define FEW_REGISTERS 0

/* The compiler copies sums around its own function for this. */
static inline __attribute__((always_inline)) __m256i dot(__m256i acc, __m256i w, __m256i x)
{
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(acc) : "x"(w), "x"(x));
    return acc;
}
#include "kernels_conv_256.h"

const rh_conv_kernels rh_conv_kernels_avxvnni = {"avxvnni", product, depthwise, pool, narrow};
#else
typedef int rh_no_conv_kernels_avxvnni_here;
#endif
