/* VNNI of 256 bits in the encoding of AVX-512. The very arithmetic of kernels_avxvnni.c,
 * so that it can be tried where there is only AVX-512 (REHEARSE_ISA=avxvnni). */
#if defined(__x86_64__)
#define DPBUSD _mm256_dpbusd_epi32
#include "kernels_vnni256.h"

const rh_kernels rh_kernels_evexvnni = {
    .name = "avxvnni", .bias = 128, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
#else
typedef int rh_no_evexvnni_here;
#endif
