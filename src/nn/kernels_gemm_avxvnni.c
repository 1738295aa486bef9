/* VNNI of 256 bits in the encoding of AVX. */
#if defined(__x86_64__)
#define FEW_REGISTERS 0
#define DOT _mm256_dpbusd_avx_epi32
#include "kernels_gemm_256.h"

const rh_gemm rh_gemm_avxvnni = GEMM_TABLE("avxvnni", 255);
#else
typedef int rh_no_gemm_avxvnni_here;
#endif
