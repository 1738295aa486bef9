/* VNNI of 256 bits in the encoding of AVX-512, so that it can be tried where there is only that (REHEARSE_ISA=avxvnni). */
#if defined(__x86_64__)
#define FEW_REGISTERS 0
#define DOT _mm256_dpbusd_epi32
#include "kernels_gemm_256.h"

const rh_gemm rh_gemm_evexvnni = GEMM_TABLE("avxvnni", 255);
#else
typedef int rh_no_gemm_evexvnni_here;
#endif
