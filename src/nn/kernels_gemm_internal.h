/* kernels_gemm_internal.h - tables of the instruction sets this build has. */
#ifndef RH_KERNELS_GEMM_INTERNAL_H
#define RH_KERNELS_GEMM_INTERNAL_H

#include "rehearse/nn/gemm.h"

#if defined(__x86_64__)
extern const rh_gemm rh_gemm_avx2, rh_gemm_avxvnni, rh_gemm_evexvnni, rh_gemm_avx512;
#endif

#endif
