/* VNNI of 256 bits in the encoding of AVX. */
#if defined(__x86_64__)
#define DPBUSD _mm256_dpbusd_avx_epi32
#include "kernels_vnni256.h"

const rh_kernels rh_kernels_avxvnni = {
    .name = "avxvnni", .bias = 128, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
#else
typedef int rh_no_avxvnni_here;
#endif
