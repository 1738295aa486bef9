/* AVX2: vpmaddwd adds two products of 16 bits, and another instruction that to a sum. */
#if defined(__x86_64__)
#include <immintrin.h>

#define DOT dot
#define FEW_REGISTERS 1

/* As one, else the compiler interleaves several and sums leave their registers. */
static inline __attribute__((always_inline)) __m256i dot(__m256i acc, __m256i w, __m256i x)
{
    __m256i both;
    __asm__("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(acc), "=&x"(both) : "x"(w), "x"(x));
    return acc;
}
#include "kernels_conv_256.h"

const rh_conv_kernels rh_conv_kernels_avx2 = {"avx2", product, depthwise, pool, narrow};
#else
typedef int rh_no_conv_kernels_avx2_here;
#endif
