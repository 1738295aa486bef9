/* AVX2: vpmaddubsw adds two products of bytes in 16 bits. 2 * 127 * 127 fits, hence weights in 127 steps. */
#if defined(__x86_64__)
#include <immintrin.h>

#define FEW_REGISTERS 1
#define DOT dot

/* As one, else the compiler interleaves several and sums leave their registers. */
static inline __attribute__((always_inline)) __m256i dot(__m256i acc, __m256i w, __m256i x)
{
    __asm__("vpmaddubsw %1, %2, %1\n\tvpmaddwd %3, %1, %1\n\tvpaddd %1, %0, %0"
            : "+x"(acc), "+x"(x)
            : "x"(w), "x"(_mm256_set1_epi16(1)));
    return acc;
}
#include "kernels_gemm_256.h"

const rh_gemm rh_gemm_avx2 = GEMM_TABLE("avx2", 127);
#else
typedef int rh_no_gemm_avx2_here;
#endif
